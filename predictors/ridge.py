"""Bayesian ridge regression: linear in the features, its penalty chosen by evidence.

The baseline that every other predictor has to beat: on one-hot codes and a few dozen points it often ranks as well. A
fit is one eigendecomposition of the f x f Gram matrix; the penalty is searched on a grid, so there is nothing to tune.

Notation, in scaled units (X on the unit cube and centred, y standardised):
    w   f      slopes, normal a priori with variance q t2
    t2  float  noise variance, with a prior worth one point of variance 0.1
    q   float  ratio of slope variance to noise variance
    A   f, f   X'X + I/q, the posterior precision of w in units of 1/t2
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from nas.search import Prediction
from predictors._shared import Scale, check_features, scaled

RATIOS = np.logspace(-5, 5, 101)
PRIOR_POINTS, PRIOR_NOISE = 1.0, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ridge:
    """Recipe: the ratio q of highest evidence on a grid, with t2 at its best for each."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedRidge":
        """See `nas.search.Predictor`. A constant y is predicted as it is, with a standard deviation below 1."""
        data = scaled(X, y)
        inputs, targets = data.inputs, data.targets
        ratio, noise = _most_evident(inputs, targets)
        precision = inputs.T @ inputs + np.eye(X.shape[1]) / ratio
        return FittedRidge(
            slopes=cho_solve(cho_factor(precision), inputs.T @ targets),
            precision=precision,
            noise=noise,
            num_points=len(y),
            input_scale=data.input_scale,
            output_scale=data.output_scale,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRidge:
    """Posterior of w: mean `slopes`, covariance `noise` x the inverse of `precision`."""

    slopes: Float[np.ndarray, "f"]
    precision: Float[np.ndarray, "f f"]
    noise: float
    num_points: int
    input_scale: Scale
    output_scale: Scale

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`; the uncertainty of y's mean counts like one more slope."""
        check_features(X, len(self.slopes))
        Z = self.input_scale.apply(X)
        spread = solve_triangular(cholesky(self.precision, lower=True), Z.T, lower=True)
        variance = self.noise * (1.0 + 1.0 / self.num_points + np.einsum("fm,fm->m", spread, spread))
        return Prediction(mean=self.predict_mean(X), std=np.sqrt(variance) * self.output_scale.width)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        check_features(X, len(self.slopes))
        Z = self.input_scale.apply(X)
        return np.asarray((Z @ self.slopes) * self.output_scale.width + self.output_scale.shift)

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedRidge":
        """Add pending points at their predicted mean, which leaves the slopes; only the precision grows."""
        check_features(X_pending, len(self.slopes))
        Z = self.input_scale.apply(X_pending)
        return replace(self, precision=self.precision + Z.T @ Z, num_points=self.num_points + len(Z))


def _most_evident(X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> tuple[float, float]:
    """The ratio q of highest evidence, and t2 at its best for it.

    With X'X = V diag(s2) V' and b = V'X'y: y'K^-1 y t2 = |y|^2 - sum q b^2 / (1 + q s2), log|K/t2| = sum log(1 + q s2).
    Source: Bishop 2006, "Pattern recognition and machine learning", section 3.5.
    """
    squares, V = np.linalg.eigh(X.T @ X)
    gains = 1.0 + RATIOS[:, None] * np.maximum(squares, 0.0)
    explained = RATIOS * ((V.T @ (X.T @ y)) ** 2 / gains).sum(axis=1)
    num_points = len(y) + PRIOR_POINTS
    noises = (np.maximum(y @ y - explained, 0.0) + PRIOR_POINTS * PRIOR_NOISE) / num_points
    best = int(np.argmin(num_points * np.log(noises) + np.log(gains).sum(axis=1)))
    return float(RATIOS[best]), float(noises[best])


PREDICTOR = Ridge()
