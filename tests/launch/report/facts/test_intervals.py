"""Intervals hold the truth as often as they claim, and say nothing where nothing can be said."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from launch.report.facts.intervals import Interval, _weighted_tau, share, tau
from nas.search import kendall_tau


@pytest.mark.parametrize("probability", [0.05, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("num_points", [1, 7, 40])
def test_an_interval_of_a_share_holds_it_at_least_as_often_as_it_claims(probability: float, num_points: int) -> None:
    hits = np.arange(num_points + 1)
    found = [share(count / num_points, num_points) for count in hits.tolist()]
    holds = np.array([one.low <= probability <= one.high for one in found])
    assert binom.pmf(hits, num_points, probability)[holds].sum() >= 0.95


def test_the_ends_of_a_share_are_its_binomial_tails() -> None:
    found = share(0.8, 40)
    assert binom.sf(31, 40, found.low) == pytest.approx(0.025)
    assert binom.cdf(32, 40, found.high) == pytest.approx(0.025)
    assert share(0.0, 5).low == 0.0 and share(1.0, 5).high == 1.0


def test_weights_are_repeated_points() -> None:
    rng = np.random.default_rng(0)
    predicted, measured = rng.integers(0, 6, (2, 12)).astype(float)
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=20)
    expected = [kendall_tau(np.repeat(predicted, row), np.repeat(measured, row)) for row in counts]
    assert _weighted_tau(predicted, measured, counts.astype(float)) == pytest.approx(expected)


def test_an_interval_of_tau_holds_that_of_the_distribution() -> None:
    """A normal pair of correlation r has tau 2 / pi arcsin r (Greiner)."""
    rng, repeats, r = np.random.default_rng(1), 200, 0.6
    held = 0
    for _ in range(repeats):
        pair = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], size=40)
        found = tau(pair[:, 0], pair[:, 1], rng)
        held += found.low <= 2 / math.pi * math.asin(r) <= found.high
    assert held >= binom.ppf(0.001, repeats, 0.92)  # a bootstrap of 40 points falls a little short of 0.95


def test_nothing_is_claimed_of_a_few_points_or_of_a_constant() -> None:
    rng, rising = np.random.default_rng(0), np.arange(8.0)
    assert tau(rising[:4], rising[:4], rng).value == 1.0 and not tau(rising[:4], rising[:4], rng).is_known
    assert not tau(rising, np.ones(8), rng).is_known and tau(rising, np.ones(8), rng).value == 0.0
    assert not share(math.nan, 0).is_known


def test_intervals_are_shown_with_their_ends_if_they_have_any() -> None:
    assert Interval(value=0.61, low=0.484, high=0.726).as_score() == "0.6100 (0.48 to 0.73)"
    assert Interval(value=0.82, low=0.66, high=0.92).as_percent() == "82% (66% to 92%)"
    unknown = Interval(value=0.5, low=math.nan, high=math.nan)
    assert unknown.as_score() == "0.5000" and unknown.as_percent() == "50%"
