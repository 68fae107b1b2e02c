"""The choice of a coding: it finds what ranks, keeps the first where nothing is clearly better, and sees no more."""

import numpy as np
import pytest
from jaxtyping import Float

from nas.search import FitsUnequalNoise, Fitted, Predictor, Reasoned
from predictors.coding import STEPS, Coded, Coding, FittedCoded, choosing
from predictors.gp import PREDICTOR as GP
from predictors.ridge import PREDICTOR as RIDGE

NUM_LEVELS = 6
CODINGS = (
    Coding(name="names", columns=tuple(range(3 * NUM_LEVELS))),
    Coding(name="numbers", columns=tuple(range(3 * NUM_LEVELS, 3 * NUM_LEVELS + 3))),
)
CODED = Coded(predictor=RIDGE, codings=CODINGS)


def levels(num_points: int, seed: int = 0) -> Float[np.ndarray, "n 3"]:
    return np.random.default_rng(seed).integers(NUM_LEVELS, size=(num_points, 3)).astype(float)


def columns(level: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n f"]:
    """Three decisions in both codings, and one column that belongs to none, behind them."""
    one_hot = np.concatenate([np.eye(NUM_LEVELS)[level[:, i].astype(int)] for i in range(3)], axis=1)
    return np.concatenate([one_hot, level, level.sum(axis=1, keepdims=True) % 2], axis=1)


def fit(y: Float[np.ndarray, "n"], level: Float[np.ndarray, "n 3"], predictor: Predictor = CODED) -> FittedCoded:
    fitted = predictor.fit(columns(level), y)
    assert isinstance(fitted, FittedCoded) and isinstance(fitted, Fitted) and isinstance(fitted, Reasoned)
    return fitted


def test_what_grows_with_a_number_is_learnt_from_the_number() -> None:
    level = levels(30)
    fitted = fit(level @ np.array([3.0, 2.0, 1.0]), level)
    assert fitted.coding == "numbers" and fitted.reason.startswith("numbers: by cross-validated Kendall tau on 30")
    unseen = columns(levels(50, seed=1))
    alone = RIDGE.fit(columns(level)[:, 18:].copy(), level @ np.array([3.0, 2.0, 1.0]))
    np.testing.assert_array_equal(fitted.predict_mean(unseen), alone.predict_mean(unseen[:, 18:].copy()))
    np.testing.assert_array_equal(fitted.predict(unseen).std, alone.predict(unseen[:, 18:].copy()).std)


def test_codes_without_an_order_stay_names() -> None:
    level, worth = levels(120), np.array([2.0, -3.0, 5.0, -1.0, 4.0, 0.0])
    y = worth[level.astype(int)].sum(axis=1)
    fitted = fit(y, level)
    assert fitted.coding == "names"
    alone = RIDGE.fit(np.delete(columns(level), [18, 19, 20], axis=1), y)
    unseen = columns(levels(50, seed=1))
    as_names = np.delete(unseen, [18, 19, 20], axis=1)
    np.testing.assert_allclose(fitted.predict_mean(unseen), alone.predict_mean(as_names), atol=1e-9)


@pytest.mark.parametrize("num_points", [1, STEPS[0] - 1])
def test_too_few_points_take_the_first_coding(num_points: int) -> None:
    level = levels(num_points)
    assert fit(level[:, 0], level).reason == f"names: {num_points} points, all alike or too few to compare codings on"


def test_constant_results_take_the_first_coding() -> None:
    assert "all alike" in fit(np.full(40, 7.0), levels(40)).reason


def test_noise_alone_takes_the_first_coding_most_of_the_time() -> None:
    chosen = [fit(np.random.default_rng(seed).standard_normal(30), levels(30, seed)).coding for seed in range(30)]
    assert chosen.count("names") > 20


def test_only_the_order_of_the_results_decides_not_their_scale_or_an_outlier() -> None:
    level = levels(40)
    y = level @ np.array([3.0, 2.0, 1.0]) + np.random.default_rng(0).standard_normal(40)
    stretched = np.exp(y) - 5.0
    stretched[np.argmax(y)] = 1e12
    assert fit(y, level).reason == fit(stretched, level).reason


def test_a_result_to_come_changes_nothing_before_the_next_step() -> None:
    level = levels(STEPS[4])
    y = np.random.default_rng(0).standard_normal(len(level))
    for n in range(STEPS[3], STEPS[4]):
        assert fit(y[:n], level[:n]).reason == fit(y[: STEPS[3]], level[: STEPS[3]]).reason


def test_what_was_chosen_before_is_what_a_fresh_one_chooses() -> None:
    level = levels(60)
    y, used = level[:, 0] ** 2 - level[:, 1], Coded(predictor=RIDGE, codings=CODINGS)
    for n in (20, 60, 20, 40, 60):
        fresh = Coded(predictor=RIDGE, codings=CODINGS)
        assert fit(y[:n], level[:n], used).reason == fit(y[:n], level[:n], fresh).reason


def test_pending_points_narrow_and_the_choice_stays() -> None:
    level = levels(40)
    fitted = fit(level[:, 0], level)
    X = columns(levels(5, seed=3))
    believed = fitted.fantasise(X)
    assert believed.coding == fitted.coding and (believed.predict(X).std < fitted.predict(X).std).all()


def test_bad_results_are_refused_as_by_any_predictor() -> None:
    with pytest.raises(ValueError, match="y must be finite, got nan at row 0"):
        CODED.fit(columns(levels(3)), np.array([np.nan, 1.0, 2.0]))
    with pytest.raises(ValueError, match="at least one point, got none"):
        CODED.fit(columns(levels(0)), np.zeros(0))


def test_a_single_coding_is_no_choice() -> None:
    assert choosing(RIDGE, CODINGS[:1]) is RIDGE


def test_noise_of_their_own_is_told_to_a_predictor_that_understands_it() -> None:
    level, few = levels(40), levels(10, seed=1)
    y = np.concatenate([level, few]) @ np.array([3.0, 2.0, 1.0])
    y[40:] += np.random.default_rng(0).normal(0, 3.0, 10)
    X, rough = columns(np.concatenate([level, few])), np.arange(50) >= 40
    coded = choosing(GP, CODINGS)
    assert isinstance(coded, FitsUnequalNoise)
    fitted, unseen = coded.fit_unequal(X, y, rough), columns(levels(20, seed=2))
    assert isinstance(fitted, FittedCoded) and fitted.coding == "numbers"
    alone = GP.fit_unequal(X[:, 18:].copy(), y, rough)
    np.testing.assert_array_equal(fitted.predict(unseen).std, alone.predict(unseen[:, 18:].copy()).std)


def test_a_predictor_that_does_not_is_not_asked_to() -> None:
    assert not isinstance(choosing(RIDGE, CODINGS), FitsUnequalNoise)
