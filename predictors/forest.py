"""Random forest: for features that interact or jump, and for thousands of points.

A tree's leaf says a mean and a variance; the forest's variance is the mean of the leaves' plus the spread of their
means (law of total variance, as in SMAC). Leaves of few points underrate it, so it is scaled until the points that a
tree has not seen (out of bag) lie as far out as it claims.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32
from sklearn.ensemble import RandomForestRegressor

from nas.predictor import Prediction
from predictors._shared import Scale, check_features, check_training, standard

NUM_TREES = 128
SEED = 0
"""Of the bootstrap; fixed, so that the same data give the same forest."""
MIN_STD = 1e-2
"""Share of y's standard deviation below which no claim is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Recipe: 128 trees on bootstrap samples, a third of the features tried at each split."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedForest":
        """See `nas.predictor.Predictor`. A single point says nothing of the spread: its standard deviation is 1."""
        check_training(X, y)
        scale = standard(y)
        inputs, targets = np.ascontiguousarray(X, dtype=np.float32), scale.apply(y)
        forest = RandomForestRegressor(NUM_TREES, max_features=1 / 3, random_state=SEED).fit(inputs, targets)
        trees = tuple(tree.tree_ for tree in forest.estimators_)
        unseen = np.stack([~np.isin(np.arange(len(y)), chosen) for chosen in forest.estimators_samples_])
        inflation = _inflation(trees, inputs, targets, unseen)
        return FittedForest(trees=trees, inflation=inflation, inputs=X, measured=y, output_scale=scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedForest:
    """The trees, and the data that grew them; `inflation` multiplies the variance."""

    trees: tuple[Any, ...]
    inflation: float
    inputs: Float[np.ndarray, "n f"]
    measured: Float[np.ndarray, "n"]
    output_scale: Scale

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.predictor.Fitted`."""
        check_features(X, self.inputs.shape[1])
        weights = np.ones((len(self.trees), len(X)))
        mean, variance = _moments(self.trees, np.ascontiguousarray(X, dtype=np.float32), weights)
        width = self.output_scale.width
        std = np.sqrt(np.maximum(variance * self.inflation, MIN_STD**2)) * width
        return Prediction(mean=mean * width + self.output_scale.shift, std=std)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        return self.predict(X).mean

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedForest":
        """A forest grown anew, with pending points at their predicted mean."""
        if len(X_pending) == 0:
            return self
        inputs = np.concatenate([self.inputs, X_pending])
        return Forest().fit(inputs, np.concatenate([self.measured, self.predict_mean(X_pending)]))


def _moments(
    trees: tuple[Any, ...], X: Float32[np.ndarray, "m f"], weights: Float[np.ndarray, "t m"]
) -> tuple[Float[np.ndarray, "m"], Float[np.ndarray, "m"]]:
    """Mean and variance of y over the trees' leaves, each tree counting by its weight for each row."""
    total = weights.sum(axis=0)
    first, second = np.zeros(len(X)), np.zeros(len(X))
    for tree, weight in zip(trees, weights, strict=True):
        leaves = tree.apply(X)
        means = tree.value[leaves, 0, 0]
        first += weight * means
        second += weight * (means**2 + tree.impurity[leaves])
    mean = first / total
    return mean, np.maximum(second / total - mean**2, 0.0)


def _inflation(
    trees: tuple[Any, ...],
    X: Float32[np.ndarray, "n f"],
    y: Float[np.ndarray, "n"],
    unseen: Bool[np.ndarray, "t n"],
) -> float:
    """Mean squared error of out-of-bag predictions over the mean variance that they claim; 1 where there are none."""
    scored = unseen.any(axis=0)
    if not scored.any():
        return 1.0
    mean, variance = _moments(trees, X[scored], unseen[:, scored].astype(np.float64))
    return float(np.mean((y[scored] - mean) ** 2) / max(float(np.mean(variance)), MIN_STD**2))


PREDICTOR = Forest()
