"""95 % confidence intervals of a share and of a rank correlation."""

import math
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Float

from launch.report.view import decimals, percent
from nas.search import kendall_tau

CONFIDENCE = 0.95
NUM_RESAMPLES = 400
MIN_POINTS = 5  # a bootstrap of fewer repeats the same few rankings


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure and the ends of its interval; the ends are NaN where nothing can be said."""

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    def as_score(self) -> str:
        """Such as "0.6100 (0.48 to 0.73)"."""
        ends = f" ({self.low:.2f} to {self.high:.2f})" if self.is_known else ""
        return decimals(self.value) + ends

    def as_percent(self) -> str:
        """Such as "82% (66% to 92%)"."""
        ends = f" ({percent(self.low)} to {percent(self.high)})" if self.is_known else ""
        return percent(self.value) + ends


def share(value: float, num_points: int) -> Interval:
    """The share of points that hit, with the interval of a binomial share; NaN for no points.

    Source: Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the
    binomial".
    """
    if num_points == 0 or not math.isfinite(value):
        return Interval(value=math.nan, low=math.nan, high=math.nan)
    hits, tail = round(value * num_points), (1 - CONFIDENCE) / 2
    low = float(scipy.stats.beta.ppf(tail, hits, num_points - hits + 1)) if hits else 0.0
    high = float(scipy.stats.beta.ppf(1 - tail, hits + 1, num_points - hits)) if hits < num_points else 1.0
    return Interval(value=value, low=low, high=high)


def tau(predicted: Float[np.ndarray, "n"], measured: Float[np.ndarray, "n"], rng: np.random.Generator) -> Interval:
    """Kendall's tau-b with its bootstrap interval over points (percentiles).

    A point that a resample holds twice ties with itself on both sides, which tau-b leaves out of account. The ends are
    NaN for fewer than five points, and where one side is constant.
    """
    value, num_points = kendall_tau(predicted, measured), len(measured)
    if num_points < MIN_POINTS or min(np.ptp(predicted), np.ptp(measured)) == 0:
        return Interval(value=value, low=math.nan, high=math.nan)
    counts = rng.multinomial(num_points, np.full(num_points, 1 / num_points), size=NUM_RESAMPLES).astype(np.float64)
    low, high = np.quantile(_weighted_tau(predicted, measured, counts), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value=value, low=float(low), high=float(high))


def _weighted_tau(
    predicted: Float[np.ndarray, "n"], measured: Float[np.ndarray, "n"], counts: Float[np.ndarray, "r n"]
) -> Float[np.ndarray, "r"]:
    """Tau-b of each resample, given how often it holds each point; 0 where a side is constant."""
    signs = [np.sign(values[:, None] - values[None]) for values in (predicted, measured)]
    agreeing, *untied = (
        np.einsum("rn,rn->r", counts @ pairs, counts) for pairs in (signs[0] * signs[1], signs[0] ** 2, signs[1] ** 2)
    )
    return np.asarray(agreeing / np.sqrt(np.maximum(untied[0] * untied[1], 1.0)))
