"""The forest against scikit-learn's own mean, the law of total variance, and leaves filled by hand."""

import numpy as np
from jaxtyping import Float
from sklearn.ensemble import RandomForestRegressor

from predictors._trees import NUM_TREES, SEED
from predictors.forest import PREDICTOR


def sample(num_points: int, seed: int) -> tuple[Float[np.ndarray, "n 5"], Float[np.ndarray, "n"]]:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (num_points, 5)) / 3.0
    return X, X @ np.array([3.0, 2.0, 1.0, 0.5, 0.0]) + 0.3 * rng.standard_normal(num_points)


def test_the_mean_is_scikit_learns() -> None:
    X, y = sample(40, seed=0)
    fresh, _ = sample(30, seed=1)
    peer = RandomForestRegressor(NUM_TREES, max_features=1 / 3, random_state=SEED).fit(X, (y - y.mean()) / y.std())
    np.testing.assert_allclose(PREDICTOR.fit(X, y).predict_mean(fresh), peer.predict(fresh) * y.std() + y.mean())


def test_the_variance_is_that_of_a_random_trees_leaf_inflated() -> None:
    X, y = sample(40, seed=0)
    fresh, _ = sample(30, seed=1)
    fitted = PREDICTOR.fit(X, y)
    leaves = [tree.splits.apply(fresh.astype(np.float32)) for tree in fitted.trees]
    means = [tree.splits.value[at, 0, 0] for tree, at in zip(fitted.trees, leaves, strict=True)]
    variances = [tree.splits.impurity[at] for tree, at in zip(fitted.trees, leaves, strict=True)]
    variance = np.mean(variances, axis=0) + np.var(means, axis=0)
    np.testing.assert_allclose(fitted.predict(fresh).std, np.sqrt(fitted.inflation * variance) * y.std())


def test_a_believed_point_is_one_more_point_of_its_leaves() -> None:
    X, y = sample(25, seed=2)
    pending, _ = sample(4, seed=3)
    fitted = PREDICTOR.fit(X, y)
    believed = (fitted.predict_mean(pending) - y.mean()) / y.std()
    for before, after in zip(fitted.trees, fitted.fantasise(pending).trees, strict=True):
        leaves = before.splits.apply(pending.astype(np.float32))
        for leaf in np.unique(leaves):
            joined, held = believed[leaves == leaf], before.num_points[leaf]
            np.testing.assert_allclose(after.num_points[leaf], held + len(joined))
            np.testing.assert_allclose(after.mean[leaf] * (held + len(joined)), before.mean[leaf] * held + joined.sum())
            second = before.mean_square[leaf] * held + (joined**2).sum()
            np.testing.assert_allclose(after.mean_square[leaf] * (held + len(joined)), second)
        others = np.setdiff1d(np.arange(len(before.mean)), leaves)
        np.testing.assert_array_equal(after.mean[others], before.mean[others])


def test_a_believed_point_moves_its_mean_little_and_shrinks_its_own_std_most() -> None:
    X, y = sample(60, seed=4)
    fresh, _ = sample(50, seed=5)
    before = PREDICTOR.fit(X, y)
    after = before.fantasise(fresh[:3])
    assert np.abs(after.predict_mean(fresh) - before.predict_mean(fresh)).max() < 0.2 * y.std()
    shrunk = after.predict(fresh).std / before.predict(fresh).std
    assert shrunk[:3].mean() < 0.9
    assert shrunk[:3].max() < np.median(shrunk[3:])
