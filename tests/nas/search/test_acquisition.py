"""Expected improvement against numerical integration, and the stretched scale's laws."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from nas.search.acquisition import log_expected_improvement, stretch


@pytest.mark.parametrize("mean", [-3.0, 0.0, 0.99, 1.01, 2.0, 6.0])
@pytest.mark.parametrize("std", [0.5, 1.0, 3.0])
def test_it_is_the_integral_over_what_is_better(mean: float, std: float) -> None:
    integral, _ = quad(lambda y: (1.0 - y) * norm.pdf(y, mean, std), mean - 40 * std, 1.0, epsabs=0, limit=200)
    found = log_expected_improvement(np.array([mean]), np.array([std]), 1.0)
    np.testing.assert_allclose(np.exp(found), integral, rtol=1e-6)


def test_far_away_it_is_finite_smooth_and_falls() -> None:
    mean = np.concatenate([np.linspace(0.0, 50.0, 5001), np.geomspace(60.0, 1e9, 200)])
    found = log_expected_improvement(mean, np.ones_like(mean), 0.0)
    assert np.isfinite(found).all() and (np.diff(found) < 0).all()
    assert np.abs(np.diff(found[:5001], n=3)).max() < 1e-3  # no step where one form takes over from the other


def test_far_away_it_follows_the_expansion() -> None:
    z = np.array([30.0, 300.0])
    expansion = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) - 2 * np.log(z) + np.log1p(-3 / z**2 + 15 / z**4)
    np.testing.assert_allclose(log_expected_improvement(z, np.ones(2), 0.0), expansion, rtol=1e-9)


def test_it_does_not_depend_on_the_unit() -> None:
    mean, std = np.array([0.3, 1.4, 9.0]), np.array([0.1, 0.6, 2.0])
    scaled = log_expected_improvement(1000 * mean, 1000 * std, 500.0)
    np.testing.assert_allclose(scaled - np.log(1000), log_expected_improvement(mean, std, 0.5))


def test_stretching_keeps_the_order_and_forgets_the_unit() -> None:
    y = np.random.default_rng(0).gamma(0.5, size=200)
    np.testing.assert_array_equal(np.argsort(stretch(y)), np.argsort(y))
    np.testing.assert_allclose(stretch(1e6 * y - 3e7), stretch(y), atol=1e-6)


def test_stretching_magnifies_the_best_and_packs_the_tail() -> None:
    y = np.array([0.0, 0.1, 1.0, 2.0, 50.0, 50.1])
    stretched = stretch(y)
    assert stretched[1] - stretched[0] > 20 * (stretched[5] - stretched[4])


@pytest.mark.parametrize("y", [[], [3.0], [2.0, 2.0, 2.0]])
def test_without_two_distinct_values_there_is_nothing_to_stretch(y: list[float]) -> None:
    np.testing.assert_array_equal(stretch(np.array(y)), np.zeros(len(y)))


def test_when_most_values_equal_the_best_the_rest_still_stand_apart() -> None:
    np.testing.assert_allclose(stretch(np.array([1.0, 1.0, 1.0, 3.0])), np.log([0.25, 0.25, 0.25, 1.25]))
