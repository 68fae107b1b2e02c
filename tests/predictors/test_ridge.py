"""The ridge against Bayes' rule written out."""

import numpy as np
import pytest

from predictors.ridge import PREDICTOR


def test_mean_and_std_are_bayes_rules() -> None:
    rng = np.random.default_rng(0)
    X, fresh = rng.random((40, 4)), rng.random((20, 4))
    y = X @ np.arange(4.0) + 0.2 * rng.standard_normal(40)
    fitted = PREDICTOR.fit(X, y)
    A, Z = ((U - X.mean(axis=0)) / np.ptp(X, axis=0) for U in (X, fresh))
    ratio = 1.0 / (fitted.precision - A.T @ A)[0, 0]
    K = fitted.noise * (ratio * A @ A.T + np.eye(40))
    k = fitted.noise * ratio * Z @ A.T
    gain = np.linalg.solve(K, k.T).T
    prediction = fitted.predict(fresh)
    np.testing.assert_allclose(prediction.mean, gain @ (y - y.mean()) + y.mean())
    prior = fitted.noise * (ratio * (Z * Z).sum(axis=1) + 1.0 + 1.0 / 40)
    np.testing.assert_allclose(prediction.std, np.sqrt(prior - (gain * k).sum(axis=1)) * y.std())


def test_known_noise_is_found() -> None:
    rng = np.random.default_rng(1)
    X = rng.random((400, 10))
    y = X @ np.arange(10.0) + 0.5 * rng.standard_normal(400)
    fitted = PREDICTOR.fit(X, y)
    assert fitted.noise**0.5 * fitted.output_scale.width == pytest.approx(0.5, rel=0.1)
