"""The cheapest that is good enough, on a small space: errors are known exactly, and all costs can be listed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.record import Trial
from nas.search import Fitted, Goal, Prediction, QualityLimit, Task, best_candidates
from nas.strategies.chamnet import ChamNet
from predictors import ridge
from tests.nas.strategies.small import FEASIBLE, ONE, both, error, features, history, trial

REFERENCE = (2, 2, 2, 2)


def cost(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    """Not what the error goes by: the third option is dear and of little use."""
    return 1.0 + both(population)[:, 1]


@dataclass(frozen=True)
class Exact:
    """Predicts the true error with a standard deviation."""

    std: float = 1e-3

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Fitted:
        return self

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        return Prediction(mean=self.predict_mean(X), std=np.full(len(X), self.std))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        return both(np.rint(3 * X).astype(np.int8))[:, 0]

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "Exact":
        return self


def goal(amount: float, reference: tuple[int, ...] | None = None) -> Goal:
    return Goal(
        name="cost", cost=cost, quality=QualityLimit(metric="error", amount=amount, reference=reference, text="")
    )


def good(amount: float) -> Int8[np.ndarray, "n 4"]:
    return FEASIBLE[both(FEASIBLE)[:, 0] <= amount]


def trials(architectures: Sequence[Sequence[int]]) -> list[Trial]:
    return [trial(i, row) for i, row in enumerate(architectures)]


def task(amount: float, std: float = 1e-3) -> Task:
    return replace(ONE, opening=(), predictor=Exact(std=std), goal=goal(amount))


def test_a_bound_by_a_reference_is_what_the_predictor_says_of_it() -> None:
    assert goal(0.8).quality.predicted_bound(Exact(), features) == 0.8
    assert goal(1.1, REFERENCE).quality.predicted_bound(Exact(), features) == pytest.approx(1.1 * error(REFERENCE))


def test_caution_takes_the_surer_one_of_two_that_promise_alike() -> None:
    rows = FEASIBLE
    plain, cautious = (
        goal(0.86).risk(Exact(std=0.04), features, trials(FEASIBLE[::40].tolist()), caution=caution)(rows)
        for caution in (1.0, 4.0)
    )
    bold, sure = rows[np.argmin(plain)].tolist(), rows[np.argmin(cautious)].tolist()
    assert error(sure) < error(bold) and cost(np.array([sure]))[0] > cost(np.array([bold]))[0]


def test_of_those_that_are_surely_good_enough_the_cheapest_has_the_least_regret() -> None:
    known = trials(FEASIBLE[::40].tolist())
    everything = good(0.855)
    dear = everything[cost(everything) > cost(everything).min() + 0.5]
    regret = goal(0.855).regret(Exact(), features, [*known, trial(99, (3, 0, 2, 0))])
    best = FEASIBLE[np.argmin(regret(FEASIBLE))]
    assert cost(best[None])[0] == cost(everything).min() and error(best.tolist()) <= 0.855
    assert regret(best[None])[0] < regret(dear).min()


def test_where_nothing_is_good_enough_yet_all_that_counts_is_to_be() -> None:
    poor = trials([(0, 0, 0, 0), (0, 1, 0, 0)])
    regret = goal(0.8).regret(Exact(std=0.05), features, poor)
    np.testing.assert_array_equal(
        np.argsort(regret(FEASIBLE), kind="stable"), np.argsort(both(FEASIBLE)[:, 0], kind="stable")
    )


def test_what_saves_nothing_is_worse_than_all_that_saves_and_the_worse_the_dearer() -> None:
    known = [trial(0, (3, 0, 0, 0)), trial(1, (3, 2, 2, 1))]
    regret = goal(0.86).regret(Exact(), features, known)(FEASIBLE)
    cheaper = (cost(FEASIBLE) < cost(np.array([[3, 0, 0, 0]], np.int8))) & (both(FEASIBLE)[:, 0] <= 0.86)
    dearer = cost(FEASIBLE) > cost(np.array([[3, 0, 0, 0]], np.int8)) + 0.5
    assert not cheaper.any() or regret[cheaper].max() < regret[dearer].min()
    sure = dearer & (both(FEASIBLE)[:, 0] <= 0.8)
    assert np.isfinite(regret).all()
    assert (np.argsort(regret[sure], kind="stable") == np.argsort(cost(FEASIBLE)[sure], kind="stable")).all()


def test_a_lucky_training_alone_does_not_count_as_good_enough() -> None:
    """The regression sees what its neighbours gave."""
    done, _ = history(40)
    lucky = replace(trial(40, (0, 0, 0, 0)), metrics={"error": 0.5, "cost": 0.0})
    bar, known = goal(0.8), [*done, lucky]
    fitted = ridge.PREDICTOR.fit(
        features(np.array([t.architecture for t in known], np.int8)), np.array([t.metrics["error"] for t in known])
    )
    regret = bar.regret(fitted, features, known)
    saving = FEASIBLE[(both(FEASIBLE)[:, 0] < 0.79) & (cost(FEASIBLE) < 9)]
    assert regret(saving).max() < 40  # were the lucky one the least, nothing would save


@pytest.mark.parametrize("std", [1e-3, 0.01])
def test_the_search_ends_at_the_cheapest_that_is_good_enough(std: float) -> None:
    strategy, done = ChamNet(task=task(0.825, std)), trials(FEASIBLE[::60].tolist())
    for ticket in range(12):
        found = strategy.propose(done, [], np.random.default_rng((0, ticket)))
        done.append(trial(100 + ticket, found.architecture))
    enough = [one for one in done if error(one.architecture) <= 0.825]
    least = min(cost(np.array([one.architecture], np.int8))[0] for one in enough)
    assert least == cost(good(0.825)).min()


def test_candidates_are_those_that_promise_to_be_the_answer() -> None:
    complete = trials(FEASIBLE[::10].tolist())
    found = best_candidates(
        4, fitted=Exact(), features=features, complete=complete, objective="error", sample=ONE.sample,
        problem=ONE.problem, rng=np.random.default_rng(0), goal=goal(0.825),
    )  # fmt: skip
    risk = goal(0.825).risk(Exact(), features, complete)
    order = risk(np.array([one.architecture for one in found], np.int8))
    assert (np.diff(order) >= 0).all()
    assert cost(np.array([found[0].architecture], np.int8))[0] == cost(good(0.825)).min()
    trained_ones = [one for one in found if one.measured is not None]
    assert len(trained_ones) == 2
    rows = np.array([one.architecture for one in complete], np.int8)
    assert trained_ones[0].architecture == tuple(rows[np.argmin(risk(rows))].tolist())
