"""Gaussian process: Matern 5/2 with a length scale per feature, a linear part and noise; exact inference.

The default for searches of a few hundred trials: it ranks from few points and knows its uncertainty. A fit costs n^3
(60 points x 30 features 0.01 s, 1,000 points 1.5 s), a mean n and a standard deviation n^2.

The kernel and its notation are in `_gp_kernel`, the choice of hyperparameters in `_gp_fit`. Prediction runs in float32,
in chunks that stay in the cache; means are off by less than 1e-3 standard deviations of y.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.blas import strmm

from nas.search import Prediction
from predictors._gp_fit import most_probable
from predictors._gp_kernel import (
    SQRT5,
    Hyperparameters,
    cholesky,
    covariance,
    decay,
    distance,
    distances_and_decays,
    left_factor,
    matern,
    right_factor,
    squared_norms,
)
from predictors._shared import Scale, check_features, scaled

CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianProcess:
    """Recipe: the hyperparameters of highest posterior density."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedGaussianProcess":
        """See `nas.search.Predictor`. A constant y is predicted as it is, with a standard deviation below 1."""
        return self._fit(X, y, None)

    def fit_unequal(
        self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"], rough: Bool[np.ndarray, "n"]
    ) -> "FittedGaussianProcess":
        """See `nas.search.FitsUnequalNoise`."""
        return self._fit(X, y, rough)

    def _fit(
        self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"], rough: Bool[np.ndarray, "n"] | None
    ) -> "FittedGaussianProcess":
        data = scaled(X, y)
        inputs, targets = data.inputs, data.targets
        hyperparameters = most_probable(inputs, targets, rough)
        lower = _factor(inputs, hyperparameters, rough)
        return FittedGaussianProcess(
            inputs=inputs,
            weights=cho_solve((lower, True), targets),
            whiten=_inverse(lower),
            hyperparameters=hyperparameters,
            input_scale=data.input_scale,
            output_scale=data.output_scale,
            rough=rough,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedGaussianProcess:
    """A Gaussian process conditioned on data: `inputs` are scaled and centred, `weights` is K^-1 y, `whiten` L^-1.

    `rough` marks the measurements with further noise, None if there are none such; where there are, predictions speak
    of them.
    """

    inputs: Float[np.ndarray, "n f"]
    weights: Float[np.ndarray, "n"]
    whiten: Float32[np.ndarray, "n n"]
    hyperparameters: Hyperparameters
    input_scale: Scale
    output_scale: Scale
    rough: Bool[np.ndarray, "n"] | None = None

    @property
    def noise_std(self) -> float:
        """Standard deviation of a measurement's noise, in the unit of y; part of every predicted std."""
        return float(self.output_scale.width) * math.sqrt(self.hyperparameters.noise + self.hyperparameters.rough)

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`."""
        mean, variance = np.empty(len(X), np.float32), np.empty(len(X), np.float32)
        weights, slopes = self._weights()
        h, gain = self.hyperparameters, self._gain()
        linear = (h.slope * self.inputs.T / gain[:, None]).astype(np.float32)
        spread = (h.slope / gain**2).astype(np.float32)
        for rows, U, k in self._curved_covariances(X):
            mean[rows] = k @ weights + U @ slopes
            k += U @ linear
            explained = strmm(1.0, self.whiten, k.T, lower=1)  # triangular: half the work of a full product
            variance[rows] = (U * U) @ spread - squared_norms(explained.T)
        variance += np.float32(h.curved)
        std = np.sqrt(np.maximum(variance, 0.0).astype(np.float64) + h.noise + h.rough)
        return Prediction(mean=self._in_units(mean), std=std * self.output_scale.width)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean` at less than half the cost."""
        mean = np.empty(len(X), np.float32)
        weights, slopes = self._weights()
        for rows, U, k in self._curved_covariances(X):
            mean[rows] = k @ weights + U @ slopes
        return self._in_units(mean)

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedGaussianProcess":
        """Add pending points at their predicted mean; hyperparameters stay.

        A believed value equals its prediction, so it moves no mean: the new weights are zero and only L grows.
        """
        check_features(X_pending, self.inputs.shape[1])
        inputs = np.concatenate([self.inputs, self.input_scale.apply(X_pending.astype(np.float64))])
        rough = None if self.rough is None else np.concatenate([self.rough, np.ones(len(X_pending), dtype=bool)])
        return replace(
            self,
            inputs=inputs,
            weights=np.concatenate([self.weights, np.zeros(len(X_pending))]),
            whiten=_inverse(_factor(inputs, self.hyperparameters, rough)),
            rough=rough,
        )

    def _in_units(self, mean: Float32[np.ndarray, "m"]) -> Float[np.ndarray, "m"]:
        return np.asarray(mean.astype(np.float64) * self.output_scale.width + self.output_scale.shift)

    def _weights(self) -> tuple[Float32[np.ndarray, "n"], Float32[np.ndarray, "f"]]:
        """Factors of the mean: of k's curved part, and of U."""
        slopes = self.hyperparameters.slope * (self.weights @ self.inputs) / self._gain()
        return self.weights.astype(np.float32), slopes.astype(np.float32)

    def _gain(self) -> Float[np.ndarray, "f"]:
        """U over the scaled features."""
        return SQRT5 / self.hyperparameters.length

    def _curved_covariances(
        self, X: Float[np.ndarray, "m f"]
    ) -> Iterator[tuple[slice, Float32[np.ndarray, "c f"], Float32[np.ndarray, "c n"]]]:
        """Chunks of X of about `CHUNK_BYTES`: their rows, U, the curved part of k.

        Rows are centred before they are rounded, so that large features lose no digits.
        """
        check_features(X, self.inputs.shape[1])
        factor = (self._gain() / self.input_scale.width).astype(np.float32)
        right = right_factor((self.inputs * self._gain()).astype(np.float32))
        size = max(1, CHUNK_BYTES // (4 * len(self.inputs)))
        for start in range(0, len(X), size):
            rows = slice(start, min(start + size, len(X)))
            U = (X[rows] - self.input_scale.shift).astype(np.float32)
            U *= factor
            a = distance(left_factor(U) @ right.T)
            yield rows, U, matern(a, decay(a, self.hyperparameters.curved))


def _factor(
    inputs: Float[np.ndarray, "n f"], h: Hyperparameters, rough: Bool[np.ndarray, "n"] | None
) -> Float[np.ndarray, "n n"]:
    a, decays = distances_and_decays(inputs * (SQRT5 / h.length), h.curved)
    return cholesky(covariance(inputs, a, decays, h, rough))


def _inverse(lower: Float[np.ndarray, "n n"]) -> Float32[np.ndarray, "n n"]:
    return np.asfortranarray(solve_triangular(lower, np.eye(len(lower)), lower=True), dtype=np.float32)


PREDICTOR = GaussianProcess()
