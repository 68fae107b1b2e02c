"""Drivers, workers and nodes that are killed: the short form of `python -m benchmarks.chaos`, and what else is left."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiments.tiny import trained
from tests.launch.commands import ROOT, Ended, Place, nas


@pytest.mark.ray
@pytest.mark.slow
def test_a_search_on_a_cluster_in_which_all_is_killed_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "benchmarks.chaos", "--json", "--keep", str(tmp_path / "runs"), "--trials", "10",
        "--driver-kills", "1", "--worker-kills", "2", "--node-changes", "2",
    ]  # fmt: skip
    chaos = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = chaos.communicate()
    finally:
        if chaos.poll() is None:
            chaos.send_signal(signal.SIGINT)  # it ends its nodes
            chaos.communicate()
    assert chaos.returncode == 0, err
    toll = json.loads(out)
    assert toll["equal"] is True and toll["repeated"] == 0
    assert (toll["drivers_killed"], toll["workers_killed"]) == (1, 2)
    assert (toll["nodes_removed"], toll["nodes_added"]) == (1, 1)
    assert toll["ended"] >= toll["trials"] > 10  # and finals
    assert toll["began"] > toll["ended"]  # what was cut short was begun again


@pytest.mark.slow
def test_a_driver_killed_just_after_it_wrote_the_winner_leaves_a_report_to_the_next(
    finished: tuple[Place, Ended],
) -> None:
    place, _ = finished
    report, begun = place.run.report.read_bytes(), trained(place.orders)
    place.run.report.unlink()
    try:
        again = nas(*place.search())
        assert again.code == 0 and "is done" in again.err
        assert place.run.report.read_bytes() == report and trained(place.orders) == begun
    finally:
        place.run.report.write_bytes(report)
