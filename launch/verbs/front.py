"""`nas front`: the Pareto front of a run's trained architectures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from launch.folder import RunFolder
from launch.pricing import Pricing
from launch.session import Session, open_session
from launch.tables import number, table
from nas.pareto import front_mask
from nas.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A trained architecture on the two axes; `on_front` if nothing trained at its fidelity dominates it."""

    trial: Trial
    x: float
    y: float
    on_front: bool


def run(*, run: Path, x: str, y: str, as_json: bool) -> int:
    session = open_session(RunFolder(path=run))
    pricing = session.pricing()
    points = [point for point in points_of(session.trials("search"), pricing, x, y) if point.on_front]
    if as_json:
        print(
            json.dumps(
                {"run": str(run), "x": x, "y": y, "front": [_record(p, session, pricing) for p in points]}, indent=1
            )
        )
    else:
        rows = [[f"{p.trial.phase}-{p.trial.ticket}", number(p.x), number(p.y), p.trial.origin] for p in points]
        print(table(["trial", x, y, "origin"], rows))
    return 0


def points_of(trials: list[Trial], pricing: Pricing, x: str, y: str) -> list[Point]:
    """Complete trials of one phase by ascending x; both axes are minimised.

    Raises:
      ValueError: an axis is neither a resource nor a metric of the run, or nothing is complete.
    """
    complete = [trial for trial in trials if trial.state == "complete"]
    if not complete:
        raise ValueError("the run has no complete trial yet; let the search run first")
    values = np.array([[value_of(trial, pricing, axis) for axis in (x, y)] for trial in complete])
    mask = front_mask(values)
    points = [
        Point(trial=trial, x=float(row[0]), y=float(row[1]), on_front=bool(on))
        for trial, row, on in zip(complete, values, mask, strict=True)
    ]
    return sorted(points, key=lambda point: (point.x, point.y))


def value_of(trial: Trial, pricing: Pricing, axis: str) -> float:
    """A metric as measured, or a resource as counted.

    Raises:
      ValueError: the axis is unknown.
    """
    if axis in trial.metrics:
        return trial.metrics[axis]
    if axis in pricing.tables:
        return pricing.costs(trial.architecture)[axis]
    known = ", ".join([*trial.metrics, *pricing.tables])
    raise ValueError(f"an axis is a metric or a resource of the run, got {axis!r}; known: {known}")


def _record(point: Point, session: Session, pricing: Pricing) -> Mapping[str, Any]:
    return {
        "trial": f"{point.trial.phase}-{point.trial.ticket}",
        "x": point.x,
        "y": point.y,
        "origin": point.trial.origin,
        "architecture": list(point.trial.architecture),
        "decisions": session.experiment.space.decisions(point.trial.architecture),
        "resources": pricing.costs(point.trial.architecture),
        "metrics": dict(point.trial.metrics),
    }
