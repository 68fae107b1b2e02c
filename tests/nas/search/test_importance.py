"""Importance against closed forms and against brute force over a whole feasible set."""

import itertools

import numpy as np
import pytest
from jaxtyping import Bool, Float, Int8
from scipy.stats import binom, t

from nas.search.importance import Predict, importance

NUM_OPTIONS = np.array([2, 3, 4, 1])
EVERYTHING = np.array(list(itertools.product(*map(range, NUM_OPTIONS))), dtype=np.int8)
PARTS = (np.array([0.0, 4.0]), np.array([1.0, 0.0, 3.0]), np.array([0.0, 1.0, 2.0, 9.0]), np.array([5.0]))


def additive(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
    return np.asarray(sum(part[population[:, j]] for j, part in enumerate(PARTS)))


def product(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
    return population[:, 0] * population[:, 1].astype(np.float64)


def anything(population: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, "n"]:
    return np.ones(len(population), bool)


def limited(population: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, "n"]:
    return population[:, :3].astype(int) @ [3, 2, 1] <= 6


def test_an_additive_function_has_its_parts_shares() -> None:
    found = importance(additive, [], population=EVERYTHING, num_options=NUM_OPTIONS, is_feasible=anything)
    variances = np.array([part.var() for part in PARTS])
    assert found.total.value == pytest.approx(variances / variances.sum())
    assert found.spread.value == pytest.approx(np.sqrt(variances))
    assert found.mean == pytest.approx(sum(part.mean() for part in PARTS))
    for part, effect in zip(PARTS, found.effects, strict=True):
        assert effect.value == pytest.approx(part - part.mean())
    assert np.isnan(found.total.error).all()


def test_interaction_counts_for_both_decisions() -> None:
    """For f = a b with a in {0, 1}, b in {0, 1, 2}: Var f = 7/12, E Var(f | b) = 5/12, E Var(f | a) = 1/3."""
    found = importance(product, [], population=EVERYTHING, num_options=NUM_OPTIONS, is_feasible=anything)
    assert found.total.value == pytest.approx([5 / 7, 4 / 7, 0, 0])


def least_squares(
    feasible: Int8[np.ndarray, "n d"], values: Float[np.ndarray, "n"], decision: int
) -> Float[np.ndarray, "o"]:
    """Effects of a decision by brute force: one unknown for each option and for each setting of all other decisions."""
    options = np.eye(NUM_OPTIONS[decision])[feasible[:, decision]]
    _, others = np.unique(np.delete(feasible, decision, axis=1), axis=0, return_inverse=True)
    solution = np.linalg.lstsq(np.hstack([options, np.eye(others.max() + 1)[others.ravel()]]), values, rcond=None)[0]
    effects = solution[: NUM_OPTIONS[decision]]
    return np.asarray(effects - (options @ effects).mean())


@pytest.mark.parametrize("predict", [additive, product])
def test_under_limits_it_is_the_variance_left_by_all_other_decisions(predict: Predict) -> None:
    feasible = EVERYTHING[limited(EVERYTHING)]
    found = importance(predict, [], population=feasible, num_options=NUM_OPTIONS, is_feasible=limited)
    values = predict(feasible)
    for j in range(len(NUM_OPTIONS)):
        others = np.delete(feasible, j, axis=1)
        left = [values[(others == row).all(axis=1)].var() for row in others]
        assert found.total.value[j] == pytest.approx(np.mean(left) / values.var())
        assert found.effects[j].value == pytest.approx(least_squares(feasible, values, j))


def test_nothing_infeasible_is_looked_at_for_what_is_reported() -> None:
    """Whatever f says beyond the limits changes no figure."""
    feasible = EVERYTHING[limited(EVERYTHING)]

    def wild(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        return np.where(limited(population), additive(population), 1e6)

    tame, wilder = (
        importance(predict, [], population=feasible, num_options=NUM_OPTIONS, is_feasible=limited)
        for predict in (additive, wild)
    )
    assert wilder.total.value == pytest.approx(tame.total.value)
    assert wilder.effects[0].value == pytest.approx(tame.effects[0].value)


def test_an_option_that_nothing_can_have_has_no_effect() -> None:
    def narrow(population: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, "n"]:
        return population[:, 2] < 3

    found = importance(
        additive, [], population=EVERYTHING[narrow(EVERYTHING)], num_options=NUM_OPTIONS, is_feasible=narrow
    )
    assert np.isnan(found.effects[2].value[3]) and np.isfinite(found.effects[2].value[:3]).all()


@pytest.mark.slow
def test_intervals_of_a_sample_hold_the_truth_as_often_as_they_claim() -> None:
    rng, repeats, replicates = np.random.default_rng(0), 200, 10
    variances = np.array([part.var() for part in PARTS])
    truth, reach = (variances / variances.sum())[2], t.ppf(0.975, replicates - 1)
    held = 0
    for _ in range(repeats):
        population = rng.integers(0, NUM_OPTIONS, size=(100, 4)).astype(np.int8)
        found = importance(
            additive, [additive] * replicates, population=population, num_options=NUM_OPTIONS, is_feasible=anything
        ).total
        held += abs(found.value[2] - truth) <= reach * found.error[2]
    assert binom.ppf(0.001, repeats, 0.95) <= held <= binom.ppf(0.999, repeats, 0.95)


def test_replicates_that_differ_widen_the_intervals() -> None:
    """Replicates at 1 + e_g times the spread: the jackknife error of it is a closed form."""
    factors = np.array([0.9, 1.0, 1.1, 1.2])
    population = np.repeat(EVERYTHING, len(factors), axis=0)  # each group is the whole set
    spread = importance(
        additive,
        [lambda rows, factor=factor: factor * additive(rows) for factor in factors],
        population=population,
        num_options=NUM_OPTIONS,
        is_feasible=anything,
    ).spread
    expected = np.sqrt(3 / 4 * ((factors - factors.mean()) ** 2).sum())
    assert spread.error == pytest.approx(expected * spread.value)


@pytest.mark.parametrize("value", [0.0, 0.1, -3e8])
def test_a_constant_function_gives_nothing_any_importance(value: float) -> None:
    def constant(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        return np.full(len(population), value)

    found = importance(constant, [constant] * 2, population=EVERYTHING, num_options=NUM_OPTIONS, is_feasible=anything)
    assert not found.total.value.any() and not found.total.error.any()


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="at least one architecture, got none; sample some that meet the limits"):
        importance(additive, [], population=EVERYTHING[:0], num_options=NUM_OPTIONS, is_feasible=anything)
    with pytest.raises(ValueError, match="feasible architectures, row 11 is not; sample the feasible set"):
        importance(additive, [], population=EVERYTHING, num_options=NUM_OPTIONS, is_feasible=limited)
    with pytest.raises(ValueError, match="a jackknife needs at least 2 replicates, got 1"):
        importance(additive, [additive], population=EVERYTHING, num_options=NUM_OPTIONS, is_feasible=anything)
