"""The choice among predictors: it takes those that rank, and says so."""

from dataclasses import dataclass

import numpy as np
import pytest
from jaxtyping import Float

from nas.search import Fitted, Prediction, Predictor, Reasoned
from predictors.auto import MIN_POINTS, PREDICTOR, Auto, Member
from predictors.ridge import PREDICTOR as RIDGE


@dataclass(frozen=True)
class Backwards:
    """Ridge with its order turned around, `wide` times as unsure."""

    wide: float = 1.0
    shift: float = 0.0

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Fitted:
        return Turned(RIDGE.fit(X, y), self.wide, self.shift)


@dataclass(frozen=True)
class Turned:
    fitted: Fitted
    wide: float
    shift: float

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        return Prediction(mean=self.predict_mean(X), std=self.wide * self.fitted.predict(X).std)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        mean = self.fitted.predict_mean(X)
        return self.shift + (mean if self.shift else -mean)

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> Fitted:
        return Turned(self.fitted.fantasise(X_pending), self.wide, self.shift)


def data(num_points: int, seed: int = 0) -> tuple[Float[np.ndarray, "n 4"], Float[np.ndarray, "n"]]:
    rng = np.random.default_rng(seed)
    X = rng.random((num_points, 4))
    return X, X @ np.array([3.0, 2.0, 1.0, 0.0]) + 0.1 * rng.standard_normal(num_points)


def among(**predictors: Predictor) -> Auto:
    return Auto(members={name: Member(predictor=p) for name, p in predictors.items()}, fallback=next(iter(predictors)))


def test_one_that_ranks_backwards_is_left_out_and_the_reason_says_so() -> None:
    X, y = data(60)
    fitted = among(backwards=Backwards(), ridge=RIDGE).fit(X, y)
    assert fitted.names == ("ridge",) and isinstance(fitted, Reasoned)
    assert fitted.reason.startswith("ridge: the best of 2 by cross-validated Kendall tau on 60 points")
    assert "backwards -0.9" in fitted.reason and "ridge 0.9" in fitted.reason
    np.testing.assert_array_equal(fitted.predict(X).mean, RIDGE.fit(X, y).predict(X).mean)


def test_equals_answer_together_as_a_mixture() -> None:
    X, y = data(60)
    fitted = among(ridge=RIDGE, shifted=Backwards(wide=3.0, shift=2.0)).fit(X, y)
    assert fitted.names == ("ridge", "shifted")
    alone, found = RIDGE.fit(X, y).predict(X), fitted.predict(X)
    np.testing.assert_allclose(found.mean, alone.mean + 1.0)
    np.testing.assert_allclose(fitted.predict_mean(X), found.mean)
    # The mixture of two normals 2 apart: half of each variance, and the variance of the two means, which is 1.
    np.testing.assert_allclose(found.std**2, (1 + 9) / 2 * alone.std**2 + 1.0)


@pytest.mark.slow  # two dozen networks and forests
def test_every_member_is_asked_and_together_they_learn() -> None:
    (X, y), (unseen, truth) = data(60), data(40, seed=1)
    fitted = PREDICTOR.fit(X, y)
    assert all(f"{name} " in fitted.reason for name in PREDICTOR.members)
    assert np.corrcoef(fitted.predict_mean(unseen), truth)[0, 1] > 0.9


@pytest.mark.parametrize("num_points", [1, MIN_POINTS - 1])
def test_too_few_points_are_the_fallback_s_alone(num_points: int) -> None:
    fitted = PREDICTOR.fit(*data(num_points))
    assert fitted.names == ("gp",)
    assert fitted.reason == f"gp: {num_points} points, all alike or too few to compare predictors on"


def test_constant_results_leave_nothing_to_choose() -> None:
    X, _ = data(30)
    assert "all alike" in PREDICTOR.fit(X, np.full(30, 7.0)).reason


@pytest.mark.slow
def test_products_of_features_are_no_work_for_a_line() -> None:
    rng = np.random.default_rng(1)
    X = rng.choice([-1.0, 1.0], (80, 6))
    y = X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3] + 0.1 * rng.standard_normal(80)
    assert "ridge" not in PREDICTOR.fit(X, y).names


def test_a_member_outside_its_range_does_not_take_part() -> None:
    X, y = data(30)
    members = {"ridge": Member(predictor=RIDGE), "late": Member(predictor=Backwards(shift=2.0), least=31)}
    assert Auto(members=members, fallback="ridge").fit(X, y).names == ("ridge",)


def test_pending_points_narrow_every_member() -> None:
    X, y = data(40)
    fitted = among(ridge=RIDGE, shifted=Backwards(shift=2.0)).fit(X, y)
    believed = fitted.fantasise(X[:5] + 2.0)
    assert believed.names == fitted.names and believed.reason == fitted.reason
    assert (believed.predict(X[:5] + 2.0).std < fitted.predict(X[:5] + 2.0).std).all()
