"""Gaussian process: Matern 5/2 with one length scale per feature, fitted by exact marginal likelihood.

Notation, in scaled units (X on the unit cube, y standardised):
    g, e   float, f     length scales are exp(g + e[j]): one common level and each feature's departure from it
    s2     float        variance of the curved part
    b2     float        variance of each slope of the linear part
    t2     float        noise variance
    U      n, f         sqrt(5) X / length scales, so that a = Euclidean distance between rows of U
    k      n, m         s2 (1 + a + a^2/3) exp(-a) + b2 X X'
    K      n, n         k(X, X) + t2 I = L L'
    theta  f + 4        (g, e, log s2, log b2, log t2), what the fit optimises

Priors decide with 15 to 60 points in 30 dimensions. The level follows Hvarfner et al. 2024, "Vanilla Bayesian
optimization performs great in high dimensions": log-normal, growing with sqrt(f). Free length scales around it (their
prior, standard deviation sqrt(3)) overfit: of 50-point fits on TransNAS class_scene, class_object and jigsaw, the central
95 % intervals held 67 to 80 % of the unseen rows. Shrinking each feature toward the common level holds 90 to 93 % and
ranks at least as well.

The linear part is there for the numbers' sake: Matern alone fits a nearly linear y with s2 near 1,000 and length scales to
match, a difference of large numbers that float32 gets wrong by up to 0.3 standard deviations of y.

The gradients are analytic: with M = -dL/dK * dk/d(a^2), elementwise, one product M U serves every length scale.
Prediction runs in float32, in chunks that stay in the cache; it is off by about 1e-4 standard deviations of y at most.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import minimize

from nas.predictor import Prediction
from predictors._shared import Scale, check_features, check_training, standard, unit_cube

LEVEL_MEAN, LEVEL_STD = 0.5, 1.0
"""Prior of g, after log(f) / 2 has been added to the mean."""
DEPARTURE_STD = 0.4
LOG_CURVED_MEAN, LOG_CURVED_STD = 0.0, 1.0
LOG_SLOPE_MEAN, LOG_SLOPE_STD = math.log(6.0), 1.0
"""Prior of log b2, after log(f) has been taken off: the linear part then varies by about half of y's variance."""
LOG_NOISE_MEAN, LOG_NOISE_STD = -3.0, 1.0
LEVEL_BOUNDS = (math.log(0.05), math.log(1e4))
DEPARTURE_BOUNDS = (-3.0, 3.0)
LOG_CURVED_BOUNDS = (math.log(1e-3), math.log(1e1))
LOG_SLOPE_BOUNDS = (math.log(1e-4), math.log(1e3))
LOG_NOISE_BOUNDS = (math.log(1e-4), math.log(1e1))
"""The lower bound keeps K well enough conditioned for float32 prediction."""
CHUNK_BYTES = 1 << 18
SQRT5 = math.sqrt(5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """What the likelihood chooses, in scaled units: length scales and three variances (s2, b2 and t2 above)."""

    length: Float[np.ndarray, "f"]
    curved: float
    slope: float
    noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianProcess:
    """Recipe: the hyperparameters of highest posterior density, found by L-BFGS from the middle of the prior."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedGaussianProcess":
        """See `nas.predictor.Predictor`. 60 points x 30 features take about 0.01 s, 1,000 points 2 s."""
        check_training(X, y)
        X, y = X.astype(np.float64), y.astype(np.float64)
        input_scale, output_scale = unit_cube(X), standard(y)
        inputs, targets = input_scale.apply(X), output_scale.apply(y)
        centre = inputs.mean(axis=0)
        hyperparameters = _most_probable(inputs - centre, targets)
        lower = _cholesky(_covariance(inputs - centre, hyperparameters))
        return FittedGaussianProcess(
            inputs=inputs - centre,
            weights=cho_solve((lower, True), targets),
            whiten=_inverse(lower),
            hyperparameters=hyperparameters,
            input_scale=replace(input_scale, shift=input_scale.shift + centre * input_scale.width),
            output_scale=output_scale,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedGaussianProcess:
    """A Gaussian process conditioned on data: `weights` is K^-1 y, `whiten` is L^-1, `inputs` are scaled and centred."""

    inputs: Float[np.ndarray, "n f"]
    weights: Float[np.ndarray, "n"]
    whiten: Float32[np.ndarray, "n n"]
    hyperparameters: Hyperparameters
    input_scale: Scale
    output_scale: Scale

    @property
    def noise_std(self) -> float:
        """Standard deviation of a measurement's noise, in the unit of y; part of every predicted std."""
        return float(self.output_scale.width) * math.sqrt(self.hyperparameters.noise)

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """Mean and standard deviation of a new measurement; see `nas.predictor.Fitted`."""
        mean, variance = np.empty(len(X), np.float32), np.empty(len(X), np.float32)
        weights, slopes = self._weights()
        linear, whiten, h = (h_slope := np.float32(self.hyperparameters.slope)) * self.inputs.T.astype(np.float32), self.whiten.T, self.hyperparameters
        for rows, Z, k in self._curved_covariances(X):
            mean[rows] = k @ weights + Z @ slopes
            k += Z @ linear
            explained = k @ whiten
            variance[rows] = h_slope * np.einsum("mf,mf->m", Z, Z) - np.einsum("mn,mn->m", explained, explained)
        std = np.sqrt(np.maximum(variance + np.float32(h.curved), 0.0) + h.noise)
        return Prediction(mean=self._in_units(mean), std=std * self.output_scale.width)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean` at less than half the cost."""
        mean = np.empty(len(X), np.float32)
        weights, slopes = self._weights()
        for rows, Z, k in self._curved_covariances(X):
            mean[rows] = k @ weights + Z @ slopes
        return self._in_units(mean)

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedGaussianProcess":
        """Add pending points at their predicted mean; hyperparameters stay.

        A believed value equals its prediction, so it moves no mean: the new weights are zero and only L grows.
        """
        check_features(X_pending, self.inputs.shape[1])
        inputs = np.concatenate([self.inputs, self.input_scale.apply(X_pending.astype(np.float64))])
        return replace(
            self,
            inputs=inputs,
            weights=np.concatenate([self.weights, np.zeros(len(X_pending))]),
            whiten=_inverse(_cholesky(_covariance(inputs, self.hyperparameters))),
        )

    def _in_units(self, mean: Float32[np.ndarray, "m"]) -> Float[np.ndarray, "m"]:
        return mean.astype(np.float64) * self.output_scale.width + self.output_scale.shift

    def _weights(self) -> tuple[Float32[np.ndarray, "n"], Float32[np.ndarray, "f"]]:
        """Factors of the mean: of k's curved part, and of the features."""
        slopes = self.hyperparameters.slope * (self.weights @ self.inputs)
        return self.weights.astype(np.float32), slopes.astype(np.float32)

    def _curved_covariances(
        self, X: Float[np.ndarray, "m f"]
    ) -> Iterator[tuple[slice, Float32[np.ndarray, "c f"], Float32[np.ndarray, "c n"]]]:
        """Chunks of X of about `CHUNK_BYTES`: their rows, their scaled features, the curved part of k."""
        check_features(X, self.inputs.shape[1])
        gain = (SQRT5 / self.hyperparameters.length).astype(np.float32)
        right = _right(self.inputs * gain).astype(np.float32)
        size = max(1, CHUNK_BYTES // (4 * len(self.inputs)))
        for start in range(0, len(X), size):
            rows = slice(start, min(start + size, len(X)))
            Z = self.input_scale.apply(X[rows]).astype(np.float32)
            a = _distance(_left(Z * gain) @ right.T)
            yield rows, Z, _matern(a, _decay(a, self.hyperparameters.curved))


def _left(U: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n f2"]:
    """(-2 U, |u|^2, 1): `_left(U) @ _right(V).T` is the squared distance, in one product."""
    return np.column_stack([-2.0 * U, np.einsum("nf,nf->n", U, U), np.ones_like(U, shape=len(U))])


def _right(U: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n f2"]:
    return np.column_stack([U, np.ones_like(U, shape=len(U)), np.einsum("nf,nf->n", U, U)])


def _distance(squared: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """Square root in place; rounding may have made a zero slightly negative."""
    np.maximum(squared, 0.0, out=squared)
    return np.sqrt(squared, out=squared)


def _decay(a: Float[np.ndarray, "n m"], variance: float) -> Float[np.ndarray, "n m"]:
    """s2 exp(-a)."""
    decay = np.negative(a)
    np.exp(decay, out=decay)
    decay *= variance
    return decay


def _matern(a: Float[np.ndarray, "n m"], decay: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """(1 + a + a^2/3) decay."""
    k = a * (1.0 / 3.0)
    k += 1.0
    k *= a
    k += 1.0
    k *= decay
    return k


def _covariance(X: Float[np.ndarray, "n f"], h: Hyperparameters) -> Float[np.ndarray, "n n"]:
    """K."""
    U = X * (SQRT5 / h.length)
    a = _distance(_left(U) @ _right(U).T)
    K = _matern(a, _decay(a, h.curved)) + h.slope * (X @ X.T)
    K.flat[:: len(K) + 1] += h.noise
    return K


def _cholesky(K: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    lower, info = dpotrf(K.T, lower=1, clean=1)  # K.T, because LAPACK wants columns contiguous
    assert info == 0, f"K is not positive definite at row {info}; the noise bound should prevent it"
    return lower  # type: ignore[no-any-return]  # scipy ships no types


def _inverse(lower: Float[np.ndarray, "n n"]) -> Float32[np.ndarray, "n n"]:
    inverse = solve_triangular(lower, np.eye(len(lower)), lower=True)
    return np.ascontiguousarray(inverse, dtype=np.float32)


def _most_probable(X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Hyperparameters:
    """Maximum of the posterior over theta."""
    num_features = max(X.shape[1], 1)
    departures = np.zeros(X.shape[1])
    level, log_slope = LEVEL_MEAN + 0.5 * math.log(num_features), LOG_SLOPE_MEAN - math.log(num_features)
    mean = np.concatenate([[level], departures, [LOG_CURVED_MEAN, log_slope, LOG_NOISE_MEAN]])
    std = np.concatenate([[LEVEL_STD], departures + DEPARTURE_STD, [LOG_CURVED_STD, LOG_SLOPE_STD, LOG_NOISE_STD]])

    def loss(theta: Float[np.ndarray, "t"]) -> tuple[float, Float[np.ndarray, "t"]]:
        value, gradient = _negative_log_likelihood(theta, X, y)
        z = (theta - mean) / std
        return value + 0.5 * float(z @ z), gradient + z / std

    bounds = [LEVEL_BOUNDS, *[DEPARTURE_BOUNDS] * X.shape[1], LOG_CURVED_BOUNDS, LOG_SLOPE_BOUNDS, LOG_NOISE_BOUNDS]
    best = minimize(loss, mean, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100, "ftol": 1e-6})
    return _unpack(best.x)


def _unpack(theta: Float[np.ndarray, "t"]) -> Hyperparameters:
    curved, slope, noise = np.exp(theta[-3:]).tolist()
    return Hyperparameters(length=np.exp(theta[0] + theta[1:-3]), curved=curved, slope=slope, noise=noise)


def _negative_log_likelihood(
    theta: Float[np.ndarray, "t"], X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]
) -> tuple[float, Float[np.ndarray, "t"]]:
    """-log p(y | X, theta), up to a constant, and its gradient. Source: Rasmussen & Williams 2006, eqs. 5.8 and 5.9."""
    h = _unpack(theta)
    U = X * (SQRT5 / h.length)
    a = _distance(_left(U) @ _right(U).T)
    decay = _decay(a, h.curved)
    K = _matern(a, decay)
    K += (h.slope * X) @ X.T
    K.flat[:: len(K) + 1] += h.noise
    lower = _cholesky(K)
    weights = cho_solve((lower, True), y, check_finite=False)
    value = 0.5 * float(y @ weights) + float(np.log(np.diag(lower)).sum())

    # W = -2 dL/dK, symmetric like all of these: the lower triangle is enough.
    W = np.multiply(weights[:, None], weights).T
    W -= dpotri(lower, lower=1)[0]
    noise = h.noise * float(np.trace(W))
    products = np.einsum("nf,nf->n", X, np.tril(W) @ X) 
    slope = h.slope * float(2.0 * products.sum() - np.diag(W) @ np.einsum("nf,nf->n", X, X))
    curved = float(y @ weights) - len(y) - noise - slope  # tr(W K) is y'K^-1 y - n
    a += 1.0
    a *= decay  # dk/d(a^2) = -(1 + a) s2 exp(-a) / 6
    W *= a.T
    M = np.tril(W)
    sums = M.sum(axis=0) + M.sum(axis=1)
    lengths = (2.0 * np.einsum("nf,nf->f", U, M @ U) - sums @ (U * U)) / 3.0
    return value, np.concatenate([[lengths.sum()], lengths, [-0.5 * curved, -0.5 * slope, -0.5 * noise]])


PREDICTOR = GaussianProcess()
