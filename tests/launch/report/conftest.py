"""One real run of the tiny experiment, with one failed trial; tests that change it take a copy."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launch.report.facts.facts import read_facts
from launch.report.page import render
from launch.session import RunFolder

TINY = Path(__file__).parents[2] / "experiments" / "tiny.py"
ORDERS = '{"fail": ["search-4"], "diverge": [], "kill": [], "kill_once": [], "interrupt_once": [], "hold": []}'


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run, made as a user makes it; not to be changed."""
    place = tmp_path_factory.mktemp("report")
    (place / "orders").mkdir()
    (place / "orders" / "orders.json").write_text(ORDERS)
    command = [
        sys.executable, "-m", "launch", "search", str(TINY), "--out", "run", "--executor", "serial",
        "--data", "orders", "--cache", "cache",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return RunFolder(path=place / "run")


@pytest.fixture(scope="session")
def html(finished: RunFolder) -> str:
    """Its page."""
    return render(read_facts(finished))


@pytest.fixture
def copied(finished: RunFolder, tmp_path: Path) -> RunFolder:
    """The finished run in a folder of the test's own."""
    return RunFolder(path=Path(shutil.copytree(finished.path, tmp_path / "copied")))
