"""`benchmarks.demo_holds` in short: a whole search on a synthetic device, on a quiet and on a noisy machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("tenants", "ending"),
    [("0,0.0,0.01", "latency_ms.unsteady holds"), ("1,0.9,0.6", "latency_ms.unsteady not verified")],
    ids=["quiet", "noisy"],
)
@pytest.mark.slow
def test_a_search_ends_with_a_winner_on_any_machine(tenants: str, ending: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.demo_holds", "--runs", "1", "--executor", "serial"]
    own = ["--experiment", "tests/experiments/unsteady.py", "--out", str(tmp_path)]
    environment = {**os.environ, "UNSTEADY": tenants}
    run = subprocess.run([*command, *own], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"macs holds, {ending}" in run.stdout
    assert "1 of 1 ended with a winner and status 0, with 0 busy cores" in run.stdout
