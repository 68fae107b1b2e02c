"""`nas select --sweep --train`: what a sweep names and nobody has trained joins the run's record."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from launch.report.facts.facts import read_facts
from launch.session.session import open_session
from nas.record.storage import open_storage
from nas.search import operating_points
from tests.experiments.tiny import Orders, error_of, trained
from tests.launch.commands import Ended, Place, nas

pytestmark = pytest.mark.slow  # looks at whole searches

SWEEP = ("--sweep", "macs <= 100k..400k:3", "--executor", "serial", "--json")


@pytest.fixture(scope="module", autouse=True)
def a_small_genetic_search() -> Iterator[None]:
    """The space is small, too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NUM_SEEDS", "POPULATION", "GENERATIONS", "POLISH_POPULATION", "POLISH_GENERATIONS"):
            patch.setattr(operating_points, name, 16)
        yield


@pytest.fixture
def copied(finished: tuple[Place, Ended], tmp_path: Path) -> Place:
    """The finished run in a folder of the test's own; its evaluator looks where the first run's did."""
    place = Place(path=tmp_path)
    shutil.copytree(finished[0].run.path, place.run.path)
    return place


def points(place: Place, *options: str) -> list[dict[str, Any]]:
    ended = nas("select", str(place.run.path), *SWEEP, *options)
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = ended.record["points"]
    return found


def predictions(found: list[dict[str, Any]]) -> list[tuple[Any, float]]:
    return [(point["architecture"], point["error"]["predicted"]) for point in found]


def test_the_points_are_trained_once_and_stand_in_record_front_and_page(
    finished: tuple[Place, Ended], copied: Place
) -> None:
    num_before, orders = len(copied.trials()), finished[0].orders
    num_calls, named = len(trained(orders)), points(copied)
    new = {tuple(point["architecture"]) for point in named if point["trial"] is None}
    assert new, "the sweep must name what nobody has trained"
    found = points(copied, "--train")
    assert predictions(found) == predictions(named), "as it was named, before anything of it was trained"
    for point in found:
        assert point["trial"] is not None
        assert point["error"]["measured"] == error_of(tuple(point["architecture"]))
    added = [trial for trial in open_session(copied.run).trials("search") if trial.origin == "operating point"]
    assert {trial.architecture for trial in added} == new and len(copied.trials()) == num_before + len(new)
    assert len(trained(orders)) == num_calls + len(new)

    again = nas("select", str(copied.run.path), *SWEEP, "--train")
    assert again.record["points"] == found and "nothing is left to do" in again.err
    assert len(trained(orders)) == num_calls + len(new)
    assert nas(*finished[0].search("--out", str(copied.run.path))).code == 0, "done as before"
    assert len(trained(orders)) == num_calls + len(new)

    on_front = {
        point["trial"]: point["origin"] for point in nas("front", str(copied.run.path), "--json").record["front"]
    }
    assert "operating point" in on_front.values()
    facts, page = read_facts(copied.run), copied.run.report.read_text()
    assert "operating point" in page and "--trials 12" in page, "the search is the same search"
    assert facts.is_done and (facts.total, facts.points) == (12, len(new))
    study = optuna.load_study(study_name=None, storage=open_storage(copied.run.journal))
    assert all(len(trial.constraints) == 2 for trial in study.trials)
    assert nas("status", str(copied.run.path), "--json").record["phases"]


def test_a_sweep_that_is_cut_short_goes_on_with_its_points_and_tries_no_failure_again(
    finished: tuple[Place, Ended], copied: Place
) -> None:
    orders, named = finished[0].orders, points(copied)
    first = len(open_session(copied.run).trials("search"))
    Orders(fail=(f"search-{first}",), interrupt_once=(f"search-{first + 1}",)).write(orders)
    try:
        assert nas("select", str(copied.run.path), *SWEEP, "--train").code == 130
        num_calls = len(trained(orders))
        ended = nas("select", str(copied.run.path), *SWEEP, "--train")
        assert ended.code == 0 and f"search-{first} failed and is not tried again" in ended.err
        assert predictions(ended.record["points"]) == predictions(named)
        assert (
            trained(orders)[num_calls] == f"search-{first + 1}" and f"search-{first}" not in trained(orders)[num_calls:]
        )
        assert [point["trial"] is None for point in ended.record["points"]].count(True) == 1
    finally:
        Orders().write(orders)


def test_training_without_a_sweep_is_refused(finished: tuple[Place, Ended]) -> None:
    ended = nas("select", str(finished[0].run.path), "--train")
    assert ended.code == 2 and "--train trains the points of a sweep, got none" in ended.err
