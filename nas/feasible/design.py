"""Space-filling initial design: architectures that cover the feasible set before a predictor can be fitted.

Uniform samples of a feasible set crowd at its limit, because almost all architectures are there, and independent ones
leave gaps and clusters besides. So a pool of candidates is drawn half uniformly and half evenly over the cost range,
and the design is picked from it one by one so that its distribution comes as close as it can to the pool's: each pick
is the candidate nearest to the pool as a whole and farthest from the picks before it. Every prefix of the design is a
good design too, so a search may start before the last one is trained.

    pool       Int8[p, d]    distinct feasible architectures
    X          Float[p, f]   their features, each column scaled to unit variance

Source: Mak and Joseph 2018, "Support points", for the energy distance; Chen, Welling and Smola 2010, "Super-samples
from kernel herding", for picking in sequence.
"""

import itertools
from collections.abc import Callable

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Float, Int8

from nas.feasible.feasible import FeasibleSet

POOL = 4096
POOL_PER_PICK = 4
CHUNK = 512  # rows of the distance matrix held at a time

Features = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n f"]]


def space_filling(
    feasible: FeasibleSet, n: int, *, features: Features, rng: np.random.Generator
) -> Int8[np.ndarray, "n d"]:
    """Choose `n` distinct feasible architectures that cover cost range and choices; in order of their worth.

    Args:
      features: what distance means; add a cost as a column to spread over it within the pool.

    Raises:
      ValueError: fewer than `n` distinct feasible architectures were found.
      ScarceError: feasible architectures are too rare to draw a pool of them.
    """
    half = max(POOL, POOL_PER_PICK * n) // 2
    drawn = np.concatenate([feasible.sample(half, rng), feasible.sample_spread(half, rng)])
    pool = np.unique(drawn, axis=0)
    if len(pool) < n:
        raise ValueError(
            f"a design of {n} distinct architectures needs as many feasible ones, but {2 * half} draws found "
            f"{len(pool)}; ask for at most that, or loosen a limit"
        )
    return cover(pool, n, features=features)


def cover(pool: Int8[np.ndarray, "p d"], n: int, *, features: Features) -> Int8[np.ndarray, "n d"]:
    """Choose `n` of a pool of distinct architectures whose features are distributed like the pool's; n <= p."""
    X = features(pool)
    X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    return pool[_herd(X, n)]


def discrepancy(design: Float[np.ndarray, "n f"], reference: Float[np.ndarray, "m f"]) -> float:
    """How far a design is from filling each pair of features evenly, as `reference` understands evenly; 0 is best.

    Columns are replaced by their quantiles in `reference`; the mean centred L2 discrepancy of all pairs of columns is
    returned, for in many dimensions the cube's own is about its corners. Compare only designs of one size.
    """
    levels = np.stack([_quantiles(column, base) for column, base in zip(design.T, reference.T, strict=True)], axis=1)
    pairs = itertools.combinations(range(levels.shape[1]), 2)
    return float(np.mean([scipy.stats.qmc.discrepancy(levels[:, list(pair)]) for pair in pairs]))


def _herd(X: Float[np.ndarray, "p f"], n: int) -> list[int]:
    """Rows picked one by one to minimise the energy distance between them and all rows."""
    to_pool = np.concatenate([_distances(X[i : i + CHUNK], X).mean(axis=1) for i in range(0, len(X), CHUNK)])
    to_picks, picks = np.zeros(len(X)), list[int]()
    for _ in range(n):
        score = to_pool - to_picks / (len(picks) + 1)
        score[picks] = np.inf
        picks.append(int(score.argmin()))
        to_picks += _distances(X[picks[-1:]], X)[0]
    return picks


def _distances(A: Float[np.ndarray, "a f"], B: Float[np.ndarray, "b f"]) -> Float[np.ndarray, "a b"]:
    squares = np.square(A).sum(axis=1)[:, None] + np.square(B).sum(axis=1) - 2 * A @ B.T
    distances: Float[np.ndarray, "a b"] = np.sqrt(np.maximum(squares, 0))
    return distances


def _quantiles(column: Float[np.ndarray, " n"], base: Float[np.ndarray, " m"]) -> Float[np.ndarray, " n"]:
    """Each value's place among the sorted base, in [0, 1]; equal values are spread over the places that they share."""
    base = np.sort(base)
    low, high = np.searchsorted(base, column, "left"), np.searchsorted(base, column, "right")
    order = np.argsort(column, kind="stable")
    _, starts, inverse, counts = np.unique(column[order], return_index=True, return_inverse=True, return_counts=True)
    place = np.empty(len(column))
    place[order] = (np.arange(len(column)) - starts[inverse] + 0.5) / counts[inverse]
    levels: Float[np.ndarray, " n"] = (low + place * (high - low)) / len(base)
    return levels
