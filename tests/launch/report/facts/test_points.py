"""Knee and hypervolume of points, against what a hand or brute force finds."""

import numpy as np
import pytest

from launch.report.facts import Point, covered, knee
from nas.genetic import front_mask
from tests.launch.report.synthetic import trials


def points(values: list[tuple[float, float]]) -> list[Point]:
    array = np.array(values, dtype=float)
    found = [
        Point(trial=trial, x=float(x), y=float(y), on_front=bool(on))
        for trial, (x, y), on in zip(trials([0.0] * len(values)), values, front_mask(array), strict=True)
    ]
    return sorted(found, key=lambda point: (point.x, point.y))


def test_the_knee_is_farthest_below_the_line_between_the_ends() -> None:
    found = knee(points([(0, 10), (1, 3), (4, 2), (10, 0), (9, 9)]))
    assert found is not None and (found.x, found.y) == (1, 3)


@pytest.mark.parametrize(
    "values",
    [[(1, 1)], [(0, 1), (1, 0)], [(0, 2), (1, 1), (2, 0)], [(1, 1), (1, 1), (1, 1)], [(0, 10), (9, 9), (10, 0)]],
)
def test_a_front_that_bends_nowhere_has_no_knee(values: list[tuple[float, float]]) -> None:
    assert knee(points(values)) is None


def test_the_covered_share_is_what_random_darts_hit() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((30, 2)) * [1e9, 0.1]
    low, high = values.min(axis=0), values.max(axis=0)
    darts = low + rng.random((20_000, 2)) * (high - low)
    hit = (values[None] <= darts[:, None]).all(axis=2).any(axis=1).mean()
    assert covered(points([(x, y) for x, y in values.tolist()])) == pytest.approx(hit, abs=0.02)


def test_a_flat_box_has_no_share() -> None:
    assert covered(points([(1, 1), (1, 2)])) is None and covered(points([(3, 3)])) is None
