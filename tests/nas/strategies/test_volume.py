"""The expected gain against exact hypervolumes, and against draws of what a prediction leaves open."""

import math

import numpy as np
import pytest
from jaxtyping import Float

from nas.genetic import hypervolume
from nas.strategies._volume import lengths, random_directions, shortfall

NUM_DIRECTIONS = 4000


def constant(num_objectives: int) -> float:
    """Hypervolume over the average of length^m: the volume of the unit ball's part without negative coordinates."""
    return math.pi ** (num_objectives / 2) / 2**num_objectives / math.gamma(num_objectives / 2 + 1)


def random_front(num_objectives: int, seed: int = 0) -> Float[np.ndarray, "4 m"]:
    return 0.3 + 0.7 * np.random.default_rng(seed).random((4, num_objectives))


def directions(num_objectives: int) -> Float[np.ndarray, "D m"]:
    return random_directions(NUM_DIRECTIONS, num_objectives, np.random.default_rng(1))


@pytest.mark.parametrize("num_objectives", [2, 3, 4])
def test_lengths_average_to_the_hypervolume(num_objectives: int) -> None:
    front, reference = random_front(num_objectives), np.ones(num_objectives)
    longest = lengths(front, reference, directions(num_objectives)).max(axis=0)
    volume = constant(num_objectives) * np.mean(longest**num_objectives)
    assert volume == pytest.approx(hypervolume(front, reference), rel=0.05)


@pytest.mark.parametrize("num_objectives", [2, 3])
def test_a_sure_prediction_gains_what_it_adds_to_the_hypervolume(num_objectives: int) -> None:
    front, reference = random_front(num_objectives), np.ones(num_objectives)
    points = np.random.default_rng(2).random((20, num_objectives)) * 0.9
    gain = -shortfall(
        points, np.full_like(points, 1e-3), front=front, reference=reference, directions=directions(num_objectives)
    )
    before = hypervolume(front, reference)
    exact = [hypervolume(np.vstack([front, point]), reference) - before for point in points]
    np.testing.assert_allclose(constant(num_objectives) * gain.clip(min=0), exact, atol=0.01, rtol=0.06)


def test_an_unsure_prediction_gains_the_mean_over_its_draws() -> None:
    front, reference, rng = random_front(2), np.ones(2), np.random.default_rng(3)
    mean, std = rng.random((6, 2)), 0.05 + 0.2 * rng.random((6, 2))
    gain = -shortfall(mean, std, front=front, reference=reference, directions=directions(2))
    before = hypervolume(front, reference)
    for i in range(len(mean)):
        draws = np.minimum(mean[i] + std[i] * rng.standard_normal((2000, 2)), 1.0)
        drawn = [hypervolume(np.vstack([front, draw]), reference) - before for draw in draws]
        assert constant(2) * gain[i] == pytest.approx(np.mean(drawn), rel=0.1, abs=0.004)


def test_where_no_gain_is_expected_the_nearer_to_one_is_better() -> None:
    front, far = np.array([[0.1, 0.1]]), np.array([[0.9, 0.9], [0.6, 0.6], [0.3, 0.3]])
    score = shortfall(
        far, np.full_like(far, 1e-4), front=front, reference=np.ones(2), directions=random_directions(8, 2, RNG)
    )
    assert (score > 0).all() and (np.diff(score) < 0).all()


RNG = np.random.default_rng(0)


def test_directions_are_unit_vectors_and_favour_no_objective() -> None:
    found = directions(3)
    assert (found > 0).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0)
    np.testing.assert_allclose((found**2).mean(axis=0), 1 / 3, atol=0.02)


@pytest.mark.parametrize("num_objectives", [2, 3])
def test_an_exact_objective_gains_what_one_gains_that_is_all_but_sure(num_objectives: int) -> None:
    front, reference, rng = random_front(num_objectives), np.ones(num_objectives), np.random.default_rng(3)
    mean, std = rng.random((6, num_objectives)), 0.05 + 0.1 * rng.random((6, num_objectives))
    exact, sure = std.copy(), std.copy()
    exact[:, 1], sure[:, 1] = 0.0, 1e-5
    gains = [
        -shortfall(mean, one, front=front, reference=reference, directions=directions(num_objectives))
        for one in (exact, sure)
    ]
    np.testing.assert_allclose(gains[0].clip(min=0), gains[1].clip(min=0), rtol=0.02, atol=1e-4)
    assert (gains[0] > 0).any()
