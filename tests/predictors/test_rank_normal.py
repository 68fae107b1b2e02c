"""Ranks as targets: no monotone change of the unit changes the order, and answers are in the unit of y."""

import numpy as np
import pytest
from jaxtyping import Float

from nas.search import Predictor
from predictors import extra_trees, gp, ridge
from predictors._rank_normal import MIN_STD, FittedRankNormal, RankNormal

every_predictor = pytest.mark.parametrize("predictor", [gp.PREDICTOR, ridge.PREDICTOR, extra_trees.PREDICTOR])


def data(num_points: int = 40) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n"], Float[np.ndarray, "m 3"]]:
    rng = np.random.default_rng(0)
    X = rng.random((num_points, 3))
    return X, X @ np.array([3.0, 1.0, 0.2]) + 0.05 * rng.standard_normal(num_points), rng.random((25, 3))


@every_predictor
def test_a_long_tail_does_not_change_the_order(predictor: Predictor) -> None:
    X, y, unseen = data()
    plain = RankNormal(predictor=predictor).fit(X, y).predict_mean(unseen)
    tailed = RankNormal(predictor=predictor).fit(X, np.exp(3 * y)).predict_mean(unseen)
    np.testing.assert_array_equal(np.argsort(plain), np.argsort(tailed))


@every_predictor
def test_another_unit_changes_nothing_but_the_unit(predictor: Predictor) -> None:
    X, y, unseen = data()
    one, other = (RankNormal(predictor=predictor).fit(X, values).predict(unseen) for values in (y, 100 * y - 7))
    np.testing.assert_allclose(other.mean, 100 * one.mean - 7, rtol=1e-9)
    np.testing.assert_allclose(other.std, 100 * one.std, rtol=1e-9)


def test_what_was_measured_is_found_again_in_its_unit() -> None:
    X, y, _ = data()
    y = X @ np.array([3.0, 1.0, 0.2])  # without noise
    fitted = RankNormal(predictor=gp.PREDICTOR).fit(X, y)
    assert np.sqrt(np.mean((fitted.predict_mean(X) - y) ** 2)) < 0.1 * y.std()
    assert (fitted.predict(X).std < 0.5 * y.std()).all()


def test_beyond_the_best_and_the_worst_there_is_more_of_both() -> None:
    fitted = RankNormal(predictor=ridge.PREDICTOR).fit(np.arange(20.0)[:, None], np.arange(20.0) ** 2)
    low, high = fitted.predict_mean(np.array([[-10.0], [30.0]]))
    assert low < 0 and high > 19**2


def test_values_that_are_alike_share_their_score_and_stay_alike() -> None:
    X, y, unseen = data()
    y = np.round(y)
    fitted = RankNormal(predictor=ridge.PREDICTOR).fit(X, y)
    assert isinstance(fitted, FittedRankNormal)
    assert len(fitted.scores) == len(np.unique(y)) and (np.diff(fitted.scores) > 0).all()
    np.testing.assert_array_equal(fitted.values, np.unique(y))
    assert (fitted.predict(unseen).std >= 0.99 * MIN_STD * fitted.slope).all()


def test_nothing_to_rank_is_no_error() -> None:
    X, y, unseen = data()
    prediction = RankNormal(predictor=ridge.PREDICTOR).fit(X, np.full(len(y), 0.3)).predict(unseen)
    np.testing.assert_allclose(prediction.mean, 0.3)
    assert (prediction.std > 0).all()


def test_pending_points_are_believed_by_the_scores() -> None:
    X, y, unseen = data()
    fitted = RankNormal(predictor=gp.PREDICTOR).fit(X, y)
    believed = fitted.fantasise(unseen)
    assert isinstance(fitted, FittedRankNormal) and isinstance(believed, FittedRankNormal)
    assert (believed.predict(unseen).std < fitted.predict(unseen).std).all()
