"""What is far off is drawn in, in its order; what is not stays, to the last bit."""

import numpy as np
import pytest
from jaxtyping import Float

from nas.record import rows
from nas.search.ranking import cross_predict, kendall_tau
from nas.search.targets import RobustPredictor, drawn_in, far_off, fit_to_trials
from predictors import gp, ridge
from tests.nas.strategies.small import features, history


def errors(num: int = 60) -> Float[np.ndarray, " n"]:
    return 0.3 + 0.03 * np.random.default_rng(0).gamma(2.0, size=num)


@pytest.mark.parametrize("y", [errors(), -errors(), 100 * errors() - 30, np.exp(errors()), errors(1), errors(0)])
def test_where_nothing_is_far_nothing_changes(y: Float[np.ndarray, " n"]) -> None:
    assert drawn_in(y) is y and not far_off(y).any()


def test_a_find_among_values_that_are_nearly_alike_stays() -> None:
    y = np.append(0.9 + 1e-9 * np.arange(30), [0.2, 0.001])
    assert drawn_in(y) is y


def test_what_is_far_comes_within_a_spread_of_the_others_in_its_order() -> None:
    y = np.concatenate([errors(), [1e6, 3.0, 1e29, 5.0, -1e6, -7.0]])
    drawn = drawn_in(y)
    np.testing.assert_array_equal(np.flatnonzero(far_off(y)), np.arange(60, 66))
    np.testing.assert_array_equal(drawn[:60], y[:60])
    np.testing.assert_array_equal(np.argsort(drawn), np.argsort(y))
    spread = 1.4826 * np.median(np.abs(y - np.median(y)))
    assert y[:60].max() < drawn.max() < y[:60].max() + 2 * spread
    assert y[:60].min() > drawn.min() > y[:60].min() - 2 * spread


def test_no_unit_matters_where_the_spread_decides() -> None:
    y = np.append(errors() - errors().mean(), 1e6)
    np.testing.assert_allclose(drawn_in(1e3 * y), 1e3 * drawn_in(y))


def test_a_quarter_of_trials_may_be_far() -> None:
    y = np.concatenate([errors(), 10.0 ** np.arange(3, 23)])
    assert far_off(y).sum() == 20 and drawn_in(y).max() < 0.7


@pytest.mark.parametrize("y", [[0.3] * 9 + [1e6], [0.0] * 9 + [0.1, 0.2, 0.3, 1e6]])
def test_where_most_are_alike_there_is_still_a_far(y: list[float]) -> None:
    np.testing.assert_array_equal(np.flatnonzero(far_off(np.array(y))), [len(y) - 1])
    assert drawn_in(np.array(y)).max() < 1.0


@pytest.mark.parametrize("predictor", [ridge.PREDICTOR, gp.PREDICTOR], ids=["ridge", "gp"])
@pytest.mark.parametrize("far", [1e6, 1e29])
def test_a_training_that_nearly_diverged_costs_the_ranking_next_to_nothing(
    predictor: ridge.Ridge | gp.GaussianProcess, far: float
) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (60, 8)) / 3.0
    y = 0.3 + 0.1 * X @ np.linspace(0.1, 1.0, 8) + 0.02 * rng.normal(size=60)
    hit = y.copy()
    hit[np.argsort(y)[-4]] = far

    def tau(values: Float[np.ndarray, " n"], recipe: RobustPredictor | ridge.Ridge | gp.GaussianProcess) -> float:
        mean = cross_predict(recipe, X, values, folds=10, rng=np.random.default_rng(1)).mean
        return kendall_tau(mean, values)

    clean = tau(y, predictor)
    assert tau(y, RobustPredictor(predictor=predictor)) == clean
    assert abs(tau(hit, RobustPredictor(predictor=predictor)) - clean) < 0.05
    assert tau(hit, predictor) < clean - 0.2


def test_fitting_pairs_architectures_with_their_objective() -> None:
    done, _ = history(30)
    fitted = fit_to_trials(ridge.PREDICTOR, features, done, "error")
    truth = np.array([trial.metrics["error"] for trial in done])
    np.testing.assert_allclose(fitted.predict_mean(features(rows(done))), truth, atol=0.01)
