"""Trained architectures on two axes, and which of them no other dominates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from launch.pricing import Pricing
from nas.genetic import front_mask
from nas.record import Trial, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A trained architecture on the two axes; `on_front` if nothing trained at its fidelity dominates it."""

    trial: Trial
    x: float
    y: float
    on_front: bool


def points_of(trials: Sequence[Trial], pricing: Pricing, x: str, y: str) -> list[Point]:
    """Complete trials of one phase by ascending x; both axes are minimised.

    Raises:
      ValueError: an axis is neither a resource nor a metric of the run, or nothing is complete.
    """
    complete = [trial for trial in trials if trial.state == "complete"]
    if not complete:
        raise ValueError("the run has no complete trial yet; let the search run first")
    values = np.stack([values_of(complete, pricing, axis) for axis in (x, y)], axis=1)
    points = [
        Point(trial=trial, x=float(row[0]), y=float(row[1]), on_front=bool(on))
        for trial, row, on in zip(complete, values, front_mask(values), strict=True)
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
