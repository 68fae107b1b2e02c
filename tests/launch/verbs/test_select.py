"""`nas select --sweep`: operating points of a finished run."""

from typing import Any

import pytest

from launch.session.session import open_session
from tests.experiments.tiny import SPACE
from tests.launch.commands import Ended, Place, nas

pytestmark = pytest.mark.slow  # looks at whole searches


def swept(place: Place, *options: str) -> list[dict[str, Any]]:
    ended = nas("select", str(place.run.path), "--json", *options)
    assert ended.code == 0, ended.err
    points: list[dict[str, Any]] = ended.record["points"]
    return points


def test_each_point_keeps_its_bound_and_the_runs_other_limits(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    points = swept(place, "--sweep", "macs <= 100k..400k:5")
    assert len(points) == 5
    session = open_session(place.run)
    pricing = session.pricing()
    (other,) = [limit for limit in session.binding(pricing) if limit.resource != "macs"]
    for point in points:
        costs = {name: one["predicted"] for name, one in point["resources"].items()}
        assert costs["macs"] <= point["bounds"]["macs"]["bound"] * (1 + 1e-9)
        assert costs[other.resource] <= other.bound
        assert point["error"]["predicted_std"] > 0
        assert point["decisions"] == SPACE.decisions(tuple(point["architecture"]))
    predicted = [point["error"]["predicted"] for point in points]
    assert predicted == sorted(predicted, reverse=True), "a looser bound is no worse"


def test_what_is_trained_is_marked_and_the_best_trained_named(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    trials = {trial.name: trial for trial in open_session(place.run).full_trials()}
    pricing = open_session(place.run).pricing()
    for point in swept(place, "--sweep", "macs <= 100k..400k:5"):
        bound = point["bounds"]["macs"]["bound"]
        inside = [trial for trial in trials.values() if pricing.costs(trial.architecture)["macs"] <= bound]
        if inside:
            best = min(inside, key=lambda trial: trial.metrics["error"])
            assert point["best_trained"] == {"trial": best.name, "measured": best.metrics["error"]}
        else:
            assert point["best_trained"] is None
        known = {trial.architecture: trial for trial in trials.values()}.get(tuple(point["architecture"]))
        assert point["trial"] == (known.name if known else None)
        assert point["error"]["measured"] == (known.metrics["error"] if known else None)


def test_the_same_sweep_gives_the_same_points_and_a_table(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    options = ("--sweep", "macs <= 150k..300k:2", "--sweep", "params <= 3k..9k:2")
    points = swept(place, *options)
    assert points == swept(place, *options) and len(points) == 4
    shown = nas("select", str(place.run.path), *options).out
    assert shown.splitlines()[0].split()[:4] == ["macs", "bound", "params", "bound"] and len(shown.splitlines()) == 5


def test_a_bound_that_nothing_meets_is_told_with_the_smallest_there_is(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    (none, some) = swept(place, "--sweep", "macs <= 10..400k:2")
    assert none["architecture"] is None and "the smallest" in none["reason"]
    assert some["architecture"] is not None
    ended = nas("select", str(place.run.path), "--sweep", "macs <= 10..20:2")
    assert ended.code == 1 and ended.out.count("infeasible") >= 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--sweep", "error <= 0.2..0.4:3"), "this run minimises no cost; sweep a resource such as macs"),
        (("--sweep", "macs <= 1"), "a sweep is a resource, <=, and two amounts"),
        (("--sweep", "macs <= 100k..200k", "--limit", "error <= 0.3"), "as a sweep of their own"),
        (("--sweep", "watts <= 1..2"), "which is no known resource"),
        (("--sweep", "error >= 0.2..0.4"), "it is swept from above only; use <="),
    ],
)
def test_what_cannot_be_swept_is_refused(finished: tuple[Place, Ended], options: tuple[str, ...], message: str) -> None:
    ended = nas("select", str(finished[0].run.path), *options)
    assert ended.code == 2 and message in ended.err
