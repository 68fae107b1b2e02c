"""Fronts and hypervolumes against brute force, closed forms and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jaxtyping import Bool, Float

from nas.genetic.pareto import (
    crowding_distances,
    front_mask,
    front_ranks,
    hypervolume,
    knee,
    spread_out,
    strictly_dominated,
)

SMALL_INTEGERS = st.integers(0, 4).map(float)
"""Few values, so that ties and duplicates are the rule."""
SHAPES = st.tuples(st.integers(0, 12), st.integers(2, 4))
POINTS = SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=SMALL_INTEGERS))


def brute_force_front(points: Float[np.ndarray, "n m"]) -> Bool[np.ndarray, "n"]:
    no_worse = (points[:, None] <= points[None]).all(axis=2)
    better = (points[:, None] < points[None]).any(axis=2)
    return np.asarray(~(no_worse & better).any(axis=0))


def brute_force_volume(points: Float[np.ndarray, "n m"], side: int) -> float:
    """Unit cells of the grid [0, side]^m whose lower corner is dominated."""
    corners = np.stack(np.meshgrid(*[np.arange(side)] * points.shape[1], indexing="ij"), axis=-1)
    cells = corners.reshape(-1, points.shape[1])
    return float((points[:, None] <= cells[None]).all(axis=2).any(axis=0).sum())


@given(points=POINTS)
def test_front_is_what_brute_force_says(points: Float[np.ndarray, "n m"]) -> None:
    np.testing.assert_array_equal(front_mask(points), brute_force_front(points))


@given(points=POINTS)
def test_keeping_one_of_each_equal_leaves_the_distinct_front(points: Float[np.ndarray, "n m"]) -> None:
    kept = points[front_mask(points, keep_equal=False)]
    assert len(np.unique(kept, axis=0)) == len(kept)
    np.testing.assert_array_equal(np.unique(kept, axis=0), np.unique(points[front_mask(points)], axis=0))


@given(points=POINTS, seed=st.integers(0, 1000))
def test_front_depends_neither_on_order_nor_on_duplicates(points: Float[np.ndarray, "n m"], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(points))
    np.testing.assert_array_equal(front_mask(points[order]), front_mask(points)[order])
    twice = np.concatenate([points, points])
    np.testing.assert_array_equal(front_mask(twice), np.concatenate([front_mask(points)] * 2))


@given(points=POINTS, by=POINTS)
def test_the_sieve_takes_only_what_is_dominated_and_of_two_objectives_all_but_ties(
    points: Float[np.ndarray, "n m"], by: Float[np.ndarray, "k q"]
) -> None:
    by = by[:, : points.shape[1]]
    if by.shape[1] != points.shape[1]:
        by = np.zeros((0, points.shape[1]))
    no_worse = (by[:, None] <= points[None]).all(axis=2)
    expected = (no_worse & (by[:, None, -1] < points[None, :, -1])).any(axis=0)
    found = strictly_dominated(points, by)
    np.testing.assert_array_equal(found, expected if points.shape[1] == 2 else np.zeros(len(points), bool))


@given(points=POINTS)
def test_ranks_peel_off_one_front_after_the_other(points: Float[np.ndarray, "n m"]) -> None:
    left, expected = np.ones(len(points), bool), np.zeros(len(points), int)
    for rank in range(len(points)):
        front = np.flatnonzero(left)[brute_force_front(points[left])]
        expected[front], left[front] = rank, False
    np.testing.assert_array_equal(front_ranks(points), expected)


@given(points=POINTS)
def test_hypervolume_counts_dominated_cells(points: Float[np.ndarray, "n m"]) -> None:
    volume = hypervolume(points, np.full(points.shape[1], 5.0))
    assert volume == pytest.approx(brute_force_volume(points, 5))


@given(points=POINTS, seed=st.integers(0, 1000))
def test_hypervolume_ignores_order_duplicates_and_the_dominated(points: Float[np.ndarray, "n m"], seed: int) -> None:
    reference = np.full(points.shape[1], 5.0)
    shuffled = np.random.default_rng(seed).permutation(np.concatenate([points, points]))
    assert hypervolume(shuffled, reference) == pytest.approx(hypervolume(points, reference))
    assert hypervolume(points[front_mask(points)], reference) == pytest.approx(hypervolume(points, reference))


def test_hypervolume_of_a_staircase_is_its_closed_form() -> None:
    steps = np.arange(10.0)
    assert hypervolume(np.column_stack([steps, 9.0 - steps]), np.array([10.0, 10.0])) == pytest.approx(55.0)


def test_crowding_is_infinite_at_the_ends_and_the_neighbours_gap_within() -> None:
    points = np.array([[0.0, 4.0], [1.0, 2.0], [3.0, 1.0], [4.0, 0.0], [9.0, 9.0]])
    distances = crowding_distances(points, np.array([0, 0, 0, 0, 1]))
    np.testing.assert_allclose(distances, [np.inf, 3 / 9 + 3 / 9, 3 / 9 + 2 / 9, np.inf, np.inf])


def test_crowding_is_zero_among_equals() -> None:
    distances = crowding_distances(np.ones((5, 2)), np.zeros(5, int))
    assert np.isfinite(distances).sum() >= 1
    assert (distances[np.isfinite(distances)] == 0.0).all()


@pytest.mark.parametrize("measure", [front_mask, front_ranks, lambda points: hypervolume(points, np.ones(2))])
def test_nan_is_refused(measure) -> None:  # type: ignore[no-untyped-def]  # three signatures
    with pytest.raises(ValueError, match="NaN, got one at row 1, objective 0"):
        measure(np.array([[0.0, 0.0], [np.nan, 0.0]]))


def test_a_point_beyond_the_reference_is_refused_with_the_cure() -> None:
    with pytest.raises(ValueError, match=r"2\.0 at row 0; move it to at least 2\.0"):
        hypervolume(np.array([[0.0, 2.0]]), np.array([1.0, 1.0]))


def test_an_infinite_point_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        hypervolume(np.array([[0.0, np.inf]]), np.array([1.0, np.inf]))


def test_the_knee_lies_farthest_below_the_line_between_the_ends() -> None:
    points = np.array([[0.0, 100.0], [1.0, 60.0], [2.0, 10.0], [6.0, 5.0], [10.0, 0.0]])
    start, end = points[0] / [10, 100], points[-1] / [10, 100]
    line = (end - start) / np.linalg.norm(end - start)
    offsets = points / [10, 100] - start
    below = offsets[:, 0] * line[1] - offsets[:, 1] * line[0]
    assert knee(points) == int(np.argmax(np.abs(below))) == 2
    assert knee(points * [1e9, 1e-9]) == 2, "whatever the units"
    assert knee(points[[0, 4]]) == 0 and knee(points[:1]) == 0


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.array([[np.nan, 1.0]]), np.array([[np.inf, 1.0]])])
def test_a_knee_of_what_was_not_measured_is_refused(points: Float[np.ndarray, "n 2"]) -> None:
    with pytest.raises(ValueError, match="a knee is sought among one finite point or more"):
        knee(points)


def test_points_are_spread_along_the_whole_front_the_most_important_first() -> None:
    angles = np.linspace(0, np.pi / 2, 41)
    points = 1 - np.stack([np.sin(angles), np.cos(angles)], axis=1)
    found = spread_out(points, 5).tolist()
    assert found[0] == 20, "the middle of a quarter circle alone dominates most"
    gaps = np.diff([0, *sorted(found), 40])
    assert max(gaps) <= 12 and len(set(found)) == 5
    assert spread_out(points, 3).tolist() == found[:3]
    assert sorted(spread_out(points[:4], 9).tolist()) == [0, 1, 2, 3]


def test_what_lies_beyond_the_reference_comes_last_the_nearest_first() -> None:
    points = np.array([[0.0, 9.0], [1.0, 6.0], [2.0, 3.0], [9.0, 0.0]])
    assert spread_out(points, 4, np.array([np.inf, 4.0])).tolist()[2:] == [1, 0]
    assert set(spread_out(points, 2, np.array([np.inf, 4.0])).tolist()) == {2, 3}


@given(points=POINTS)
def test_two_points_chosen_greedily_hold_three_quarters_of_the_best_two(points: Float[np.ndarray, "n m"]) -> None:
    """The bound of Nemhauser et al. 1978 for two choices; by the corner that `spread_out` takes by itself."""
    if len(points) < 2:
        return
    spread = np.ptp(points, axis=0)
    corner = points.max(axis=0) + 0.1 * spread
    best = max(hypervolume(points[[i, j]], corner) for i in range(len(points)) for j in range(i))
    assert hypervolume(points[spread_out(points, 2)], corner) >= 0.75 * best - 1e-9
