"""Forests of regression trees that know how sure they are: what the tree predictors share.

A tree's leaf says a mean and a variance; the forest's variance is the mean of the leaves' plus the spread of their
means (law of total variance, as in SMAC). Leaves of few points underrate it, so it is scaled until the points that a
tree has not seen (out of bag) lie as far out as it claims.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from nas.search import Prediction
from predictors._shared import Scale, check_features, check_training, standard, unit_cube

NUM_TREES = 128
SEED = 0
"""Of the bootstrap; fixed, so that the same data give the same forest."""
MIN_STD = 1e-2
"""Share of y's standard deviation below which no claim is believed."""
MAX_INFLATION = 10.0
"""Trees that have not seen one of two points all say the other's value, and would be infinitely wrong about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """Recipe: 128 trees on bootstrap samples, a third of the features tried at each split.

    Attributes:
      extremely_random: each tried feature is split at random, not where it fits best: smoother where points are few.
        Source: Geurts, Ernst and Wehenkel 2006, "Extremely randomized trees".
    """

    extremely_random: bool = False

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedForest":
        """See `nas.search.Predictor`. A single point says nothing of the spread: its standard deviation is 1."""
        check_training(X, y)
        X, y = X.astype(np.float64), y.astype(np.float64)
        input_scale, output_scale = unit_cube(X), standard(y)
        inputs, targets = _single(input_scale.apply(X)), output_scale.apply(y)
        grow = ExtraTreesRegressor if self.extremely_random else RandomForestRegressor
        forest = grow(NUM_TREES, max_features=1 / 3, bootstrap=True, random_state=SEED).fit(inputs, targets)
        trees = tuple(Tree.grown(estimator.tree_) for estimator in forest.estimators_)
        unseen = np.stack([~np.isin(np.arange(len(y)), chosen) for chosen in forest.estimators_samples_])
        inflation = _inflation(trees, inputs, targets, unseen)
        return FittedForest(trees=trees, inflation=inflation, input_scale=input_scale, output_scale=output_scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """scikit-learn's splits, and for each of their nodes how many points it holds and the mean of y and of y^2."""

    splits: Any
    num_points: Float[np.ndarray, "k"]
    mean: Float[np.ndarray, "k"]
    mean_square: Float[np.ndarray, "k"]

    @classmethod
    def grown(cls, splits: Any) -> "Tree":
        mean = splits.value[:, 0, 0]
        num_points = splits.weighted_n_node_samples
        return cls(splits=splits, num_points=num_points, mean=mean, mean_square=mean**2 + splits.impurity)

    def with_points(self, X: Float32[np.ndarray, "p f"], y: Float[np.ndarray, "p"]) -> "Tree":
        """The same splits, and every point counted in its leaf."""
        leaves = self.splits.apply(X)
        total, first, second = self.num_points.copy(), self.mean * self.num_points, self.mean_square * self.num_points
        np.add.at(total, leaves, 1.0)
        np.add.at(first, leaves, y)
        np.add.at(second, leaves, y**2)
        return replace(self, num_points=total, mean=first / total, mean_square=second / total)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedForest:
    """The trees; `inflation` multiplies the variance."""

    trees: tuple[Tree, ...]
    inflation: float
    input_scale: Scale
    output_scale: Scale

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`."""
        check_features(X, len(self.input_scale.shift))
        mean, mean_square = np.zeros(len(X)), np.zeros(len(X))
        for tree_mean, tree_square in _answers(self.trees, _single(self.input_scale.apply(X))):
            mean += tree_mean
            mean_square += tree_square
        mean /= len(self.trees)
        variance = (mean_square / len(self.trees) - mean**2) * self.inflation
        std = np.sqrt(np.maximum(variance, MIN_STD**2)) * self.output_scale.width
        return Prediction(mean=mean * self.output_scale.width + self.output_scale.shift, std=std)

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        return self.predict(X).mean

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedForest":
        """Every pending point joins its leaf in all trees, at its predicted mean.

        The splits stay: growing the trees anew would take as long as a fit. In a leaf of one point the variance, that
        of the trees' disagreement included, halves.
        """
        believed = self.output_scale.apply(self.predict_mean(X_pending))
        X = _single(self.input_scale.apply(X_pending))
        return replace(self, trees=tuple(tree.with_points(X, believed) for tree in self.trees))


def _single(X: Float[np.ndarray, "m f"]) -> Float32[np.ndarray, "m f"]:
    """As scikit-learn's trees want their features, which must also be scaled: they call a range of 1e-7 constant."""
    return np.ascontiguousarray(X, dtype=np.float32)


def _answers(
    trees: tuple[Tree, ...], X: Float32[np.ndarray, "m f"]
) -> Iterator[tuple[Float[np.ndarray, "m"], Float[np.ndarray, "m"]]]:
    """Each tree's mean of y and of y^2 for every row. Finding the leaves is nine tenths of the time."""
    for tree in trees:
        leaves = tree.splits.apply(X)
        yield tree.mean.take(leaves), tree.mean_square.take(leaves)


def _inflation(
    trees: tuple[Tree, ...],
    X: Float32[np.ndarray, "n f"],
    y: Float[np.ndarray, "n"],
    unseen: Bool[np.ndarray, "t n"],
) -> float:
    """Mean squared error of out-of-bag predictions over the mean variance that they claim; 1 where there are none.

    At most `MAX_INFLATION`; from three points on it is usually below 4.
    """
    scored = unseen.any(axis=0)
    if not scored.any():
        return 1.0
    weights = unseen[:, scored] / unseen[:, scored].sum(axis=0)
    answers = np.array(list(_answers(trees, X[scored])))
    mean, mean_square = np.einsum("tn,tkn->kn", weights, answers)
    claimed = float(np.maximum(mean_square - mean**2, 0.0).mean())
    return min(float(np.mean((y[scored] - mean) ** 2)) / max(claimed, MIN_STD**2), MAX_INFLATION)
