"""Space-filling initial design: architectures that cover the feasible set before a predictor can be fitted.

Uniform samples of a feasible set crowd at its limit, because almost all architectures are there, and independent ones
leave gaps and clusters besides. So a pool of candidates is drawn half uniformly and half evenly over the cost range,
and the design is picked from it one by one so that its distribution comes as close as it can to the pool's: each pick
is the candidate nearest to the pool as a whole and farthest from the picks before it. Every prefix of the design is a
good design too, so a search may start before the last one is trained.

Where the question is how cheap a network may be, a handful of picks must answer for the whole range of the cost, which
is one feature among many above: `graded` takes one pick from each of n equal parts of that range.

    pool       Int8[p, d]    distinct feasible architectures
    X          Float[p, f]   their features, each column scaled to unit variance

Source: Mak and Joseph 2018, "Support points", for the energy distance; Chen, Welling and Smola 2010, "Super-samples
from kernel herding", for picking in sequence.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Bool, Float, Int8

from nas.feasible.feasible import FeasibleSet

POOL = 4096
POOL_PER_PICK = 4
CHUNK = 512  # rows of the distance matrix held at a time

Features = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n f"]]
Cost = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, " n"]]


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
    _check_enough(pool, n, len(drawn))
    return cover(pool, n, features=features)


def graded(
    feasible: FeasibleSet, n: int, *, cost: Cost, features: Features, rng: np.random.Generator
) -> Int8[np.ndarray, "n d"]:
    """Choose `n` distinct feasible architectures, one from each of n equal parts of the cost's range.

    Within its part each is chosen as in `space_filling`. The parts come in the order of the van der Corput sequence,
    so that every prefix is spread over the range; a part that holds nothing new is left to the pool as a whole.

    Args:
      cost: spread over as far as the limits on it allow: draws are even over limited costs, uniform otherwise.

    Raises:
      ValueError, ScarceError: as for `space_filling`.
    """
    drawn = feasible.sample_spread(max(POOL, POOL_PER_PICK * n), rng)
    pool = np.unique(drawn, axis=0)
    _check_enough(pool, n, len(drawn))
    values = cost(pool)
    share = (values - values.min()) / max(float(np.ptp(values)), np.finfo(float).tiny)
    part = np.minimum((share * n).astype(np.intp), n - 1)
    return pool[_herd(_scaled(features(pool)), n, within=[part == i for i in _van_der_corput(n)])]


def cover(pool: Int8[np.ndarray, "p d"], n: int, *, features: Features) -> Int8[np.ndarray, "n d"]:
    """Choose `n` of a pool of distinct architectures whose features are distributed like the pool's; n <= p."""
    return pool[_herd(_scaled(features(pool)), n)]


def discrepancy(design: Float[np.ndarray, "n f"], reference: Float[np.ndarray, "m f"]) -> float:
    """How far a design is from filling each pair of features evenly, as `reference` understands evenly; 0 is best.

    Columns are replaced by their quantiles in `reference`; the mean centred L2 discrepancy of all pairs of columns is
    returned, for in many dimensions the cube's own is about its corners. Compare only designs of one size.
    """
    levels = np.stack([_quantiles(column, base) for column, base in zip(design.T, reference.T, strict=True)], axis=1)
    pairs = itertools.combinations(range(levels.shape[1]), 2)
    return float(np.mean([scipy.stats.qmc.discrepancy(levels[:, list(pair)]) for pair in pairs]))


def _check_enough(pool: Int8[np.ndarray, "p d"], n: int, num_draws: int) -> None:
    if len(pool) < n:
        raise ValueError(
            f"a design of {n} distinct architectures needs as many feasible ones, but {num_draws} draws found "
            f"{len(pool)}; ask for at most that, or loosen a limit"
        )


def _scaled(X: Float[np.ndarray, "p f"]) -> Float[np.ndarray, "p f"]:
    return np.asarray((X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0))


def _van_der_corput(n: int) -> list[int]:
    """0 to n - 1, each far from those before it: ordered by their binary digits read backwards."""
    digits = max(1, (n - 1).bit_length())
    return sorted(range(n), key=lambda i: f"{i:0{digits}b}"[::-1])


def _herd(X: Float[np.ndarray, "p f"], n: int, *, within: Sequence[Bool[np.ndarray, " p"]] | None = None) -> list[int]:
    """Rows picked one by one to minimise the energy distance between them and all rows.

    Args:
      within: for each pick the rows that it may come from; where all of them are picked, it may be any.
    """
    to_pool = np.concatenate([_distances(X[i : i + CHUNK], X).mean(axis=1) for i in range(0, len(X), CHUNK)])
    to_picks, picks = np.zeros(len(X)), list[int]()
    for pick in range(n):
        score = to_pool - to_picks / (len(picks) + 1)
        score[picks] = np.inf
        if within is not None and np.isfinite(allowed := np.where(within[pick], score, np.inf)).any():
            score = allowed
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
