"""The network ensemble: what its loss asks for, what a member may see, what a believed point does."""

import itertools
import math

import numpy as np
import pytest
import torch
from jaxtyping import Float

from nas.search import kendall_tau
from predictors._mlp_train import RANK_SHARE, _loss, trained
from predictors._shared import Scale
from predictors.mlp import MIN_SLOPE, NUM_MEMBERS, PREDICTOR, _answers, _unit_of, _unseen
from predictors.ridge import PREDICTOR as RIDGE


def sample(num_points: int, seed: int) -> tuple[Float[np.ndarray, "n f"], Float[np.ndarray, "n"]]:
    """A line, and two products of centred features."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 4, (num_points, 8)) / 3.0
    Z = 2.0 * X - 1.0
    y = X @ np.linspace(0.0, 1.0, 8) + 2.0 * Z[:, 0] * Z[:, 1] - 2.0 * Z[:, 2] * Z[:, 3]
    return X, y + 0.1 * rng.standard_normal(num_points)


def test_the_loss_is_squared_error_and_every_pairs_logistic_loss() -> None:
    rng = np.random.default_rng(0)
    predicted, targets = rng.standard_normal((2, 3, 6))
    targets[0, 2] = targets[0, 4]  # a tie asks for no order, and costs log(2) whatever is said
    expected = 0.0
    for f, y in zip(predicted, targets, strict=True):
        pairs = [
            math.log1p(math.exp(-np.sign(y[i] - y[j]) * (f[i] - f[j]))) for i, j in itertools.combinations(range(6), 2)
        ]
        expected += RANK_SHARE * float(np.mean(pairs)) + (1.0 - RANK_SHARE) * 0.5 * float(np.mean((f - y) ** 2))
    assert float(_loss(torch.from_numpy(predicted), torch.from_numpy(targets))) == pytest.approx(expected)


def test_a_member_does_not_learn_from_what_it_must_not_see() -> None:
    X, y = sample(15, seed=0)
    unseen = _unseen(15, np.random.default_rng(0))
    changed = y.copy()
    changed[3] += 5.0
    before, after = (_answers(trained(X, t, unseen, np.random.default_rng(1)), X) for t in (y, changed))
    moved = np.abs(after - before).max(axis=1) > 1e-3
    np.testing.assert_array_equal(moved, ~unseen[:, 3])


@pytest.mark.parametrize("num_points", [2, 3, 4, 7, 50])
def test_every_point_is_unseen_by_some_and_seen_by_most(num_points: int) -> None:
    unseen = _unseen(num_points, np.random.default_rng(0))
    assert (unseen.sum(axis=0) >= 2).all()
    assert (unseen.sum(axis=1) >= 1).all()
    assert (unseen.sum(axis=0) <= NUM_MEMBERS / 2).all()


def test_products_of_features_are_learned() -> None:
    X, y = sample(150, seed=1)
    fresh, measured = sample(1000, seed=2)
    tau = {p: kendall_tau(p.fit(X, y).predict_mean(fresh), measured) for p in (PREDICTOR, RIDGE)}
    assert tau[PREDICTOR] > tau[RIDGE] + 0.3


def test_the_ranking_loss_does_not_stretch_the_unit() -> None:
    X, y = sample(300, seed=3)
    fresh, measured = sample(1000, seed=4)
    mean = PREDICTOR.fit(X, y).predict_mean(fresh)
    assert np.polyfit(mean, measured, 1)[0] == pytest.approx(1.0, abs=0.1)


def test_an_outlier_of_y_spoils_little_of_the_order() -> None:
    X, y = sample(100, seed=5)
    fresh, measured = sample(1000, seed=6)
    spoiled = y.copy()
    spoiled[0] += 50.0 * y.std()
    clean, bent = (kendall_tau(PREDICTOR.fit(X, t).predict_mean(fresh), measured) for t in (y, spoiled))
    assert bent > clean - 0.1
    assert bent > kendall_tau(RIDGE.fit(X, spoiled).predict_mean(fresh), measured)


def test_the_unit_is_a_least_squares_line_that_never_turns_the_order_around() -> None:
    rng = np.random.default_rng(0)
    targets = rng.standard_normal(100_000)
    scale = Scale(shift=np.asarray(7.0), width=np.asarray(5.0))
    found = _unit_of(3.0 * targets + 2.0, targets, scale)
    assert float(found.width) == pytest.approx(5.0 / 3.0, rel=0.01)
    np.testing.assert_allclose(found.apply(5.0 * targets + 7.0), 3.0 * targets + 2.0, atol=0.01)
    assert float(_unit_of(-targets, targets, scale).width) == 5.0 * MIN_SLOPE


def test_believing_conditions_the_members_as_a_gaussian() -> None:
    X, y = sample(25, seed=7)
    pending, fresh = sample(3, seed=8)[0], sample(40, seed=9)[0]
    fitted = PREDICTOR.fit(X, y)
    believed = fitted.fantasise(pending)

    answers = _answers(fitted.weights, fitted.input_scale.apply(np.concatenate([fresh, pending])))
    joint = np.cov(answers, rowvar=False)
    cross, prior = joint[:40, 40:], joint[40:, 40:]
    explained = np.einsum("mp,pq,mq->m", cross, np.linalg.inv(prior + fitted.noise * np.eye(3)), cross)
    std = np.sqrt(np.diag(joint)[:40] - explained + fitted.noise) * fitted.output_scale.width
    np.testing.assert_allclose(believed.predict(fresh).std, std)
    np.testing.assert_array_equal(believed.predict_mean(fresh), fitted.predict_mean(fresh))
    one_by_one = fitted.fantasise(pending[:1]).fantasise(pending[1:])
    np.testing.assert_allclose(one_by_one.predict(fresh).std, std)


def test_prediction_is_the_same_in_any_chunk() -> None:
    fitted = PREDICTOR.fit(*sample(20, seed=10))
    fresh, _ = sample(3000, seed=11)
    alone = np.concatenate([fitted.predict(row[None]).std for row in fresh[-20:]])
    np.testing.assert_allclose(fitted.predict(fresh).std[-20:], alone, rtol=1e-4)


def test_fitting_leaves_the_global_generators_alone() -> None:
    torch_state = torch.random.get_rng_state()
    PREDICTOR.fit(*sample(5, seed=12))
    assert torch.equal(torch.random.get_rng_state(), torch_state)
