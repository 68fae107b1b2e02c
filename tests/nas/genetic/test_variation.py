"""Each operator's promise: crossover mixes, mutation stays inside, repair arrives, hashes tell rows apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Bool, Int8

from nas.genetic.variation import MUTATIONS_PER_CHILD, crossover, first_of_each, hash_rows, mutate, repair

NUM_OPTIONS = np.array([12] * 6 + [1] + [3] * 5)
NOBODY = np.zeros(0, np.int64)


def sample(num_rows: int, seed: int) -> Int8[np.ndarray, "n d"]:
    rng = np.random.default_rng(seed)
    return rng.integers(NUM_OPTIONS, size=(num_rows, len(NUM_OPTIONS))).astype(np.int8)


def test_crossover_takes_every_decision_from_either_parent_evenly() -> None:
    mothers, fathers = np.zeros((5000, 12), np.int8), np.ones((5000, 12), np.int8)
    children = crossover(mothers, fathers, np.random.default_rng(0))
    assert set(np.unique(children)) == {0, 1}
    np.testing.assert_allclose(children.mean(axis=0), 0.5, atol=0.03)


@given(seed=st.integers(0, 10_000), ordered=st.booleans())
def test_mutation_stays_inside_and_leaves_the_original(seed: int, ordered: bool) -> None:
    rows = sample(50, seed)
    before = rows.copy()
    mutated = mutate(rows, NOBODY, NUM_OPTIONS, np.full(len(NUM_OPTIONS), ordered), np.random.default_rng(seed))
    assert ((mutated >= 0) & (mutated < NUM_OPTIONS)).all()
    np.testing.assert_array_equal(rows, before)


def test_mutation_changes_as_many_decisions_as_it_says_and_reaches_every_option() -> None:
    rows = np.full((20_000, len(NUM_OPTIONS)), 2, np.int8)
    rows[:, NUM_OPTIONS == 1] = 0
    changed = mutate(rows, NOBODY, NUM_OPTIONS, None, np.random.default_rng(0))
    assert (changed != rows).sum() / len(rows) == pytest.approx(MUTATIONS_PER_CHILD, rel=0.05)
    assert set(np.unique(changed[:, 0])) == set(range(12))


def test_ordered_decisions_prefer_their_neighbours() -> None:
    rows = np.full((20_000, len(NUM_OPTIONS)), 2, np.int8)
    rows[:, NUM_OPTIONS == 1] = 0
    changed = mutate(rows, NOBODY, NUM_OPTIONS, np.ones(len(NUM_OPTIONS), bool), np.random.default_rng(0))
    moves = (changed - rows)[:, NUM_OPTIONS == 12]
    assert np.mean(np.abs(moves[moves != 0]) == 1) == pytest.approx(0.5 + 0.5 * 2 / 11, abs=0.04)


@pytest.mark.parametrize("ordered", [None, np.ones(len(NUM_OPTIONS), bool)])
def test_whoever_must_mutate_does(ordered: np.ndarray | None) -> None:
    rows, always = sample(1000, 0), np.arange(0, 1000, 2)
    changed = (mutate(rows, always, NUM_OPTIONS, ordered, np.random.default_rng(0)) != rows).sum(axis=1)
    assert (changed[always] >= 1).all()
    assert (changed[1::2] == 0).mean() > 0.5


@given(seed=st.integers(0, 10_000), limit=st.integers(0, 40))
def test_repair_arrives_at_feasible_mixtures_of_child_and_parent(seed: int, limit: int) -> None:
    def is_feasible(rows: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, "n"]:
        return np.asarray(rows.sum(axis=1) <= limit)

    children, parents = sample(40, seed), np.zeros((40, len(NUM_OPTIONS)), np.int8)
    children = children[~is_feasible(children)]
    parents = parents[: len(children)]
    repaired = repair(children, parents, is_feasible, np.random.default_rng(seed))
    assert is_feasible(repaired).all()
    assert ((repaired == children) | (repaired == parents)).all()


def test_repair_stops_at_the_edge_where_feasibility_is_monotone() -> None:
    """Unit costs: a child of cost 12 under limit 7 must give up exactly five decisions."""

    def is_feasible(rows: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, "n"]:
        return np.asarray(rows.sum(axis=1) <= 7)

    children, parents = np.ones((30, 12), np.int8), np.zeros((30, 12), np.int8)
    repaired = repair(children, parents, is_feasible, np.random.default_rng(0))
    np.testing.assert_array_equal(repaired.sum(axis=1), 7)
    assert len(np.unique(repaired, axis=0)) > 20


@given(seed=st.integers(0, 10_000), num_decisions=st.integers(1, 20))
def test_hashes_are_equal_exactly_where_rows_are(seed: int, num_decisions: int) -> None:
    rows = np.random.default_rng(seed).integers(3, size=(60, num_decisions)).astype(np.int8)
    hashes = hash_rows(rows)
    equal = (rows[:, None] == rows[None]).all(axis=2)
    np.testing.assert_array_equal(hashes[:, None] == hashes[None], equal)


@pytest.mark.slow
def test_hashes_of_a_million_similar_rows_do_not_collide() -> None:
    digits = np.arange(1_000_000)[:, None] // 10 ** np.arange(6) % 10
    rows = np.tile(digits, (1, 5)).astype(np.int8)
    assert len(np.unique(hash_rows(rows))) == len(rows)


@given(values=st.lists(st.integers(0, 5), max_size=20))
def test_first_of_each_keeps_the_earliest(values: list[int]) -> None:
    expected = [i for i, value in enumerate(values) if value not in values[:i]]
    assert first_of_each(np.array(values, dtype=np.uint64)).tolist() == expected
