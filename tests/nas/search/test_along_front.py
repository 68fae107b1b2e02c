"""Finalists along a front, on a small space where everything can be enumerated."""

from collections.abc import Sequence

import numpy as np
import pytest

from nas.genetic import front_mask, hypervolume
from nas.record import Trial, rows
from nas.search import QualityLimit, along_front, fit_to_trials, front_candidates
from nas.search.aims import Aims
from nas.search.along_front import FrontCandidate
from predictors import ridge
from tests.nas.strategies.small import COST_WEIGHTS, FEASIBLE, MAX_SUM, ONE, both, features, history, sample, trial

COSTS = {"cost": lambda population: population @ COST_WEIGHTS}
TRUE_FRONT = FEASIBLE[front_mask(both(FEASIBLE))]


def candidates(
    num: int, complete: Sequence[Trial], quality: QualityLimit | None = None, seed: int = 0
) -> list[FrontCandidate]:
    return front_candidates(
        num,
        aims=Aims(names=("error", "cost"), costs=COSTS, quality=quality),
        fits={"error": fit_to_trials(ridge.PREDICTOR, features, complete, "error")},
        features=features,
        complete=complete,
        sample=sample,
        problem=ONE.problem,
        rng=np.random.default_rng(seed),
    )


@pytest.fixture(autouse=True)
def a_small_genetic_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(along_front, "POPULATION", 64)
    monkeypatch.setattr(along_front, "GENERATIONS", 10)
    monkeypatch.setattr(along_front, "NUM_SEEDS", 64)


def test_half_are_measured_and_half_predicted_and_both_lie_on_their_fronts() -> None:
    complete = history(30)[0]
    found = candidates(8, complete)
    assert [one.origin for one in found].count("measured") == 4 and len({one.architecture for one in found}) == 8
    on_front = {complete[i].architecture for i in np.flatnonzero(front_mask(both(rows(complete))))}
    known = {trial.architecture for trial in complete}
    for one in found:
        assert sum(one.architecture) <= MAX_SUM
        error, cost = both(np.array([one.architecture], np.int8))[0].tolist()
        assert (one.architecture in known) == (one.measured is not None)
        assert one.mean["cost"] == cost and one.std["cost"] == 0.0 and one.std["error"] > 0
        if one.measured is not None:
            assert one.measured == {"error": error, "cost": cost} and one.architecture in on_front


def test_they_hold_nearly_all_that_the_whole_front_dominates() -> None:
    corner = both(FEASIBLE).max(axis=0) * 1.1
    found = np.array([one.architecture for one in candidates(8, history(30)[0])], np.int8)
    assert hypervolume(both(found), corner) >= 0.9 * hypervolume(both(TRUE_FRONT), corner)


def test_a_limit_on_the_metric_comes_before_the_rest() -> None:
    bound = float(np.quantile(both(FEASIBLE)[:, 0], 0.2))
    limit = QualityLimit(metric="error", amount=bound, reference=None, text="")
    found = candidates(4, history(30)[0], limit)
    assert all((one.measured or one.mean)["error"] <= bound for one in found)


def test_one_trial_of_a_space_of_few_gives_what_there_is() -> None:
    only = [trial(0, FEASIBLE[0].tolist())]
    found = candidates(3, only)
    assert 1 <= len(found) <= 3 and {one.architecture for one in found} >= {only[0].architecture}
