"""What every file in `predictors/` promises, whoever wrote it: shapes, units, bad data, and what pending points do."""

import numpy as np
import pytest
from jaxtyping import Float

from nas.plugins import PREDICTORS
from nas.search import Fitted, Predictor
from nas.search.ranking import cross_validate
from predictors.auto import Auto

FEW = ("gp", "ridge")
"""Of what `auto` chooses from: each is here by itself, and a fit of all seven takes as long as all other tests."""


@pytest.fixture(params=PREDICTORS.keys())
def predictor(request: pytest.FixtureRequest) -> Predictor:
    found = PREDICTORS.load(request.param)
    assert isinstance(found, Predictor)
    return Auto(members={name: found.members[name] for name in FEW}) if isinstance(found, Auto) else found


def sample(num_points: int, seed: int = 0) -> tuple[Float[np.ndarray, "n 6"], Float[np.ndarray, "n"]]:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (num_points, 6)) / 3.0
    return X, X @ np.array([3.0, 2.0, 1.0, 0.5, 0.0, 0.0]) + 0.1 * rng.standard_normal(num_points)


@pytest.mark.slow
def test_it_fits_to_a_fitted_one(predictor: Predictor) -> None:
    assert isinstance(predictor.fit(*sample(10)), Fitted)


@pytest.mark.parametrize("num_points", [1, 2, 3, 15, 60])
def test_shapes_are_right_and_std_is_positive(predictor: Predictor, num_points: int) -> None:
    fitted = predictor.fit(*sample(num_points))
    X, _ = sample(37, seed=1)
    prediction = fitted.predict(X)
    assert prediction.mean.shape == prediction.std.shape == (37,)
    assert np.isfinite(prediction.mean).all() and np.isfinite(prediction.std).all()
    assert (prediction.std > 0).all()
    np.testing.assert_allclose(fitted.predict_mean(X), prediction.mean, rtol=1e-5, atol=1e-5)


def test_no_rows_give_no_predictions(predictor: Predictor) -> None:
    prediction = predictor.fit(*sample(10)).predict(np.zeros((0, 6)))
    assert prediction.mean.shape == prediction.std.shape == (0,)


def test_float32_will_do(predictor: Predictor) -> None:
    X, y = sample(20)
    fitted = predictor.fit(X, y)
    np.testing.assert_allclose(fitted.predict_mean(X.astype(np.float32)), fitted.predict_mean(X), atol=0.05)
    coarse = predictor.fit(X.astype(np.float32), y.astype(np.float32))
    np.testing.assert_allclose(coarse.predict_mean(X), fitted.predict_mean(X), atol=0.1 * y.std())


def test_the_same_data_give_the_same_predictions(predictor: Predictor) -> None:
    X, _ = sample(20, seed=1)
    first, second = (predictor.fit(*sample(25)).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.std, second.std)


def test_fitting_and_predicting_change_nothing_they_are_given(predictor: Predictor) -> None:
    X, y = sample(25)
    X_before, y_before = X.copy(), y.copy()
    predictor.fit(X, y).fantasise(X[:2]).predict(X)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


def test_the_unit_of_y_does_not_matter(predictor: Predictor) -> None:
    X, y = sample(25)
    unit = 2.0**20  # a power of two rounds nothing, and rounding may turn a tie between two splits of a tree
    prediction, scaled = predictor.fit(X, y).predict(X), predictor.fit(X, unit * y).predict(X)
    np.testing.assert_allclose(scaled.mean, unit * prediction.mean)
    np.testing.assert_allclose(scaled.std, unit * prediction.std)


@pytest.mark.parametrize("unit", [1e9, 1e-9])
def test_huge_and_tiny_units_are_no_trouble(predictor: Predictor, unit: float) -> None:
    X, y = sample(25)
    prediction = predictor.fit(unit * X, unit * y).predict(unit * X)
    assert np.corrcoef(prediction.mean, y)[0, 1] > 0.7
    assert (prediction.std < 2.0 * unit * y.std()).all()
    assert (prediction.std > 0.0).all()


def test_the_units_of_the_features_do_not_matter(predictor: Predictor) -> None:
    X, y = sample(25)
    units = 2.0 ** np.array([30, -30, 20, 0, -10, 5])  # powers of two, for the same reason
    prediction, scaled = predictor.fit(X, y).predict(X), predictor.fit(units * X, y).predict(units * X)
    np.testing.assert_allclose(scaled.mean, prediction.mean)
    np.testing.assert_allclose(scaled.std, prediction.std)


@pytest.mark.parametrize("num_points", [1, 6])
def test_a_constant_y_is_predicted_as_it_is(predictor: Predictor, num_points: int) -> None:
    X, _ = sample(num_points)
    prediction = predictor.fit(X, np.full(num_points, 0.1)).predict(sample(9, seed=1)[0])
    np.testing.assert_allclose(prediction.mean, 0.1, atol=1e-6)
    assert (prediction.std <= 2.0).all()


def test_contradictions_and_constant_features_are_data(predictor: Predictor) -> None:
    X, y = sample(10)
    X[:, 2] = 5.0
    prediction = predictor.fit(np.concatenate([X, X]), np.concatenate([y, y + 1.0])).predict(X)
    assert np.isfinite(prediction.mean).all()
    assert (prediction.std > 0.1).all()


def test_features_that_tell_nothing_leave_the_mean_and_the_spread_of_y(predictor: Predictor) -> None:
    y = np.random.default_rng(0).normal(5.0, 2.0, 40)
    prediction = predictor.fit(np.ones((40, 3)), y).predict(np.ones((1, 3)))
    assert prediction.mean[0] == pytest.approx(y.mean(), abs=0.3 * y.std())
    assert prediction.std[0] == pytest.approx(y.std(), rel=0.3)


@pytest.mark.parametrize("num_points", [2, 5])
def test_fewer_points_than_features_are_enough(predictor: Predictor, num_points: int) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 4, (num_points, 40)) / 3.0, rng.standard_normal(num_points)
    prediction = predictor.fit(X, y).predict(rng.integers(0, 4, (50, 40)) / 3.0)
    assert (np.abs(prediction.mean - y.mean()) < 5.0 * y.std()).all()
    assert (prediction.std > 0.0).all() and (prediction.std < 10.0 * y.std()).all()


def test_it_learns(predictor: Predictor) -> None:
    X, y = sample(60)
    quality = cross_validate(predictor, X, y, folds=5, rng=np.random.default_rng(0))
    assert quality.kendall_tau > 0.5
    assert quality.rmse < y.std()
    assert quality.coverage_95 > 0.85


def test_believing_in_nothing_changes_nothing(predictor: Predictor) -> None:
    X, y = sample(20)
    fitted = predictor.fit(X, y)
    same = fitted.fantasise(np.zeros((0, 6)))
    np.testing.assert_allclose(same.predict(X).std, fitted.predict(X).std, rtol=1e-6)


def test_believing_shrinks_the_uncertainty_of_the_believed_on_average(predictor: Predictor) -> None:
    X, y = sample(30)
    pending, _ = sample(8, seed=2)
    fitted = predictor.fit(X, y)
    believed = fitted.fantasise(pending)
    assert believed.predict(pending).std.mean() < fitted.predict(pending).std.mean()
    assert np.abs(believed.predict_mean(pending) - fitted.predict_mean(pending)).max() < y.std()


def test_bad_data_are_refused_by_name(predictor: Predictor) -> None:
    X, y = sample(5)
    holed, broken = X.copy(), y.copy()
    holed[2, 3], broken[4] = np.nan, np.inf
    with pytest.raises(ValueError, match="X must be finite, got nan at row 2, feature 3"):
        predictor.fit(holed, y)
    with pytest.raises(ValueError, match="y must be finite, got inf at row 4"):
        predictor.fit(X, broken)
    with pytest.raises(ValueError, match="at least one point, got none"):
        predictor.fit(X[:0], y[:0])
    fitted = predictor.fit(X, y)
    with pytest.raises(ValueError, match="X must be finite, got nan at row 2, feature 3"):
        fitted.predict(holed)
    with pytest.raises(ValueError, match="X must have the 6 features of the training data, got 4"):
        fitted.predict(X[:, :4])
    with pytest.raises(ValueError, match="X must be finite"):
        fitted.fantasise(holed)
