"""Targets of predictors: measurements, with extreme outliers drawn in towards the others.

A training that nearly diverged is a finished trial with an error of a million among errors near 0.3. Fitted as it is,
it is all that a predictor learns. Failed it has not: that it did badly is known. So it is learned as just beyond the
worst of the others. Where nothing lies that far away, nothing is changed.

    spread   the median distance from the median, 1.4826 times: a standard deviation that half of the values cannot move
    far      farther from the median than `REACH` spreads, and than the median is from 0

The second condition keeps a find among values that are nearly alike: of errors, only those beyond twice the median can
be far, and none that is small.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from nas.record import Trial, rows
from nas.search.predictor import Features, Fitted, Predictor

REACH = 10.0
SPREADS_OF_MAD = 1.4826  # a normal distribution's standard deviation, in medians of the distance from its median


def far_off(y: Float[np.ndarray, "n"], *, reach: float = REACH) -> Bool[np.ndarray, "n"]:
    """Mask of the extreme outliers among the values.

    Args:
      reach: in spreads.
    """
    if not len(y):
        return np.zeros(0, dtype=bool)
    distance = np.abs(y - np.median(y))
    far: Bool[np.ndarray, " n"] = distance > _bound(y, distance, reach)
    return far


def drawn_in(y: Float[np.ndarray, "n"], *, reach: float = REACH) -> Float[np.ndarray, "n"]:
    """The values in their order, those that are far put within a spread of the others; as they are if none is."""
    far = far_off(y, reach=reach)
    if not far.any():
        return y
    unit = _bound(y, np.abs(y - np.median(y)), reach) / reach
    low, high = float(y[~far].min()), float(y[~far].max())
    above, below = np.maximum(y - high, 0.0) / unit, np.maximum(low - y, 0.0) / unit
    drawn: Float[np.ndarray, " n"] = np.clip(y, low, high) + unit * (_packed(above) - _packed(below))
    return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustPredictor:
    """Predictor wrapper that fits to drawn-in values, so that outliers do not sway it; see `nas.search.Predictor`."""

    predictor: Predictor

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Fitted:
        return self.predictor.fit(X, drawn_in(y))


def fit_to_trials(predictor: Predictor, features: Features, complete: Sequence[Trial], objective: str) -> Fitted:
    """The predictor fitted to complete trials, in the order given; what one far-off trial measured does not sway it."""
    y = np.array([trial.metrics[objective] for trial in complete])
    return RobustPredictor(predictor=predictor).fit(features(rows(complete)), y)


def _bound(y: Float[np.ndarray, "n"], distance: Float[np.ndarray, "n"], reach: float) -> float:
    """The distance from the median beyond which a value is far."""
    bound = max(reach * SPREADS_OF_MAD * float(np.median(distance)), abs(float(np.median(y))))
    if bound == 0.0 and distance.any():  # most are 0: the rest have a spread of their own
        bound = reach * SPREADS_OF_MAD * float(np.median(distance[distance > 0]))
    return bound


def _packed(distance: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """A map of distances to [0, 1) that grows without a tie up to the largest double."""
    slow = np.log1p(np.log1p(distance))
    packed: Float[np.ndarray, " n"] = slow / (1.0 + slow)
    return packed
