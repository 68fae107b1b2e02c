"""Calibration curve of a predictor: the share of trials inside its intervals, at every level."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from launch.report.facts.intervals import Interval, share
from nas.search import Prediction, coverage

LEVELS = (0.50, 0.80, 0.95)
CURVE = tuple(level / 100 for level in range(2, 100, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Coverage of prediction intervals over levels.

    Attributes:
      shares: of measurements inside the intervals of `LEVELS`, as if each were drawn alone.
      curve: the same shares at the levels of `CURVE`.
    """

    num_points: int
    shares: tuple[Interval, ...]
    curve: tuple[float, ...]


def calibration(prediction: Prediction, measured: Float[np.ndarray, "n"]) -> Calibration:
    """Calibration of predictions against measurements, of which there must be at least one."""
    inside = [coverage(prediction, measured, level=level) for level in LEVELS]
    return Calibration(
        num_points=len(measured),
        shares=tuple(share(value, len(measured)) for value in inside),
        curve=tuple(coverage(prediction, measured, level=level) for level in CURVE),
    )
