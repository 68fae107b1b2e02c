"""Bayesian ridge regression on the features and on the products of every two of them.

Choices of an architecture rarely act alone: a wide layer pays where the next one is wide too. With f features there are
f (f + 1) / 2 products, squares included, which the kernel form never writes down. How much of y they may explain is
chosen by evidence; where that is nothing, this is `ridge`. A fit takes one eigendecomposition for each share on the
grid.

Notation, in scaled units (X on the unit cube and centred, y standardised):
    s      float  share of the prior variance that is the products'
    k      n, m   (1 - s) X Z' / c1 + s (X Z')^2 / c2, elementwise; c1 and c2 make both parts 1 on average
    t2, q  float  noise variance, as in `ridge`, and the ratio of the prior variance to it
    K      n, n   q k(X, X) + I, the covariance of y in units of t2
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_solve, cholesky, eigh, solve_triangular

from nas.search import Prediction
from predictors._shared import Scale, check_features, scaled

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
RATIOS = np.logspace(-3, 5, 81)
PRIOR_POINTS, PRIOR_NOISE = 1.0, 0.1
"""Of t2: worth one point of variance 0.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairKernel:
    """k, with its two factors: `linear` is (1 - s) / c1 and `pairs` is s / c2."""

    linear: float
    pairs: float

    def between(self, X: Float[np.ndarray, "n f"], Z: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "n m"]:
        return self._of(X @ Z.T)

    def diagonal(self, X: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n"]:
        return self._of(np.einsum("nf,nf->n", X, X))

    def _of(self, products: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        return np.asarray(products * (self.linear + self.pairs * products))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairwiseRidge:
    """Recipe: the share s and the ratio q of highest evidence on a grid, with t2 at its best for each."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedPairwiseRidge":
        """See `nas.search.Predictor`. A constant y is predicted as it is, with a standard deviation below 1."""
        data = scaled(X, y)
        inputs, targets = data.inputs, data.targets
        kernel, noise = _most_evident(inputs, targets)
        lower = cholesky(kernel.between(inputs, inputs) + np.eye(len(y)), lower=True)
        return FittedPairwiseRidge(
            inputs=inputs,
            weights=cho_solve((lower, True), targets),
            lower=lower,
            kernel=kernel,
            noise=noise,
            input_scale=data.input_scale,
            output_scale=data.output_scale,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedPairwiseRidge:
    """`inputs` are scaled and centred, `lower` is K's Cholesky factor, `weights` is K^-1 y; `kernel` has q in it."""

    inputs: Float[np.ndarray, "n f"]
    weights: Float[np.ndarray, "n"]
    lower: Float[np.ndarray, "n n"]
    kernel: PairKernel
    noise: float
    input_scale: Scale
    output_scale: Scale

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`; the uncertainty of y's mean counts like one more slope."""
        check_features(X, self.inputs.shape[1])
        Z = self.input_scale.apply(X)
        k = self.kernel.between(self.inputs, Z)
        explained = solve_triangular(self.lower, k, lower=True)
        unexplained = np.maximum(self.kernel.diagonal(Z) - np.einsum("nm,nm->m", explained, explained), 0.0)
        std = np.sqrt(self.noise * (1.0 + 1.0 / len(self.inputs) + unexplained))
        return Prediction(mean=self._in_units(self.weights @ k), std=std * self.output_scale.width)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        check_features(X, self.inputs.shape[1])
        return self._in_units(self.weights @ self.kernel.between(self.inputs, self.input_scale.apply(X)))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedPairwiseRidge":
        """Add pending points at their predicted mean: that moves no mean, so their weights are zero and K grows."""
        check_features(X_pending, self.inputs.shape[1])
        inputs = np.concatenate([self.inputs, self.input_scale.apply(X_pending)])
        lower = cholesky(self.kernel.between(inputs, inputs) + np.eye(len(inputs)), lower=True)
        weights = np.concatenate([self.weights, np.zeros(len(X_pending))])
        return replace(self, inputs=inputs, weights=weights, lower=lower)

    def _in_units(self, mean: Float[np.ndarray, "m"]) -> Float[np.ndarray, "m"]:
        return np.asarray(mean * self.output_scale.width + self.output_scale.shift)


def _most_evident(X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> tuple[PairKernel, float]:
    """The kernel of highest evidence, q included, and t2 at its best for it.

    With k(X, X) = V diag(d) V': y'K^-1 y = sum (V'y)^2 / (1 + q d), log|K| = sum log(1 + q d); one eigendecomposition
    serves all q of a share.
    Source: Bishop 2006, "Pattern recognition and machine learning", section 3.5.
    """
    linear, pairs = PairKernel(linear=1.0, pairs=0.0), PairKernel(linear=0.0, pairs=1.0)
    sizes = [float(part.diagonal(X).mean()) or 1.0 for part in (linear, pairs)]
    parts = [part.between(X, X) / size for part, size in zip((linear, pairs), sizes, strict=True)]
    best = (np.inf, 0.0, 0.0, 1.0)
    for share in SHARES:
        d, V = eigh((1.0 - share) * parts[0] + share * parts[1])
        gains = 1.0 + RATIOS[:, None] * np.maximum(d, 0.0)
        num_points = len(y) + PRIOR_POINTS
        noises = (((V.T @ y) ** 2 / gains).sum(axis=1) + PRIOR_POINTS * PRIOR_NOISE) / num_points
        losses = num_points * np.log(noises) + np.log(gains).sum(axis=1)
        i = int(np.argmin(losses))
        best = min(best, (float(losses[i]), share, float(RATIOS[i]), float(noises[i])))
    _, share, ratio, noise = best
    return PairKernel(linear=ratio * (1.0 - share) / sizes[0], pairs=ratio * share / sizes[1]), noise


PREDICTOR = PairwiseRidge()
