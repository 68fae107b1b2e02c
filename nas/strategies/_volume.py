"""Expected hypervolume improvement of a candidate over a front, for independent normal predictions.

A hypervolume is an average over directions: from the reference point one walks along each into the dominated region,
and the length of the walk to the power m counts. One more point lengthens some of the walks. For independent normal
objectives the chance that it reaches a length t is a product of m normal distribution functions, so the expected gain
of a walk is an integral over t alone. This holds for any number of objectives. Everything is minimised.

An objective that is known exactly, whose deviation is 0, has no part in the product: it ends the walk.

    n, k, m, D    candidates, points of the front, objectives, directions
    mean, std     Float[n, m]   a prediction for each candidate; a column of std is all 0 or all positive
    directions    Float[D, m]   unit vectors without negative entries
    length        the largest t for which reference - t x direction is dominated

Source: Golovin and Zhang 2020, "Random hypervolume scalarizations for provable multi-objective black box optimization",
lemma 5; the constant that turns the average into a volume is left out.
"""

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

NUM_NODES = 6
REACH = 4.0
"""Standard deviations of luck beyond which nothing is expected."""


def random_directions(num: int, num_objectives: int, rng: np.random.Generator) -> Float[np.ndarray, "D m"]:
    """Uniform over the part of the unit sphere without negative entries."""
    draws = np.maximum(np.abs(rng.standard_normal((num, num_objectives))), 1e-9)
    directions: Float[np.ndarray, "D m"] = draws / np.linalg.norm(draws, axis=1, keepdims=True)
    return directions


def lengths(
    points: Float[np.ndarray, "n m"], reference: Float[np.ndarray, "m"], directions: Float[np.ndarray, "D m"]
) -> Float[np.ndarray, "n D"]:
    """Length that each point alone gives each direction; negative beyond the reference."""
    reached: Float[np.ndarray, "n D"] = ((reference - points)[:, None, :] / directions[None]).min(axis=2)
    return reached


def shortfall(
    mean: Float[np.ndarray, "n m"],
    std: Float[np.ndarray, "n m"],
    *,
    front: Float[np.ndarray, "k m"],
    reference: Float[np.ndarray, "m"],
    directions: Float[np.ndarray, "D m"],
) -> Float[np.ndarray, "n"]:
    """Score to minimise: minus the expected gain, or else how far an optimistic prediction is from one."""
    known = np.maximum(lengths(front, reference, directions).max(axis=0), 0.0)
    room = lengths(mean - REACH * std, reference, directions) - known
    gain = _expected_gain(mean, std, known, np.maximum(room, 0.0), reference, directions).mean(axis=1)
    return np.asarray(np.where(gain > 0, -gain, -room.max(axis=1).clip(max=0.0)))


def _expected_gain(
    mean: Float[np.ndarray, "n m"],
    std: Float[np.ndarray, "n m"],
    known: Float[np.ndarray, "D"],
    room: Float[np.ndarray, "n D"],
    reference: Float[np.ndarray, "m"],
    directions: Float[np.ndarray, "D m"],
) -> Float[np.ndarray, "n D"]:
    """E[(length^m - known^m)+]: m t^(m-1) P(length > t), integrated from `known` as far as luck may lead."""
    num_objectives, unsure = mean.shape[1], np.flatnonzero(std.any(axis=0)).tolist()
    nodes, weights = np.polynomial.legendre.leggauss(NUM_NODES)
    gain = np.zeros_like(room)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        t = known + node * room
        chance = np.full_like(room, num_objectives * weight)
        for i in unsure:
            chance *= ndtr((reference[i] - t * directions[:, i] - mean[:, i, None]) / std[:, i, None])
        gain += chance * t ** (num_objectives - 1)
    return np.asarray(gain * room)
