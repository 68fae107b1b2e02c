"""The genetic search against brute force on small spaces, and its laws."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float, Int8

from nas.genetic.pareto import front_mask
from nas.genetic.search import Found, Problem, front, minimise

NUM_OPTIONS = np.array([3, 4, 1, 5, 2, 4])
EVERYTHING = np.array(list(itertools.product(*[range(n) for n in NUM_OPTIONS])), dtype=np.int8)


class Rugged:
    """An objective and a cost that are sums of random tables over all pairs of decisions."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        size = len(NUM_OPTIONS)
        self.tables = rng.random((2, size, size, NUM_OPTIONS.max(), NUM_OPTIONS.max()))

    def both(self, rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
        total = np.zeros((len(rows), 2))
        for i, j in itertools.combinations(range(rows.shape[1]), 2):
            total += self.tables[:, i, j, rows[:, i], rows[:, j]].T
        return total

    def error(self, rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        return self.both(rows)[:, 0]

    def cost(self, rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        return self.both(rows)[:, 1]

    def limited(self, share: float, exclude: Int8[np.ndarray, "e d"] | None = None) -> Problem:
        """The cheapest `share` of the space is feasible."""
        limit = np.quantile(self.cost(EVERYTHING), share)
        return Problem(
            num_options=NUM_OPTIONS,
            ordered=np.array([True, True, False, True, False, False]),
            constraints=lambda rows: self.cost(rows)[:, None] - limit,
            exclude=exclude,
        )


def search(
    rugged: Rugged, problem: Problem, *, seed: int = 0, top_k: int = 1, population: int = 64, generations: int = 15
) -> Found:
    initial = EVERYTHING[problem.is_feasible(EVERYTHING)][:3]
    rng = np.random.default_rng(seed)
    return minimise(
        rugged.error, problem, initial=initial, rng=rng, top_k=top_k, population=population, generations=generations
    )


def as_set(rows: Int8[np.ndarray, "n d"]) -> set[tuple[int, ...]]:
    return set(map(tuple, rows.tolist()))


@pytest.mark.parametrize("seed", range(5))
def test_finds_the_optimum_of_the_whole_space(seed: int) -> None:
    rugged = Rugged(seed)
    found = search(rugged, Problem(num_options=NUM_OPTIONS))
    assert found.values[0] == rugged.error(EVERYTHING).min()


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
@pytest.mark.parametrize("seed", range(3))
def test_finds_the_best_feasible_ones_in_order(seed: int, share: float) -> None:
    rugged = Rugged(seed)
    problem = rugged.limited(share)
    feasible = EVERYTHING[problem.is_feasible(EVERYTHING)]
    found = search(rugged, problem, top_k=3, population=256, generations=20)
    np.testing.assert_array_equal(found.values, np.sort(rugged.error(feasible))[:3])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.02, 1.0))
def test_what_is_found_is_feasible_distinct_sorted_and_not_excluded(seed: int, share: float) -> None:
    rugged = Rugged(seed)
    exclude = EVERYTHING[np.random.default_rng(seed).integers(len(EVERYTHING), size=100)]
    problem = rugged.limited(share, exclude)
    found = search(rugged, problem, seed=seed, top_k=40, generations=6)
    assert problem.is_feasible(found.architectures).all()
    assert len(as_set(found.architectures)) == len(found.architectures)
    assert not as_set(found.architectures) & as_set(exclude)
    np.testing.assert_array_equal(found.values, np.sort(rugged.error(found.architectures)))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_more_generations_never_worsen(seed: int) -> None:
    rugged = Rugged(seed)
    problem = rugged.limited(0.3)
    best = [search(rugged, problem, seed=seed, population=8, generations=g).values[0] for g in (0, 1, 2, 5, 10)]
    assert best == sorted(best, reverse=True)


def test_the_same_generator_gives_the_same_answer() -> None:
    rugged = Rugged(0)
    first, second = (search(rugged, rugged.limited(0.3), seed=4, top_k=5) for _ in range(2))
    np.testing.assert_array_equal(first.architectures, second.architectures)
    assert first.num_scored == second.num_scored


def test_every_architecture_excluded_leaves_nothing() -> None:
    found = search(Rugged(0), Problem(num_options=NUM_OPTIONS, exclude=EVERYTHING))
    assert found.architectures.shape == (0, len(NUM_OPTIONS))


def test_the_objective_only_sees_distinct_feasible_rows() -> None:
    rugged = Rugged(1)
    problem = rugged.limited(0.2)
    num_seen = 0

    def watched(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        nonlocal num_seen
        num_seen += len(rows)
        assert len(rows) and problem.is_feasible(rows).all()
        assert len(as_set(rows)) == len(rows)
        return rugged.error(rows)

    initial = EVERYTHING[problem.is_feasible(EVERYTHING)][[0, 0, 1]]
    found = minimise(watched, problem, initial=initial, rng=np.random.default_rng(0), population=32, generations=10)
    assert found.num_scored == num_seen


def test_infeasible_seeds_are_left_out() -> None:
    rugged = Rugged(2)
    problem = rugged.limited(0.1)
    found = minimise(rugged.error, problem, initial=EVERYTHING, rng=np.random.default_rng(0), generations=0)
    assert found.values[0] == rugged.error(EVERYTHING[problem.is_feasible(EVERYTHING)]).min()


@pytest.mark.parametrize("seed", range(3))
def test_the_front_is_that_of_the_whole_feasible_space(seed: int) -> None:
    rugged = Rugged(seed)
    problem = rugged.limited(0.7)
    feasible = rugged.both(EVERYTHING[problem.is_feasible(EVERYTHING)])
    initial = EVERYTHING[problem.is_feasible(EVERYTHING)][:3]
    rng = np.random.default_rng(0)
    found = front(rugged.both, problem, initial=initial, rng=rng, population=128, generations=40)
    expected = np.unique(feasible[front_mask(feasible)], axis=0)
    np.testing.assert_allclose(found.values, expected)
    np.testing.assert_array_equal(found.values, rugged.both(found.architectures))


def test_the_front_leaves_out_what_is_excluded() -> None:
    rugged = Rugged(0)
    best = EVERYTHING[front_mask(rugged.both(EVERYTHING))]
    problem = Problem(num_options=NUM_OPTIONS, exclude=best)
    found = front(rugged.both, problem, initial=best, rng=np.random.default_rng(0), population=64, generations=10)
    assert len(found.architectures) and not as_set(found.architectures) & as_set(best)
    assert front_mask(found.values).all()


def test_a_front_keeps_one_architecture_per_point() -> None:
    def constant(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
        return np.zeros((len(rows), 2))

    problem = Problem(num_options=NUM_OPTIONS)
    found = front(constant, problem, initial=EVERYTHING[:5], rng=np.random.default_rng(0), population=16, generations=3)
    assert len(found.architectures) == 1


def test_nothing_feasible_to_start_from_is_refused() -> None:
    problem = Problem(num_options=NUM_OPTIONS, constraints=lambda rows: np.ones((len(rows), 1)))
    with pytest.raises(ValueError, match="none of the 7 initial ones meets every constraint; sample them"):
        search_from(problem, EVERYTHING[:7])


def test_a_constraint_that_is_nan_is_not_met() -> None:
    problem = Problem(num_options=NUM_OPTIONS, constraints=lambda rows: np.full((len(rows), 1), np.nan))
    assert not problem.is_feasible(EVERYTHING).any()


def test_a_row_outside_the_space_is_refused() -> None:
    outside = EVERYTHING[:2].copy()
    outside[1, 3] = 5
    with pytest.raises(ValueError, match="decision 3 has options 0 to 4, got 5 in initial row 1"):
        search_from(Problem(num_options=NUM_OPTIONS), outside)


def test_an_objective_that_gives_nan_is_refused() -> None:
    def broken(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        return np.full(len(rows), np.nan)

    with pytest.raises(ValueError, match=r"got NaN for \[0, 0, 0, 0, 0, 0\]; check the predictor"):
        minimise(broken, Problem(num_options=NUM_OPTIONS), initial=EVERYTHING[:1], rng=np.random.default_rng(0))


def search_from(problem: Problem, initial: Int8[np.ndarray, "n d"]) -> Found:
    return minimise(Rugged(0).error, problem, initial=initial, rng=np.random.default_rng(0))


def test_a_space_without_a_choice_has_one_answer() -> None:
    def zero(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        return np.zeros(len(rows))

    only = np.zeros((1, 3), np.int8)
    problem = Problem(num_options=np.ones(3, int), ordered=np.ones(3, bool))
    found = minimise(zero, problem, initial=only, rng=np.random.default_rng(0), population=8, generations=3)
    np.testing.assert_array_equal(found.architectures, only)
