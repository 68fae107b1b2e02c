"""The front's own: it grows faster than by chance. What holds for every strategy with a model is in test_guided."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from jaxtyping import Float

from nas.genetic import front_mask, hypervolume
from nas.record import Trial, rows
from nas.search import Fitted, QualityLimit, Strategy, Task
from nas.strategies.front import Front, Scale
from nas.strategies.random import Random
from predictors import ridge
from tests.nas.strategies.small import (
    COST_WEIGHTS,
    DESIGN,
    EVERYTHING,
    FEASIBLE,
    ONE,
    TWO,
    both,
    history,
    listed,
    trial,
)

REFERENCE = both(EVERYTHING).max(axis=0)


@dataclass
class Counting:
    """A ridge regression that counts its fits."""

    num_fits: int = 0

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Fitted:
        self.num_fits += 1
        return ridge.PREDICTOR.fit(X, y)


def volume(trials: Sequence[Trial]) -> float:
    return hypervolume(both(rows(trials)), REFERENCE)


def search(strategy: Strategy, num: int, seed: int) -> list[Trial]:
    done: list[Trial] = []
    for ticket in range(num):
        proposal = strategy.propose(done, [], np.random.default_rng((seed, ticket)))
        done.append(trial(ticket, proposal.architecture))
    return done


def test_one_objective_is_refused() -> None:
    with pytest.raises(ValueError, match="a front needs two objectives or more, got error; choose another strategy"):
        Front(task=ONE)


@pytest.mark.slow
@pytest.mark.usefixtures("a_token_genetic_search")
def test_mutations_are_of_the_front() -> None:
    done, pending = history(20, 3)
    on_front = [done[i] for i in np.flatnonzero(front_mask(both(rows(done))))]
    found = [Front(task=TWO).propose(done, pending, np.random.default_rng((0, ticket))) for ticket in range(200)]
    mutations = [proposal for proposal in found if proposal.origin == "mutation"]
    for proposal in mutations:
        distance = [np.not_equal(proposal.architecture, trial.architecture).sum() for trial in on_front]
        assert 1 <= min(distance) <= 2
    assert mutations


@pytest.mark.parametrize("task", [TWO, listed(TWO)])
def test_the_front_grows_faster_than_by_chance(task: Task) -> None:
    seeds = range(3)
    ours = [volume(search(Front(task=task), 20, seed)) for seed in seeds]
    chance = [volume(search(Random(task=task), 20, seed)) for seed in seeds]
    whole = hypervolume(both(FEASIBLE), REFERENCE)
    assert whole - np.mean(ours) < 0.5 * (whole - np.mean(chance))


def test_the_genetic_search_finds_what_scoring_everything_finds() -> None:
    done, pending = history(30)
    pairs = [
        [Front(task=task).propose(done, pending, np.random.default_rng(seed)) for task in (TWO, listed(TWO))]
        for seed in range(12)
    ]
    compared = [ours.architecture == every.architecture for ours, every in pairs if ours.origin == "genetic"]
    assert np.mean(compared) > 0.5


def test_one_objective_that_never_changes_leaves_the_other_to_search_for() -> None:
    done = [replace(one, metrics={**one.metrics, "cost": 7.0}) for one in history(20)[0]]
    found = [Front(task=TWO).propose(done, [], np.random.default_rng(seed)) for seed in range(5)]
    assert "genetic" in {proposal.origin for proposal in found}


def without_cost(trials: Sequence[Trial]) -> list[Trial]:
    return [replace(one, metrics={name: one.metrics[name] for name in one.metrics if name != "cost"}) for one in trials]


def test_a_cost_that_is_known_is_not_predicted_and_the_front_grows_no_slower() -> None:
    exact = replace(TWO, costs={"cost": lambda population: population @ COST_WEIGHTS})
    fits = Counting()
    done, pending = history(20, 2)
    Front(task=replace(exact, predictor=fits)).propose(
        without_cost(done), without_cost(pending), np.random.default_rng(0)
    )
    assert fits.num_fits == 1
    ours, learnt = ([volume(search(Front(task=listed(task)), 20, seed)) for seed in range(3)] for task in (exact, TWO))
    assert np.mean(ours) >= 0.99 * np.mean(learnt)


def test_pending_trials_count_as_measured_where_they_are_believed_to_be() -> None:
    """What is about to be trained fills its place on the front: no more is gained right beside it."""
    done, _ = history(12)
    task = listed(replace(TWO, costs={"cost": lambda population: population @ COST_WEIGHTS}))
    first = Front(task=task).propose(done, [], np.random.default_rng(1))
    twin = trial(12, first.architecture, "running")
    second = Front(task=task).propose(done, [twin], np.random.default_rng(1))
    assert first.origin == second.origin == "exhaustive"
    gap = both(np.array([first.architecture, second.architecture], np.int8))
    assert np.abs(np.diff(gap, axis=0) / np.ptp(both(FEASIBLE), axis=0)).max() > 0.05


def test_a_limit_on_the_metric_keeps_the_search_below_it() -> None:
    bound = float(np.quantile(both(FEASIBLE)[:, 0], 0.25))
    limit = QualityLimit(metric="error", amount=bound, reference=None, text="")
    found, free = (
        search(Front(task=listed(task)), 30, 0)[len(DESIGN) :] for task in (replace(TWO, quality=limit), TWO)
    )
    below = [np.mean([one.metrics["error"] <= bound for one in trials]) for trials in (found, free)]
    assert below[0] > below[1] and below[0] > 0.6


def test_scaling_keeps_constants_at_zero() -> None:
    values = np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]])
    np.testing.assert_array_equal(Scale.of(values)(values), [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]])
