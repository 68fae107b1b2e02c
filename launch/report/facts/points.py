"""Trained architectures on two axes: which of them no other dominates, where their front bends, and what it covers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from launch.pricing import Pricing
from nas.costs import Limit
from nas.genetic import front_mask, hypervolume
from nas.genetic import knee as knee_of
from nas.record import Trial, rows

BENDS = 1e-9
"""Of the unit square, how far below the line between its ends a front's deepest point lies at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A trained architecture on the two axes.

    Attributes:
      on_front: nothing trained at its fidelity dominates it.
      meets_limits: those on costs, as predicted.
    """

    trial: Trial
    x: float
    y: float
    on_front: bool
    meets_limits: bool = True


def points_of(trials: Sequence[Trial], pricing: Pricing, x: str, y: str, limits: Sequence[Limit] = ()) -> list[Point]:
    """Complete trials of one phase by ascending x; both axes are minimised.

    Raises:
      ValueError: an axis is neither a resource nor a metric of the run, or nothing is complete.
    """
    complete = [trial for trial in trials if trial.state == "complete"]
    if not complete:
        raise ValueError("the run has no complete trial yet; let the search run first")
    values = np.stack([values_of(complete, pricing, axis) for axis in (x, y)], axis=1)
    meets = meeting(complete, pricing, limits)
    points = [
        Point(trial=trial, x=float(row[0]), y=float(row[1]), on_front=bool(on), meets_limits=bool(within))
        for trial, row, on, within in zip(complete, values, front_mask(values), meets, strict=True)
    ]
    return sorted(points, key=lambda point: (point.x, point.y))


def values_of(complete: Sequence[Trial], pricing: Pricing, axis: str) -> Float[np.ndarray, " n"]:
    """A metric as measured, or a resource as predicted from its table, of each complete trial.

    Raises:
      ValueError: the axis is unknown.
    """
    if all(axis in trial.metrics for trial in complete):
        return np.array([trial.metrics[axis] for trial in complete])
    if axis in pricing.tables:
        return pricing.tables[axis].cost(rows(complete))
    known = ", ".join([*complete[0].metrics, *pricing.tables])
    raise ValueError(f"an axis is a metric or a resource of the run, got {axis!r}; known: {known}")


def meeting(trials: Sequence[Trial], pricing: Pricing, limits: Sequence[Limit]) -> Bool[np.ndarray, "n"]:
    """Which trials meet every limit on a cost, as predicted."""
    meets = np.ones(len(trials), dtype=bool)
    for limit in limits if trials else ():
        cost = pricing.tables[limit.resource].cost(rows(trials))
        meets &= cost <= limit.bound if limit.relation == "<=" else cost >= limit.bound
    return meets


def knee(points: Sequence[Point]) -> Point | None:
    """The front's knee, see `nas.genetic.knee`; None for fewer than three points, and for one that bends nowhere."""
    front = [point for point in points if point.on_front]
    corners = np.array([[point.x, point.y] for point in front])
    if len(front) < 3 or not np.ptp(corners, axis=0).all():
        return None
    deepest = knee_of(corners)
    scaled = (corners[deepest] - corners.min(axis=0)) / np.ptp(corners, axis=0)
    return front[deepest] if 1.0 - scaled.sum() > BENDS else None


def covered(points: Sequence[Point]) -> float | None:
    """Hypervolume of the front as a share of the box between the best and the worst of all points on each axis.

    None where the box is flat.
    """
    corners = np.array([[point.x, point.y] for point in points])
    extent = np.ptp(corners, axis=0)
    if not extent.all() or not np.isfinite(extent).all():
        return None
    scaled = (corners - corners.min(axis=0)) / extent
    return hypervolume(scaled, np.ones(2))
