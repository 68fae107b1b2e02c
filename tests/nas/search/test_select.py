"""Finalists on a small space where everything can be enumerated."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.genetic import Problem
from nas.record import Proposal, Trial
from nas.search import Goal, QualityLimit, fit_to_trials
from nas.search.select import UTMOST_CAUTION, Candidate, Listed, best_candidates
from predictors import gp

NUM_OPTIONS = np.array([4, 4, 4])
EVERYTHING = np.array(list(itertools.product(range(4), repeat=3)), dtype=np.int8)
MAX_SUM = 6
FEASIBLE = EVERYTHING[EVERYTHING.sum(axis=1) <= MAX_SUM]
PROBLEM = Problem(num_options=NUM_OPTIONS, constraints=lambda rows: rows.sum(axis=1)[:, None] - float(MAX_SUM))


def error(rows: Int8[np.ndarray, "n 3"]) -> Float[np.ndarray, "n"]:
    total: Float[np.ndarray, " n"] = 1 - rows @ np.array([0.05, 0.03, 0.02])
    return total


def features(rows: Int8[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    return rows / 3.0


def sample(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n 3"]:
    return rng.choice(FEASIBLE, n)


def trained(rows: Int8[np.ndarray, "n 3"]) -> list[Trial]:
    return [
        Trial(
            phase="search", ticket=i, architecture=tuple(row.tolist()), fidelity=1, origin="design", state="complete",
            metrics={"error": float(value)}, duration_s=1.0,
        )
        for i, (row, value) in enumerate(zip(rows, error(rows), strict=True))
    ]  # fmt: skip


def candidates(num: int, complete: list[Trial], seed: int = 0) -> list[Candidate]:
    return best_candidates(
        num,
        fitted=fit_to_trials(gp.PREDICTOR, features, complete, "error"),
        features=features,
        complete=complete,
        objective="error",
        sample=sample,
        problem=PROBLEM,
        rng=np.random.default_rng(seed),
    )


def test_half_are_the_best_measured_and_half_the_best_predicted_of_the_rest() -> None:
    complete = trained(FEASIBLE[::3])
    found = candidates(6, complete)
    measured = [candidate for candidate in found if candidate.measured is not None]
    best = sorted(complete, key=lambda trial: trial.metrics["error"])[:3]
    assert {candidate.architecture for candidate in measured} == {trial.architecture for trial in best}
    assert all(candidate.measured == error(np.array([candidate.architecture], np.int8))[0] for candidate in measured)
    assert [candidate.origin for candidate in found].count("predicted") == 3
    fitted = fit_to_trials(gp.PREDICTOR, features, complete, "error")
    known = {trial.architecture for trial in complete}
    rest = np.array([row for row in FEASIBLE if tuple(row.tolist()) not in known])
    cut = np.sort(fitted.predict_mean(features(rest)))[2]
    assert all(candidate.mean <= cut + 1e-12 for candidate in found if candidate.measured is None)


def test_of_a_goal_one_lies_at_the_edge_and_one_is_the_likeliest() -> None:
    complete = trained(FEASIBLE[::3])
    bar = QualityLimit(metric="error", amount=1.15, reference=(3, 2, 1), text="")
    goal = Goal(name="sum", cost=lambda population: 1.0 + population.sum(axis=1), quality=bar)
    noisy = [replace(one, metrics={"error": one.metrics["error"] + 0.06 * (-1) ** one.ticket}) for one in complete]
    fitted = fit_to_trials(gp.PREDICTOR, features, noisy, "error")
    found = best_candidates(
        4,
        fitted=fitted,
        features=features,
        complete=complete,
        objective="error",
        sample=sample,
        problem=PROBLEM,
        rng=np.random.default_rng(0),
        goal=goal,
    )
    known = {trial.architecture for trial in complete}
    rest = np.array([row for row in map(tuple, FEASIBLE.tolist()) if row not in known], dtype=np.int8)
    bold, likeliest = (
        tuple(rest[np.argmin(goal.risk(fitted, features, complete, caution=caution)(rest))].tolist())
        for caution in (1.0, UTMOST_CAUTION)
    )
    new = {one.architecture for one in found if one.measured is None}
    assert bold != likeliest and new == {bold, likeliest}


def test_they_are_feasible_distinct_and_in_the_order_of_their_prediction() -> None:
    found = candidates(8, trained(FEASIBLE[::4]))
    rows = np.array([candidate.architecture for candidate in found], dtype=np.int8)
    assert PROBLEM.is_feasible(rows).all()
    assert len({candidate.architecture for candidate in found}) == 8
    assert [candidate.mean for candidate in found] == sorted(candidate.mean for candidate in found)


def test_what_was_trained_beyond_the_limits_is_not_a_candidate() -> None:
    beyond = EVERYTHING[EVERYTHING.sum(axis=1) > MAX_SUM]
    found = candidates(4, trained(np.concatenate([beyond, FEASIBLE[:2]])))
    assert all(sum(candidate.architecture) <= MAX_SUM for candidate in found)


@pytest.mark.parametrize("num", [1, 2, 5])
def test_a_feasible_set_that_is_all_trained_gives_its_best(num: int) -> None:
    found = candidates(num, trained(FEASIBLE))
    assert sorted(c.measured for c in found if c.measured is not None) == sorted(error(FEASIBLE))[:num]


def test_more_than_there_are_gives_all_of_them() -> None:
    assert len(candidates(1000, trained(FEASIBLE[:10]))) == len(FEASIBLE)


def test_the_same_generator_gives_the_same_candidates() -> None:
    complete = trained(FEASIBLE[::5])
    assert candidates(6, complete, seed=3) == candidates(6, complete, seed=3)


def test_listed_proposals_come_in_order() -> None:
    proposals = tuple(Proposal(architecture=(i, 0, 0), origin=f"number {i}") for i in range(3))
    done, pending = trained(FEASIBLE[:1]), [replace(trained(FEASIBLE[:2])[1], state="running", metrics={})]
    strategy, rng = Listed(proposals=proposals), np.random.default_rng(0)
    assert strategy.propose([], [], rng) == proposals[0]
    assert strategy.propose(done, [], rng) == proposals[1]
    assert strategy.propose(done, pending, rng) == proposals[2]
