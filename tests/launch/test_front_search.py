"""`nas search` with several objectives: the winner is a front, verified and taken away point by point."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import torch

from launch.session import RunFolder
from nas.genetic import front_mask
from nas.record.storage import open_storage
from nas.search import along_front
from nas.strategies import _guided
from tests.experiments.tiny import Orders, trained
from tests.launch.commands import Ended, Place, contents, nas, place_at

pytestmark = pytest.mark.slow  # looks at whole searches

OBJECTIVES = ("--objective", "macs", "--objective", "error")
LIMITS = ("--limit", "macs <= 0.7 * published", "--limit", "latency_ms.fake <= 0.8 * published")
COMMAND = (*OBJECTIVES, *LIMITS, "--trials", "10", "--finalists", "4", "--lag", "2")


@pytest.fixture(scope="module", autouse=True)
def a_small_genetic_search() -> Iterator[None]:
    """The space is small, too."""
    with pytest.MonkeyPatch.context() as patch:
        for module, sizes in ((_guided, (64, 8, 64)), (along_front, (64, 20, 64))):
            for name, size in zip(("POPULATION", "GENERATIONS", "NUM_SEEDS"), sizes, strict=True):
                patch.setattr(module, name, size)
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Ended]]:
    place = place_at(tmp_path_factory.mktemp("front"))
    yield place, nas(*place.search(*COMMAND))


def front(folder: RunFolder) -> dict[str, Any]:
    return folder.read_json(folder.front)


def measured(record: dict[str, Any]) -> np.ndarray:
    return np.array([[one["measured"] for one in point["objectives"].values()] for point in record["points"]])


def test_the_front_holds_the_finals_that_no_other_dominates_within_every_limit(finished: tuple[Place, Ended]) -> None:
    place, ended = finished
    assert ended.code == 0, ended.err
    record = front(place.run)
    assert record["objectives"] == {"error": "", "macs": "MACs"}, "metrics come first"
    values = measured(record)
    assert len(values) > 1 and front_mask(values).all() and (np.diff(values[:, 0]) > 0).all()
    winner = place.run.read_json(place.run.winner)
    meeting = [final for final in winner["finals"] if final["meets_limits"]]
    every = np.array([[final["metrics"]["error"], final["measured"]["macs"]] for final in meeting])
    assert {tuple(row) for row in every[front_mask(every)].tolist()} == {tuple(row) for row in values.tolist()}
    for point in record["points"]:
        assert [limit["holds"] for limit in point["limits"]] == [True, True]
        assert point["objectives"]["macs"]["predicted_std"] == 0.0 < point["objectives"]["error"]["predicted_std"]
        assert point["objectives"]["macs"]["predicted"] == point["objectives"]["macs"]["measured"]


def test_each_point_is_a_folder_to_take_away(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    record = front(place.run)
    for point in record["points"]:
        folder = place.run.path / point["folder"]
        kept = json.loads((folder / "winner.json").read_text())
        assert kept["architecture"] == point["architecture"] and kept["trial"] == point["trial"]
        names: dict[str, Any] = {"__file__": str(folder / "winner.py"), "__name__": "winner"}
        exec(compile((folder / "winner.py").read_text(), "winner.py", "exec"), names)
        assert names["load"]()(torch.rand(1, 3, 16, 16)).shape == (1, 1, 16, 16)
    chosen = contents(place.run.path / record["chosen"])
    assert chosen == {name: (place.run.path / name).read_bytes() for name in chosen} and len(chosen) == 3
    assert len(list(place.run.winners.iterdir())) == len(record["points"])


def test_the_winner_is_the_knee_until_another_point_is_chosen(finished: tuple[Place, Ended], tmp_path: Path) -> None:
    place, ended = finished
    values = measured(front(place.run))
    scaled = (values - values.min(axis=0)) / np.ptp(values, axis=0)
    knee = int(np.argmin(scaled.sum(axis=1)))
    assert front(place.run)["chosen"] == f"winners/{knee + 1:02d}"
    assert f"winners/{knee + 1:02d} *" in ended.out and "* the winner: the knee" in ended.out
    before = len(trained(place.orders))
    cheapest = values[:, 1].min()
    again = nas(*place.search(*COMMAND, "--choose", f"macs <= {cheapest:.0f}", "--json"))
    assert again.code == 0 and len(trained(place.orders)) == before, again.err
    assert again.record["front"]["chosen"] == f"winners/{len(values):02d}"
    assert again.record["resources"]["macs"]["measured"] == cheapest
    assert f"point {len(values)} of them" in place.run.report.read_text()
    missed = nas(*place.search(*COMMAND, "--choose", "macs <= 10"))
    assert missed.code == 1 and "no point of the front meets macs <= 10" in missed.err
    assert nas(*place.search(*COMMAND, "--choose", "error <= 9")).code == 0


def test_the_record_shows_optunas_tools_both_objectives_and_the_limits(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    study = optuna.load_study(study_name=None, storage=open_storage(place.run.journal))
    assert study.metric_names == ["error", "macs"]
    assert all(len(trial.values) == 2 and len(trial.constraints) == 2 for trial in study.trials)
    baseline = next(trial for trial in study.trials if "baseline" in trial.user_attrs["origin"])
    assert max(baseline.constraints.values()) > 0, "the published network is beyond its own limits"
    assert baseline not in study.best_trials


def test_the_page_and_the_status_speak_of_a_front(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    page = place.run.report.read_text()
    assert "<dt>minimised</dt><dd>error and macs</dd>" in page and "on the front of error and macs" in page
    assert "--objective error --objective macs" in page
    assert nas("status", str(place.run.path)).code == 0
    assert nas("front", str(place.run.path)).code == 0


def test_a_search_that_is_killed_goes_on_to_the_same_front(finished: tuple[Place, Ended], tmp_path: Path) -> None:
    place = place_at(tmp_path, Orders(interrupt_once=("search-8",)))
    assert nas(*place.search(*COMMAND)).code == 130
    assert nas(*place.search(*COMMAND)).code == 0
    assert place.trials() == finished[0].trials()
    assert [point["architecture"] for point in front(place.run)["points"]] == [
        point["architecture"] for point in front(finished[0].run)["points"]
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objective", "error", "--objective", "params"), "was started with"),
        (("--objective", "error"), "was started with objectives = ['error', 'macs'], now it is []"),
        (("--limit", "macs <= 200k"), "was started with limits"),
        (("--strategy", "chamnet"), "take a strategy for several objectives, got chamnet; name front or random"),
        (("--choose", "watts <= 3"), "which is no known resource"),
        (("--choose", "macs <= 0.5 * nobody"), "is neither a unit"),
    ],
)
def test_a_run_keeps_its_objectives(finished: tuple[Place, Ended], options: tuple[str, ...], message: str) -> None:
    ended = nas(*finished[0].search("--trials", "11", *options))
    assert ended.code == 2 and message in ended.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--objective", "macs", "--objective", "params"), "one objective at least must be a metric that training"),
        (("--objective", "error", "--objective", "macs", "--objective", "macs"), "must be two or more that differ"),
        (("--objective", "error", "--objective", "latency_ms.nothere"), "an objective must be a metric or a resource"),
        (("--choose", "macs <= 2e5"), "this search minimises error alone"),
    ],
)
def test_what_makes_no_front_is_refused_before_anything_is_made(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    place = place_at(tmp_path)
    ended = nas(*place.search(*options))
    assert ended.code == 2 and message in ended.err
    assert not place.run.settings_file.exists()


def test_a_front_that_nothing_reaches_is_the_nearest_and_says_so(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    ended = nas(*place.search(*OBJECTIVES, "--limit", "error <= 0.01", "--trials", "7"))
    assert ended.code == 1, ended.err
    (point,) = front(place.run)["points"]
    assert [limit["holds"] for limit in point["limits"]] == [False]


def test_a_metric_that_the_evaluator_does_not_give_is_named(tmp_path: Path) -> None:
    ended = nas(*place_at(tmp_path).search("--objective", "error", "--objective", "rmse", "--trials", "8"))
    assert ended.code == 2 and "the evaluator gave no 'rmse'; it gave: error" in ended.err


def test_three_objectives_of_which_two_are_the_same_are_those_two(tmp_path: Path) -> None:
    place, own = place_at(tmp_path), tmp_path / "again.py"
    own.write_text("from nas.resources.macs import RESOURCES\n")
    again = f"{own}:macs"
    ended = nas(*place.search(*OBJECTIVES, "--objective", again, *LIMITS, "--trials", "8", "--finalists", "3"))
    assert ended.code == 0, ended.err
    record = front(place.run)
    assert list(record["objectives"]) == ["error", "macs", again]
    values = measured(record)
    assert (values[:, 1] == values[:, 2]).all() and front_mask(values[:, :2]).all()
    shown = nas("select", str(place.run.path), "--json").record["candidates"]
    assert all(one["resources"]["macs"]["predicted"] == one["resources"][again]["predicted"] for one in shown)
