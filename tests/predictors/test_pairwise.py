"""The pairwise ridge against the regression on products written out, and against the evidence computed by hand."""

import numpy as np
import pytest
from jaxtyping import Float
from scipy.stats import multivariate_normal

from nas.search import kendall_tau
from predictors.pairwise import PREDICTOR, RATIOS, SHARES, FittedPairwiseRidge, _most_evident
from predictors.ridge import PREDICTOR as RIDGE


def sample(num_points: int, product: float, seed: int) -> tuple[Float[np.ndarray, "n 6"], Float[np.ndarray, "n"]]:
    """A line and `product` times two products of centred features, with noise of standard deviation 0.2."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (num_points, 6)) / 3.0
    Z = 2.0 * X - 1.0
    y = X @ np.arange(6.0) / 3.0 + product * (Z[:, 0] * Z[:, 5] - Z[:, 1] * Z[:, 2])
    return X, y + 0.2 * rng.standard_normal(num_points)


def written_out(fitted: FittedPairwiseRidge, inputs: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n p"]:
    """The features and all their products, scaled so that the prior of every slope has variance t2."""
    products = (inputs[:, :, None] * inputs[:, None, :]).reshape(len(inputs), -1)
    return np.concatenate([fitted.kernel.linear**0.5 * inputs, fitted.kernel.pairs**0.5 * products], axis=1)


def test_it_is_bayesian_regression_on_the_products() -> None:
    X, y = sample(60, 1.0, seed=0)
    fresh, _ = sample(50, 1.0, seed=1)
    fitted = PREDICTOR.fit(X, y)
    assert fitted.kernel.pairs > 0.0
    features, rows = (written_out(fitted, fitted.input_scale.apply(Z)) for Z in (X, fresh))
    covariance = np.linalg.inv(features.T @ features + np.eye(features.shape[1]))
    slopes = covariance @ features.T @ fitted.output_scale.apply(y)
    width = float(fitted.output_scale.width)
    prediction = fitted.predict(fresh)
    np.testing.assert_allclose(prediction.mean, rows @ slopes * width + y.mean())
    variance = fitted.noise * (1.0 + 1.0 / 60 + np.einsum("mp,pq,mq->m", rows, covariance, rows))
    np.testing.assert_allclose(prediction.std, np.sqrt(variance) * width)


def test_share_and_ratio_are_the_most_evident_of_the_grid() -> None:
    X, y = sample(20, 0.5, seed=2)
    X, y = X - X.mean(axis=0), (y - y.mean()) / y.std()
    linear, pairs = X @ X.T, (X @ X.T) ** 2
    linear, pairs = linear / np.diag(linear).mean(), pairs / np.diag(pairs).mean()

    def log_evidence(share: float, ratio: float) -> float:
        """At the best t2, whose prior is worth one point of variance 0.1, seen in one more y of its own."""
        K = ratio * ((1.0 - share) * linear + share * pairs) + np.eye(20)
        noise = (float(y @ np.linalg.solve(K, y)) + 0.1) / 21
        extra = multivariate_normal.logpdf(0.1**0.5, 0.0, noise)
        return float(multivariate_normal.logpdf(y, np.zeros(20), noise * K) + extra)

    kernel, _ = _most_evident(X, y)
    best = max(((share, ratio) for share in SHARES for ratio in RATIOS[::4]), key=lambda place: log_evidence(*place))
    found_linear = kernel.linear * np.diag(X @ X.T).mean()
    found_pairs = kernel.pairs * np.diag((X @ X.T) ** 2).mean()
    ratio = found_linear + found_pairs
    assert log_evidence(found_pairs / ratio, ratio) >= log_evidence(*best) - 1e-9
    assert found_pairs / ratio == pytest.approx(min(SHARES, key=lambda share: abs(share - found_pairs / ratio)))


def test_products_are_learned_where_there_are_any_and_cost_nothing_where_there_are_none() -> None:
    def taus(product: float) -> tuple[float, float]:
        X, y = sample(100, product, seed=3)
        fresh, measured = sample(1000, product, seed=4)
        pairwise, ridge = (kendall_tau(p.fit(X, y).predict_mean(fresh), measured) for p in (PREDICTOR, RIDGE))
        return pairwise, ridge

    pairwise, ridge = taus(product=2.0)
    assert pairwise > ridge + 0.2
    pairwise, ridge = taus(product=0.0)
    assert pairwise > ridge - 0.01


def test_a_believed_point_moves_no_mean_and_shrinks_its_own_std_most() -> None:
    X, y = sample(30, 1.0, seed=5)
    fresh, _ = sample(50, 1.0, seed=6)
    before = PREDICTOR.fit(X, y)
    after = before.fantasise(fresh[:3])
    np.testing.assert_allclose(after.predict_mean(fresh), before.predict_mean(fresh))
    shrunk = after.predict(fresh).std / before.predict(fresh).std
    assert (shrunk <= 1.0).all()
    assert shrunk[:3].max() < np.median(shrunk[3:])
