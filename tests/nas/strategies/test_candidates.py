"""Mutants stay close, new and within the limits; the best candidate is the first that nobody knows."""

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Problem
from nas.space import Architecture
from nas.strategies._candidates import lowest, mutant
from nas.trial import Trial, rows

NUM_OPTIONS = np.array([4, 4, 4])
PROBLEM = Problem(num_options=NUM_OPTIONS, constraints=lambda population: population.sum(axis=1)[:, None] - 5.0)


def trial(architecture: Architecture) -> Trial:
    return Trial(phase="search", ticket=0, architecture=architecture, fidelity=1, origin="random", state="complete")


def test_trials_become_a_population() -> None:
    np.testing.assert_array_equal(rows([trial((1, 2, 3)), trial((0, 0, 1))]), [[1, 2, 3], [0, 0, 1]])


def test_mutants_differ_in_one_or_two_decisions_and_meet_the_limits() -> None:
    parents = [trial((1, 1, 1)), trial((3, 1, 1))]
    for seed in range(50):
        child = mutant(parents, PROBLEM, parents, np.random.default_rng(seed))
        assert child is not None and sum(child) <= 5
        distances = [np.not_equal(child, parent.architecture).sum() for parent in parents]
        assert 1 <= min(distances) <= 2


def test_no_mutant_is_left_where_everything_near_is_known() -> None:
    alone = Problem(num_options=NUM_OPTIONS, constraints=lambda population: population.sum(axis=1)[:, None] - 0.0)
    assert mutant([trial((0, 0, 0))], alone, [trial((0, 0, 0))], np.random.default_rng(0)) is None


def sums(population: Int8[np.ndarray, "n 3"]) -> Float[np.ndarray, " n"]:
    return population.sum(axis=1).astype(np.float64)


def test_the_lowest_that_is_not_known() -> None:
    candidates = np.array([[3, 3, 3], [1, 0, 0], [0, 0, 0]], dtype=np.int8)
    assert lowest(candidates, sums, [trial((0, 0, 0))]) == (1, 0, 0)
    assert lowest(candidates[2:], sums, [trial((0, 0, 0))]) is None
