"""Calibration counts what lies inside; an honest prediction is calibrated at every level."""

import numpy as np
import pytest

from launch.report.facts.calibration_curve import CURVE, LEVELS, calibration
from nas.search import Prediction


def test_shares_count_measurements_inside() -> None:
    """Half-widths are 0.674, 1.282 and 1.960 standard deviations."""
    found = calibration(Prediction(mean=np.zeros(4), std=np.full(4, 2.0)), np.array([0.0, -1.4, 2.5, 4.0]))
    assert [one.value for one in found.shares] == [0.25, 0.75, 0.75]
    found = calibration(Prediction(mean=np.zeros(4), std=np.full(4, 2.0)), np.array([0.0, -1.3, 2.6, 3.9]))
    assert [one.value for one in found.shares] == [0.5, 0.5, 1.0]
    assert found.num_points == 4


@pytest.mark.parametrize(("factor", "sign"), [(1.0, 0), (0.5, -1), (2.0, 1)])
def test_claims_that_are_too_narrow_hold_less_and_wide_ones_more(factor: float, sign: int) -> None:
    rng = np.random.default_rng(0)
    measured = rng.normal(size=4000)
    found = calibration(Prediction(mean=np.zeros(4000), std=np.full(4000, factor)), measured)
    excess = np.array(found.curve)[5:-5] - np.array(CURVE)[5:-5]
    assert np.abs(excess).max() < 0.03 if sign == 0 else (sign * excess).min() > 0.02
    inside = [one.low <= level <= one.high for level, one in zip(LEVELS, found.shares, strict=True)]
    assert all(inside) if sign == 0 else not any(inside)
