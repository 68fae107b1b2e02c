"""Budgets and rungs as a user gives them: refused where they cannot suffice, shown, continued by a larger one."""

import json
from pathlib import Path

import pytest

from launch.session import RunFolder
from tests.experiments.tiny import trained
from tests.launch.commands import Ended, Place, nas, nas_alone, place_at

pytestmark = pytest.mark.slow  # whole searches


def test_a_finished_run_shows_its_budgets(finished: tuple[Place, Ended]) -> None:
    place, ended = finished
    assert ended.record["stopped_by"] is None
    lines = {line["name"]: line for line in nas("status", str(place.run.path), "--json").record["budgets"]}
    assert list(lines) == ["trials", "CPU-hours", "hours"]
    assert lines["trials"] == {"name": "trials", "spent": 12, "running": 0, "forecast": 12, "limit": 12}
    assert lines["CPU-hours"]["spent"] == lines["CPU-hours"]["forecast"] > 0
    shown = nas("status", str(place.run.path)).out
    assert ["budget", "spent", "running", "forecast", "limit"] in [line.split() for line in shown.splitlines()]
    assert shown.startswith("search: 12/12 done") and shown.count("█" * 40) == 2 and "best in search-" in shown
    assert f"finished: {place.run.winner}; " in shown and "from the first trial's start to the latest end" in shown


def test_gpu_hours_without_gpus_and_too_few_trials_are_refused_before_anything_is_made(place: Place) -> None:
    refused = nas(*place.search("--gpu-hours", "3"))
    assert refused.code == 2 and "--gpu-hours counts the GPUs that a trial holds, got 3 hours and no GPU" in refused.err
    few = nas(*place.search("--trials", "3"))
    assert few.code == 2 and "a search needs at least 4 trials, so that" in few.err
    assert not place.run.path.exists() and trained(place.orders) == []


def test_a_budget_that_is_too_small_says_so_and_a_larger_one_goes_on(
    finished: tuple[Place, Ended], place: Place
) -> None:
    small = nas_alone(*place.search("--cpu-hours", "1e-9"))
    assert small.code == 2
    assert (
        "only 1 of 1 trials are complete, a predictor needs 4; the budget of 1e-09 CPU-hours has no room" in small.err
    )
    assert "a trial takes about" in small.err
    large = nas_alone(*place.search("--cpu-hours", "1", "--hours", "1", "--json"))
    assert large.code == 0, large.err
    assert "CPU-hours" in large.err and "forecast of 1" in large.err
    longer, _ = finished
    assert place.trials() == longer.trials()
    assert large.record["stopped_by"] is None


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    place = place_at(tmp_path_factory.mktemp("halved"))
    return place, nas(*search_in_rungs(place, "--json"))


def search_in_rungs(place: Place, *options: str) -> list[str]:
    return place.search("--trials", "24", "--eta", "2", "--rung", "2", *options, experiment=experiment(place.path))


def experiment(path: Path) -> str:
    """The tiny one with a full fidelity above 1, and lower rungs possible."""
    file = path / "higher.py"
    if not file.exists():
        file.write_text(
            "from dataclasses import replace\nfrom tests.experiments import tiny\n\n\n"
            "def experiment():\n    return replace(tiny.experiment(), fidelity=4)\n"
        )
    return str(file)


def test_a_search_in_rungs_ends_with_a_winner_of_full_trials(halved: tuple[Place, Ended]) -> None:
    place, ended = halved
    assert ended.code == 0, ended.err
    search = [trial for trial in place.trials() if trial.phase == "search"]
    low, full = ([trial for trial in search if trial.fidelity == one] for one in (2, 4))
    assert len(low) + len(full) == len(search) == 24 and len(full) in (7, 8)
    assert {trial.origin for trial in full} == {"promotion"}
    assert {trial.architecture for trial in full} <= {trial.architecture for trial in low}
    assert ended.record["predictor"]["num_points"] == len(full)
    assert ended.record["objective"]["predicted_at_fidelity"] == 4
    assert json.loads(place.run.settings_file.read_text())["rungs"] == [2]


def test_a_run_in_rungs_continues_without_naming_them_and_refuses_others(halved: tuple[Place, Ended]) -> None:
    place, _ = halved
    again = nas(*place.search("--trials", "24", experiment=experiment(place.path)))
    assert again.code == 0 and "is done" in again.err
    other = nas(*place.search("--trials", "24", "--rung", "1", experiment=experiment(place.path)))
    assert other.code == 2 and "was started with rungs = [2], now it is [1]" in other.err
    for verb, *options in (("select", "--json"), ("front", "--json"), ("report",), ("status",)):
        looked = nas(verb, str(place.run.path), *options)
        assert looked.code == 0, looked.err
    assert RunFolder(path=place.run.path).report.exists()


def test_a_run_in_rungs_that_is_cut_short_goes_on_to_the_same_trials(
    halved: tuple[Place, Ended], tmp_path: Path
) -> None:
    place = place_at(tmp_path)
    first = nas_alone(*search_in_rungs(place, "--cpu-hours", "1e-9"))
    assert first.code == 2 and "at the full fidelity" in first.err
    rest = nas_alone(*search_in_rungs(place))
    assert rest.code == 0, rest.err
    whole, _ = halved
    assert place.trials() == whole.trials()


def test_rungs_that_cannot_be_are_refused(place: Place) -> None:
    high = nas(*place.search("--rung", "1"))
    assert high.code == 2 and "rungs are fidelities of 0 or more that grow up to the full one, got 1, 1" in high.err
    eta = nas(*place.search("--eta", "3"))
    assert eta.code == 2 and "got 3 and no rung; give --rung too" in eta.err
    few = nas(*place.search("--rung", "2", "--trials", "19", experiment=experiment(place.path)))
    assert few.code == 2 and "a search needs at least 20 trials, one in 4 of which goes on from each rung" in few.err
    assert not place.run.path.exists() and trained(place.orders) == []
