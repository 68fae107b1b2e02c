"""The Gaussian process against closed forms, finite differences and functions whose noise is known."""

import numpy as np
import pytest
from jaxtyping import Float
from scipy.optimize import approx_fprime

from nas.search import coverage, kendall_tau
from predictors._gp_fit import negative_log_likelihood
from predictors.gp import PREDICTOR, FittedGaussianProcess


def curved(X: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n"]:
    """Additive with falling returns, as networks' errors are in their widths."""
    weights = np.linspace(0.0, 2.0, X.shape[1])
    return np.asarray(-np.log(0.2 + X) @ weights)


def sample(
    num_points: int, num_features: int, noise_std: float, seed: int
) -> tuple[Float[np.ndarray, "n f"], Float[np.ndarray, "n"]]:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, (num_points, num_features)) / 5.0
    return X, curved(X) + noise_std * rng.standard_normal(num_points)


def textbook(
    fitted: FittedGaussianProcess, X: Float[np.ndarray, "m f"], y: Float[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "m"], Float[np.ndarray, "m"]]:
    """Mean and std by Rasmussen & Williams 2006, eqs. 2.25 and 2.26, in float64 and without a trick."""
    h = fitted.hyperparameters

    def k(A: Float[np.ndarray, "a f"], B: Float[np.ndarray, "b f"]) -> Float[np.ndarray, "a b"]:
        a = np.sqrt(5.0 * (((A[:, None] - B[None]) / h.length) ** 2).sum(axis=2))
        return np.asarray(h.curved * (1.0 + a + a**2 / 3.0) * np.exp(-a) + h.slope * A @ B.T)

    Z, inputs, width = fitted.input_scale.apply(X), fitted.inputs, fitted.output_scale.width
    K = k(inputs, inputs) + h.noise * np.eye(len(inputs))
    gain = np.linalg.solve(K, k(inputs, Z)).T
    variance = np.diag(k(Z, Z)) - np.einsum("mn,mn->m", gain, k(Z, inputs)) + h.noise
    mean = gain @ fitted.output_scale.apply(y) * width + fitted.output_scale.shift
    return np.asarray(mean), np.asarray(np.sqrt(variance) * width)


def test_gradient_is_the_slope_of_the_likelihood() -> None:
    rng = np.random.default_rng(0)
    X, y, theta = rng.random((20, 4)) - 0.5, rng.standard_normal(20), 0.5 * rng.standard_normal(8)
    numeric = approx_fprime(theta, lambda t: negative_log_likelihood(t, X, y)[0], 1e-6)
    np.testing.assert_allclose(negative_log_likelihood(theta, X, y)[1], numeric, atol=1e-4)


def test_so_it_is_where_some_measurements_are_rougher() -> None:
    rng = np.random.default_rng(1)
    X, y, theta, rough = (
        rng.random((20, 4)) - 0.5,
        rng.standard_normal(20),
        0.5 * rng.standard_normal(9),
        rng.random(20),
    )
    mask = rough < 0.4
    numeric = approx_fprime(theta, lambda t: negative_log_likelihood(t, X, y, mask)[0], 1e-6)
    np.testing.assert_allclose(negative_log_likelihood(theta, X, y, mask)[1], numeric, atol=1e-4)


@pytest.mark.parametrize("num_points", [3, 60, 300])
def test_float32_prediction_is_the_textbook_one(num_points: int) -> None:
    X, y = sample(num_points, 28, 0.1, seed=1)
    fitted = PREDICTOR.fit(X, y)
    fresh, _ = sample(500, 28, 0.0, seed=2)
    prediction, (mean, std) = fitted.predict(fresh), textbook(fitted, fresh, y)
    np.testing.assert_allclose(prediction.mean, mean, atol=1e-3 * y.std())
    np.testing.assert_allclose(prediction.std, std, atol=1e-3 * y.std())


def test_a_linear_function_is_learned_and_its_mean_survives_float32() -> None:
    rng = np.random.default_rng(0)
    X, slopes = rng.random((300, 28)), np.linspace(1.0, 2.0, 28)
    fitted = PREDICTOR.fit(X, X @ slopes)
    fresh = rng.random((300, 28))
    np.testing.assert_allclose(fitted.predict_mean(fresh), fresh @ slopes, atol=1e-3)


@pytest.mark.parametrize("noise_std", [0.3, 1.0])
def test_known_noise_is_found_and_intervals_hold(noise_std: float) -> None:
    X, y = sample(200, 10, noise_std, seed=3)
    fitted = PREDICTOR.fit(X, y)
    assert fitted.noise_std == pytest.approx(noise_std, rel=0.25)
    fresh, measured = sample(4000, 10, noise_std, seed=4)
    prediction = fitted.predict(fresh)
    for level in (0.5, 0.8, 0.95):
        assert coverage(prediction, measured, level=level) == pytest.approx(level, abs=0.06)


def test_noise_of_the_rough_measurements_is_told_from_that_of_the_others() -> None:
    X, y = sample(200, 10, 0.02, seed=3)
    rough = np.arange(200) >= 140
    y = y + np.where(rough, 1.0 * np.random.default_rng(5).standard_normal(200), 0.0)
    fitted, alike = PREDICTOR.fit_unequal(X, y, rough), PREDICTOR.fit(X, y)
    assert fitted.noise_std == pytest.approx(1.0, rel=0.25)
    fresh, measured = sample(4000, 10, 1.0, seed=4)
    assert coverage(fitted.predict(fresh), measured, level=0.8) == pytest.approx(0.8, abs=0.05)
    off, off_alike = (np.abs(one.predict_mean(fresh) - curved(fresh)).mean() for one in (fitted, alike))
    assert off < 0.7 * off_alike
    believed = fitted.fantasise(fresh[:3])
    np.testing.assert_allclose(believed.predict_mean(fresh), fitted.predict_mean(fresh), atol=1e-3 * y.std())
    assert (believed.predict(fresh).std <= fitted.predict(fresh).std * (1 + 1e-4)).all()


def test_few_points_in_many_dimensions_rank_and_stay_honest() -> None:
    reports = []
    for seed in range(5):
        X, y = sample(40, 28, 0.1, seed=seed)
        fresh, measured = sample(1000, 28, 0.1, seed=100 + seed)
        prediction = PREDICTOR.fit(X, y).predict(fresh)
        reports.append((kendall_tau(prediction.mean, measured), coverage(prediction, measured, level=0.95)))
    tau, covered = np.mean(reports, axis=0)
    assert tau > 0.5
    assert covered > 0.85


def test_a_believed_point_moves_no_mean_and_shrinks_its_own_std_most() -> None:
    X, y = sample(30, 8, 0.1, seed=5)
    fresh, _ = sample(50, 8, 0.0, seed=6)
    before = PREDICTOR.fit(X, y)
    after = before.fantasise(fresh[:3])
    np.testing.assert_allclose(after.predict_mean(fresh), before.predict_mean(fresh), atol=1e-4 * y.std())
    shrunk = after.predict(fresh).std / before.predict(fresh).std
    assert (shrunk <= 1.0 + 1e-4).all()
    assert shrunk[:3].max() < np.median(shrunk[3:])


def test_contradicting_duplicates_are_averaged_as_noise() -> None:
    X = np.repeat(np.linspace(0.0, 1.0, 5)[:, None], 8, axis=0)
    y = np.tile([-1.0, 1.0], 20)
    prediction = PREDICTOR.fit(X, y).predict(X[:1])
    assert abs(prediction.mean[0]) < 0.2
    assert prediction.std[0] == pytest.approx(1.0, rel=0.25)


def test_prediction_is_the_same_in_any_chunk() -> None:
    X, y = sample(50, 8, 0.1, seed=7)
    fitted = PREDICTOR.fit(X, y)
    fresh, _ = sample(3000, 8, 0.0, seed=8)
    one_by_one = np.concatenate([fitted.predict(row[None]).std for row in fresh[:50]])
    np.testing.assert_allclose(fitted.predict(fresh).std[:50], one_by_one, rtol=1e-3)
