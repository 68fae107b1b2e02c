"""A rule behind failures is found and weighed; failures without one, or too few of them, change nothing."""

from dataclasses import replace

import numpy as np
import pytest

from nas.genetic import Problem
from nas.record import Proposal, Trial
from nas.search import Task, certain, chance_to_complete
from nas.search.failures import MIN_EACH
from nas.strategies._guided import mutant
from nas.strategies.chamnet import ChamNet
from nas.strategies.front import Front
from nas.strategies.halving import Halving
from predictors import gp, ridge
from tests.nas.strategies.small import EVERYTHING, FEASIBLE, ONE, TWO, features, history, sample, trial

LARGEST = 5  # of the sum of options, beyond which a training fails


def ruled(num: int, *, seed: int = 0) -> list[Trial]:
    chosen = np.random.default_rng(seed).permutation(FEASIBLE)[:num].tolist()
    return [trial(i, row, "failed" if sum(row) > LARGEST else "complete") for i, row in enumerate(chosen)]


def by_luck(num: int, *, seed: int) -> list[Trial]:
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(FEASIBLE)[:num].tolist()
    return [trial(i, row, "failed" if rng.random() < 0.4 else "complete") for i, row in enumerate(chosen)]


@pytest.mark.parametrize("predictor", [ridge.PREDICTOR, gp.PREDICTOR])
def test_a_rule_is_found(predictor: object) -> None:
    chances = chance_to_complete(predictor, features, ruled(60))(EVERYTHING)  # type: ignore[arg-type]
    assert ((chances > 0) & (chances <= 1)).all()
    sums = EVERYTHING.sum(axis=1)
    assert chances[sums <= LARGEST - 2].min() > 0.6 > 0.25 > chances[sums >= LARGEST + 3].max()


def test_what_has_little_hope_is_not_worth_what_is_still_expected_of_it() -> None:
    """Also when nothing else is left to gain: the order among the hopeless stays, and their logarithms are finite."""
    chances = chance_to_complete(ridge.PREDICTOR, features, ruled(60))(EVERYTHING)
    kept, hopeless = chances[chances > 0.1], chances[chances < 1e-5]
    assert len(kept) + len(hopeless) == len(EVERYTHING)
    assert len(hopeless) > 20 and len(np.unique(hopeless)) > 1 and np.isfinite(np.log(hopeless)).all()


def test_failures_without_a_rule_are_mostly_seen_to_be_that() -> None:
    found = [chance_to_complete(ridge.PREDICTOR, features, by_luck(60, seed=seed)) for seed in range(40)]
    assert sum(chance is certain for chance in found) >= 34  # the bound is of 95 %, one-sided


@pytest.mark.parametrize("state", ["complete", "failed"])
def test_where_too_few_tell_anything_nothing_is_fitted(state: str) -> None:
    class Unwanted:
        def fit(self, X: object, y: object) -> None:
            raise AssertionError("nothing is to be fitted")

    few = [one for one in ruled(80) if one.state == state][: MIN_EACH - 1]
    rest = [one for one in ruled(80) if one.state != state]
    assert chance_to_complete(Unwanted(), features, [*few, *rest]) is certain  # type: ignore[arg-type]
    assert (certain(FEASIBLE) == 1.0).all()


def test_what_is_pending_says_nothing() -> None:
    known, (_, waiting) = ruled(60), history(60, 5)
    chance = chance_to_complete(ridge.PREDICTOR, features, known)
    assert (chance_to_complete(ridge.PREDICTOR, features, [*known, *waiting])(FEASIBLE) == chance(FEASIBLE)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "task"), [(ChamNet, ONE), (Halving, ONE), (Front, TWO)])
def test_fewer_proposals_fail_than_of_a_search_that_does_not_see_failures(
    strategy: type[ChamNet | Front | Halving], task: Task
) -> None:
    """Small errors are where trainings fail: what promises most is what a search must learn to leave."""
    done = ruled(60)
    blind = [one for one in done if one.state == "complete"]

    def num_failing(trials: list[Trial]) -> int:
        found = [strategy(task=task).propose(trials, [], np.random.default_rng(seed)) for seed in range(20)]
        return sum(sum(one.architecture) > LARGEST for one in found)

    assert num_failing(done) < 0.5 * num_failing(blind)


def test_a_planned_one_of_little_hope_makes_room_for_a_draw() -> None:
    plan = [row for row in FEASIBLE.tolist() if sum(row) > LARGEST + 1] + [[0, 0, 0, 0], [1, 0, 0, 0]]
    opening = tuple(Proposal(architecture=tuple(row), origin="design") for row in (plan * 2)[:70])
    rich = tuple(replace(one, architecture=(0, 0, 0, 1)) for one in opening)
    done = ruled(60)
    strategy = {name: ChamNet(task=replace(ONE, opening=one)) for name, one in (("poor", opening), ("rich", rich))}
    known = {one.architecture for one in done}
    kept = {
        name: sum(one.propose(done, [], np.random.default_rng(seed)).origin == "design" for seed in range(40))
        for name, one in strategy.items()
    }
    assert opening[60].architecture not in known and (0, 0, 0, 1) not in known
    assert kept["poor"] < 20 and kept["rich"] == 40


def test_mutants_are_chosen_by_their_chance() -> None:
    parents, problem = [trial(0, (2, 2, 1, 0))], Problem(num_options=ONE.problem.num_options)

    def sums(chance: object) -> list[int]:
        found = [mutant(parents, problem, parents, np.random.default_rng(i), chance) for i in range(60)]  # type: ignore[arg-type]
        return [sum(one) for one in found if one is not None]

    small = sums(lambda population: np.where(population.sum(axis=1) < 5, 1.0, 0.01))
    assert np.mean(np.array(small) < 5) > 0.9 > np.mean(np.array(sums(certain)) < 5)


def test_draws_are_of_those_that_meet_the_limits() -> None:
    done = ruled(60)
    strategy = ChamNet(task=replace(ONE, opening=(), sample=sample))
    found = {strategy.propose(done, [], np.random.default_rng(seed)).architecture for seed in range(40)}
    assert found <= set(map(tuple, FEASIBLE.tolist())) - {one.architecture for one in done}
