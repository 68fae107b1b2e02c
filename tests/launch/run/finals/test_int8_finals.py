"""`nas search --int8-finals`: the winner is the best network as it is shipped."""

import json
from pathlib import Path

import pytest

from tests.launch.commands import ROOT, nas, place_at

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")

IN_INT8 = str(ROOT / "tests/experiments/in_int8.py")


@pytest.mark.slow
def test_the_winner_is_the_best_in_int8_and_a_run_keeps_to_its_steps(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    ended = nas(*place.search("--int8-finals", "3", experiment=IN_INT8))
    assert ended.code == 0, ended.err
    winner = json.loads(place.run.winner.read_text())
    meeting = [final["metrics"] for final in winner["finals"] if final["meets_limits"]]
    assert len(meeting) > 1 and winner["metrics"] == max(meeting, key=lambda metrics: metrics["error"])
    assert winner["metrics"]["error_int8"] == pytest.approx(3 - winner["metrics"]["error"])
    assert winner["judged_by"] == "error_int8" and "(validation, in int8); the winner was chosen by it" in ended.out
    again = nas(*place.search("--int8-finals", "4", experiment=IN_INT8))
    assert again.code == 2 and "was started with int8_finals = 3, now it is 4" in again.err
    assert nas(*place.search(experiment=IN_INT8)).code == 0


def test_an_evaluator_that_cannot_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    ended = nas(*place.search("--int8-finals", "3"))
    assert ended.code == 2 and "finals in int8 need an evaluator with quantising(steps)" in ended.err
    ended = nas(*place.search("--int8-finals", "3", "--objective", "error", "--objective", "macs", experiment=IN_INT8))
    assert ended.code == 2 and "are for a search with one objective, got error, macs" in ended.err
    assert not place.run.journal.exists()
