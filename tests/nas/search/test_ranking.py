"""Measures of a predictor against brute force and closed forms; cross-validation at its edges."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jaxtyping import Float

from nas.search.predictor import Prediction
from nas.search.ranking import coverage, cross_validate, kendall_tau, quality, rmse, spearman, top_k_regret

VALUES = st.integers(2, 10).flatmap(lambda n: arrays(np.float64, (2, n), elements=st.integers(0, 5).map(float)))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanPredictor:
    """Learns the mean and the spread of y, and nothing else; also the fitted thing."""

    mean: float = 0.0
    std: float = 1.0

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "MeanPredictor":
        return MeanPredictor(mean=float(y.mean()), std=float(y.std()) or 1.0)

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        return Prediction(mean=self.predict_mean(X), std=np.full(len(X), self.std))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        return np.full(len(X), self.mean)

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "MeanPredictor":
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFeature:
    """Predicts the first feature as it is; never learns."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FirstFeature":
        return self

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        return Prediction(mean=self.predict_mean(X), std=np.ones(len(X)))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        return X[:, 0].copy()

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FirstFeature":
        return self


@given(pair=VALUES)
def test_tau_b_counts_pairs(pair: Float[np.ndarray, "2 n"]) -> None:
    predicted, measured = pair
    signs = [np.sign(values[:, None] - values[None])[np.triu_indices(len(values), 1)] for values in pair]
    untied = math.sqrt(float((signs[0] != 0).sum()) * float((signs[1] != 0).sum()))
    expected = float((signs[0] * signs[1]).sum()) / untied if untied else 0.0
    assert kendall_tau(predicted, measured) == pytest.approx(expected)


def test_perfect_and_reversed_rankings() -> None:
    y = np.array([3.0, 1.0, 2.0, 5.0])
    for correlation in (kendall_tau, spearman):
        assert correlation(np.exp(y), y) == pytest.approx(1.0)
        assert correlation(-y, y) == pytest.approx(-1.0)


def test_no_order_is_no_correlation() -> None:
    for correlation in (kendall_tau, spearman):
        assert correlation(np.ones(4), np.arange(4.0)) == 0.0
        assert correlation(np.arange(4.0), np.ones(4)) == 0.0
        assert correlation(np.zeros(0), np.zeros(0)) == 0.0


@given(pair=VALUES, k=st.integers(1, 12))
def test_regret_falls_with_k_and_vanishes_at_n(pair: Float[np.ndarray, "2 n"], k: int) -> None:
    predicted, measured = pair
    assert 0.0 <= top_k_regret(predicted, measured, k=k + 1) <= top_k_regret(predicted, measured, k=k)
    assert top_k_regret(predicted, measured, k=len(measured)) == 0.0


def test_regret_is_what_the_chosen_miss() -> None:
    measured = np.array([0.5, 0.1, 0.9, 0.2])
    assert top_k_regret(np.array([2.0, 9.0, 1.0, 3.0]), measured, k=2) == pytest.approx(0.4)


def test_ties_go_against_the_predictor_whatever_the_order() -> None:
    measured = np.array([0.1, 0.2, 0.3])
    assert top_k_regret(np.zeros(3), measured, k=1) == pytest.approx(0.2)
    assert top_k_regret(np.zeros(3), measured[::-1].copy(), k=1) == pytest.approx(0.2)


def test_rmse_in_the_unit_of_y() -> None:
    assert rmse(np.array([1.0, 2.0]), np.array([4.0, 6.0])) == pytest.approx(math.sqrt(12.5))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_coverage_of_an_honest_normal_prediction_is_its_level(level: float) -> None:
    rng = np.random.default_rng(0)
    mean, std = rng.normal(size=20_000), rng.uniform(0.1, 2.0, size=20_000)
    measured = mean + std * rng.standard_normal(20_000)
    assert coverage(Prediction(mean=mean, std=std), measured, level=level) == pytest.approx(level, abs=0.01)
    assert coverage(Prediction(mean=mean, std=0.1 * std), measured, level=level) < 0.2


def test_cross_validation_holds_out_every_point_once() -> None:
    rng = np.random.default_rng(0)
    X = rng.random((23, 2))
    report = cross_validate(FirstFeature(), X, X[:, 0] + 1.0, folds=5, rng=rng, top_k=3)
    assert (report.num_points, report.top_k, report.top_k_regret) == (23, 3, 0.0)
    assert report.kendall_tau == pytest.approx(1.0)
    assert report.rmse == pytest.approx(1.0)
    assert (report.coverage_50, report.coverage_80, report.coverage_95) == (0.0, 1.0, 1.0)


def test_held_out_points_are_unseen() -> None:
    y = np.arange(4.0)
    report = cross_validate(MeanPredictor(), np.zeros((4, 1)), y, folds=4, rng=np.random.default_rng(0))
    others = (y.sum() - y) / 3.0
    assert report.rmse == pytest.approx(float(np.sqrt(np.mean((others - y) ** 2))))
    assert report.kendall_tau == pytest.approx(-1.0)


def test_folds_follow_the_generator() -> None:
    rng = np.random.default_rng(3)
    X, y = rng.random((30, 2)), rng.random(30)
    reports = [cross_validate(MeanPredictor(), X, y, folds=4, rng=np.random.default_rng(s)) for s in (1, 1, 2)]
    assert reports[0] == reports[1] != reports[2]


def test_fewer_points_than_folds_are_left_out_one_by_one() -> None:
    X, y = np.zeros((3, 1)), np.arange(3.0)
    few = cross_validate(MeanPredictor(), X, y, folds=10, rng=np.random.default_rng(0))
    assert few == cross_validate(MeanPredictor(), X, y, folds=3, rng=np.random.default_rng(0))
    assert few.num_points == 3


def test_a_constant_y_has_no_ranking_and_no_regret() -> None:
    X = np.random.default_rng(0).random((8, 2))
    report = cross_validate(FirstFeature(), X, np.full(8, 0.3), folds=4, rng=np.random.default_rng(0))
    assert (report.kendall_tau, report.spearman, report.top_k_regret) == (0.0, 0.0, 0.0)
    assert math.isfinite(report.rmse)


@pytest.mark.parametrize("num_points", [0, 1])
def test_nothing_can_be_held_out_of_fewer_than_two(num_points: int) -> None:
    X, y = np.zeros((num_points, 1)), np.zeros(num_points)
    report = cross_validate(MeanPredictor(), X, y, folds=5, rng=np.random.default_rng(0))
    assert (report.num_points, report.kendall_tau) == (0, 0.0)
    assert math.isnan(report.rmse) and math.isnan(report.coverage_95)


def test_bad_arguments_name_the_rule() -> None:
    y = np.arange(3.0)
    prediction = Prediction(mean=y, std=np.ones(3))
    with pytest.raises(ValueError, match="at least 2 folds, got 1"):
        cross_validate(MeanPredictor(), np.zeros((3, 1)), y, folds=1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        quality(prediction, y, top_k=0)
    with pytest.raises(ValueError, match=r"write 95 % as 0\.95"):
        coverage(prediction, y, level=95.0)
    with pytest.raises(ValueError, match="measured values must not be NaN, got one at row 1"):
        kendall_tau(y, np.array([0.0, np.nan, 1.0]))


def test_the_order_near_a_limit_is_judged_by_itself() -> None:
    """Right over all because costs differ, wrong among those at the limit."""
    measured = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0])
    predicted = np.array([0.5, 0.4, 0.3, 0.2, 0.1, 1.0, 2.0, 3.0, 4.0, 5.0])
    prediction = Prediction(mean=predicted, std=np.ones(10))
    near = np.arange(10) < 5
    found = quality(prediction, measured, near=near)
    assert found.num_near_limit == 5 and found.tau_near_limit == pytest.approx(-1.0) and found.kendall_tau > 0.4
    few = quality(prediction, measured, near=np.arange(10) < 4)
    assert (few.num_near_limit, few.tau_near_limit) == (4, None)
    assert quality(prediction, measured).num_near_limit == 0
