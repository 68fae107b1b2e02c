"""Hyperparameters of the Gaussian process: maximum of marginal likelihood x prior, by L-BFGS on analytic gradients.

Notation, beside that of `_gp_kernel`:
    g, e    float, f   length scales are exp(g + e[j]): one common level and each feature's departure from it
    theta   f + 4      (g, e, log s2, log b2, log t2), normal a priori; with rough measurements also log q2

Priors decide with 15 to 60 points in 30 dimensions. The level follows Hvarfner et al. 2024, "Vanilla Bayesian
optimization performs great in high dimensions": log-normal, growing with sqrt(f). Free length scales around it (their
prior, standard deviation sqrt(3)) overfit: in 50-point fits on TransNAS class_scene, class_object and jigsaw, the 95 %
intervals held 67 to 80 % of the unseen rows. Shrinking each feature toward the common level, as here, holds 91 to 92 %
and ranks no worse.

With M = -dL/dK x dk/d(a^2), elementwise, one product M U serves the gradients of all length scales.
"""

import math

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

from predictors._gp_kernel import SQRT5, Hyperparameters, cholesky, covariance, distances_and_decays, squared_norms

LEVEL_MEAN, LEVEL_STD = 0.5, 1.0
"""Prior of g, after log(f) / 2 has been added to the mean."""
DEPARTURE_STD = 0.4
LOG_CURVED_MEAN, LOG_CURVED_STD = 0.0, 1.0
LOG_SLOPE_MEAN, LOG_SLOPE_STD = math.log(6.0), 1.0
"""Prior of log b2, after log(f) has been taken off: the linear part then holds about half of y's variance."""
LOG_NOISE_MEAN, LOG_NOISE_STD = -3.0, 1.0
LOG_ROUGH_MEAN, LOG_ROUGH_STD = -1.0, 1.0

LEVEL_BOUNDS = (math.log(0.05), math.log(1e4))
DEPARTURE_BOUNDS = (-3.0, 3.0)
LOG_CURVED_BOUNDS = (math.log(1e-3), math.log(1e1))
"""A nearly linear y belongs to the linear part: Matern with s2 near 1,000 fits it too, but float32 loses its mean."""
LOG_SLOPE_BOUNDS = (math.log(1e-4), math.log(1e3))
LOG_NOISE_BOUNDS = (math.log(1e-4), math.log(1e1))
"""The lower bound keeps K well enough conditioned for float32 prediction."""


def most_probable(
    X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"], rough: Bool[np.ndarray, " n"] | None = None
) -> Hyperparameters:
    """Maximum of the posterior over theta, found from the prior's middle; X scaled and centred, y standardised."""
    num_features = X.shape[1]
    mean, std = _prior(num_features, has_rough=rough is not None)

    def loss(theta: Float[np.ndarray, "t"]) -> tuple[float, Float[np.ndarray, "t"]]:
        value, gradient = negative_log_likelihood(theta, X, y, rough)
        z = (theta - mean) / std
        return value + 0.5 * float(z @ z), gradient + z / std

    bounds = [LEVEL_BOUNDS, *[DEPARTURE_BOUNDS] * num_features, LOG_CURVED_BOUNDS, LOG_SLOPE_BOUNDS, LOG_NOISE_BOUNDS]
    bounds += [] if rough is None else [LOG_NOISE_BOUNDS]
    best = minimize(loss, mean, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 100, "ftol": 1e-6})
    return _unpack(best.x, num_features)


def negative_log_likelihood(
    theta: Float[np.ndarray, "t"],
    X: Float[np.ndarray, "n f"],
    y: Float[np.ndarray, "n"],
    rough: Bool[np.ndarray, " n"] | None = None,
) -> tuple[float, Float[np.ndarray, "t"]]:
    """-log p(y | X, theta), up to a constant, and its gradient.

    Source: Rasmussen & Williams 2006, "Gaussian processes for machine learning", eqs. 5.8 and 5.9.
    """
    h = _unpack(theta, X.shape[1])
    U = X * (SQRT5 / h.length)
    a, decays = distances_and_decays(U, h.curved)
    lower = cholesky(covariance(X, a, decays, h, rough))
    weights = cho_solve((lower, True), y, check_finite=False)
    value = 0.5 * float(y @ weights) + float(np.log(np.diag(lower)).sum())

    # W = -2 dL/dK. Everything here is symmetric: the lower triangle is enough, and .T only matches memory layouts.
    W = np.multiply(weights[:, None], weights).T
    W -= dpotri(lower, lower=1)[0]
    noise = h.noise * float(np.trace(W))
    rougher = [] if rough is None else [h.rough * float(np.diag(W) @ rough)]
    slope = h.slope * float(2.0 * np.vdot(X, np.tril(W) @ X) - np.diag(W) @ squared_norms(X))
    curved = float(y @ weights) - len(y) - noise - sum(rougher) - slope  # tr(W K) is y'K^-1 y - n
    lengths = _length_gradient(U, np.multiply(W, ((1.0 + a) * decays).T, out=W))
    variances = -0.5 * np.array([curved, slope, noise, *rougher])
    return value, np.concatenate([[lengths.sum()], lengths, variances])


def _length_gradient(U: Float[np.ndarray, "n f"], W_slopes: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "f"]:
    """dL/d(log length), from the elementwise product of W and (1 + a) s2 exp(-a) = -6 dk/d(a^2).

    sum over i > j of M_ij (u_i - u_j)^2 = sum_i (row and column sums of M)_i u_i^2 - 2 u' M u.
    """
    M = np.tril(W_slopes)
    sums = M.sum(axis=0) + M.sum(axis=1)
    gradient: Float[np.ndarray, " f"] = (2.0 * np.einsum("nf,nf->f", U, M @ U) - sums @ (U * U)) / 3.0
    return gradient


def _prior(num_features: int, *, has_rough: bool) -> tuple[Float[np.ndarray, "t"], Float[np.ndarray, "t"]]:
    """Mean and standard deviation of theta."""
    log_size = math.log(max(num_features, 1))
    variances = [LOG_CURVED_MEAN, LOG_SLOPE_MEAN - log_size, LOG_NOISE_MEAN, LOG_ROUGH_MEAN][: 3 + has_rough]
    spreads = [LOG_CURVED_STD, LOG_SLOPE_STD, LOG_NOISE_STD, LOG_ROUGH_STD][: 3 + has_rough]
    mean = np.concatenate([[LEVEL_MEAN + 0.5 * log_size], np.zeros(num_features), variances])
    departures = np.full(num_features, DEPARTURE_STD)
    return mean, np.concatenate([[LEVEL_STD], departures, spreads])


def _unpack(theta: Float[np.ndarray, "t"], num_features: int) -> Hyperparameters:
    lengths, variances = theta[1 : 1 + num_features], np.exp(theta[1 + num_features :]).tolist()
    curved, slope, noise, *rough = variances
    return Hyperparameters(
        length=np.exp(theta[0] + lengths), curved=curved, slope=slope, noise=noise, rough=rough[0] if rough else 0.0
    )
