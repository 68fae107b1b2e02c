"""Dominance, fronts and hypervolume on arrays of objectives; thin, over moocore.

Every objective is minimised. A row dominates another when it is nowhere worse and somewhere better, so equal rows do
not dominate each other and stand or fall together.

Notation:
    points     Float[n, m]   one row per architecture, each column in its objective's unit
    reference  Float[m]      the corner that bounds a hypervolume
    rank       Int[n]        0 on the front, 1 on the front of what is left without rank 0, and so on
"""

import moocore
import numpy as np
from jaxtyping import Bool, Float, Int

REFERENCE_BEYOND = 0.1
"""Of an objective's range: so far beyond the worst point lies the corner that bounds a hypervolume."""


def front_mask(points: Float[np.ndarray, "n m"], *, keep_equal: bool = True) -> Bool[np.ndarray, "n"]:
    """Which rows no other row dominates.

    Args:
      keep_equal: rows equal to one on the front are on it too; otherwise only the first of them.

    Raises:
      ValueError: a value is NaN.
    Source: Kung et al. 1975, "On finding the maxima of a set of vectors".
    """
    _check(points)
    if len(points) == 0:
        return np.zeros(0, bool)
    return np.asarray(moocore.is_nondominated(points, keep_weakly=keep_equal), bool)


def strictly_dominated(points: Float[np.ndarray, "n m"], by: Float[np.ndarray, "k m"]) -> Bool[np.ndarray, "n"]:
    """Which rows some row of `by` betters in the last objective and does not trail in the first; none unless m is 2.

    A sieve before `front_mask`: with two objectives it finds all that are dominated, but for ties in the last one, and
    at a tenth of the cost.

    Raises:
      ValueError: a value is NaN.
    """
    _check(points)
    if len(by) == 0 or points.shape[1] != 2:
        return np.zeros(len(points), bool)
    order = np.argsort(by[:, 0])
    least = np.concatenate([[np.inf], np.minimum.accumulate(by[order, 1])])
    return np.asarray(least[np.searchsorted(by[order, 0], points[:, 0], side="right")] < points[:, 1])


def front_ranks(points: Float[np.ndarray, "n m"]) -> Int[np.ndarray, "n"]:
    """Non-dominated sorting: the number of fronts to peel off before each row is on one.

    Raises:
      ValueError: a value is NaN.
    Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", section III.A.
    """
    _check(points)
    if len(points) == 0:
        return np.zeros(0, np.int64)
    return np.asarray(moocore.pareto_rank(points), np.int64)


def hypervolume(points: Float[np.ndarray, "n m"], reference: Float[np.ndarray, "m"]) -> float:
    """Volume dominated by `points` and bounded by `reference`; every objective is minimised.

    Args:
      points: each column in its objective's unit; repeated rows are allowed.
      reference: no better than any point in any objective.

    Returns:
      Volume in the product of the objectives' units; 0.0 when n == 0.

    Raises:
      ValueError: a value is NaN or infinite, or a point lies beyond the reference.
    Source: Fonseca et al. 2006, "An improved dimension-sweep algorithm for the hypervolume indicator".
    """
    _check(points)
    if not (np.isfinite(points).all() and np.isfinite(reference).all()):
        raise ValueError("a hypervolume needs finite points and a finite reference; leave out unmeasured objectives")
    beyond = np.argwhere(points > reference)
    if len(beyond):
        row, column = beyond[0]
        raise ValueError(
            f"reference must be no better than any point, got {reference[column]} in objective {column} and "
            f"{points[row, column]} at row {row}; move it to at least {points[:, column].max()}"
        )
    return float(moocore.hypervolume(points, ref=reference)) if len(points) else 0.0


def knee(points: Float[np.ndarray, "n m"]) -> int:
    """Place of the point of a front that gives up least in all objectives together; of equals the first.

    With each objective scaled to [0, 1] over the points it is the least sum: of two objectives the point that lies
    farthest below the line between the front's ends.

    Raises:
      ValueError: there is no point, or a value is NaN or infinite.
    Source: Das 1999, "On characterizing the 'knee' of the Pareto curve based on normal-boundary intersection".
    """
    if len(points) == 0 or not np.isfinite(points).all():
        raise ValueError("a knee is sought among one finite point or more; leave out what was not measured")
    return int(np.argmin(_over_range(points).sum(axis=1)))


def spread_out(
    points: Float[np.ndarray, "n m"], num: int, reference: Float[np.ndarray, "m"] | None = None
) -> Int[np.ndarray, "k"]:
    """Places of `num` points that together dominate much volume, the most important first; all if there are no more.

    Taken one by one, each the point that adds most volume to those before it; then, should all that is left add
    nothing, what lies least beyond the reference.

    Args:
      reference: None for a tenth of each objective's range beyond its worst value.

    Raises:
      ValueError: a value is NaN.
    Source: Guerreiro et al. 2016, "Greedy hypervolume subset selection in low dimensions", for the guarantee.
    """
    _check(points)
    if len(points) == 0:
        return np.zeros(0, np.intp)
    ends = points.max(axis=0) + REFERENCE_BEYOND * np.ptp(points, axis=0)
    corner = ends if reference is None else np.minimum(ends, reference)
    scaled, chosen, left = (points - corner) / _range(points), list[int](), np.arange(len(points))
    beyond = scaled.max(axis=1)
    while len(left) and len(chosen) < num:
        gains = np.array([_volume(scaled[[*chosen, place]]) for place in left.tolist()])
        best = int(np.lexsort((beyond[left], -gains))[0])
        chosen.append(int(left[best]))
        left = np.delete(left, best)
    return np.array(chosen, dtype=np.intp)


def _volume(points: Float[np.ndarray, "k m"]) -> float:
    """Hypervolume below the origin."""
    inside = points[(points < 0).all(axis=1)]
    return float(moocore.hypervolume(inside, ref=np.zeros(points.shape[1]))) if len(inside) else 0.0


def _range(points: Float[np.ndarray, "n m"]) -> Float[np.ndarray, " m"]:
    spread = np.ptp(points, axis=0)
    return np.where(spread > 0, spread, 1.0)


def _over_range(points: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    return np.asarray((points - points.min(axis=0)) / _range(points))


def crowding_distances(points: Float[np.ndarray, "n m"], ranks: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """How much room a row has among the rows of its own rank; infinite at the ends, zero among three equals.

    Per objective, the gap between the two neighbours as a share of the range of all rows, summed over objectives.
    All ranks are done at once: sorted by (rank, value), neighbours of another rank are ends.

    Raises:
      ValueError: a value is NaN.
    Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", section III.B.
    """
    _check(points)
    distances, order = np.zeros(len(points)), np.zeros(0, np.intp)
    for objective, column in enumerate(points.T):
        if objective == 0 or points.shape[1] > 2:  # of two objectives, one rises along a front where the other falls
            order = by_rank(np.argsort(column), ranks)
        gaps = np.full(len(points), np.inf)
        spread = np.ptp(column) if len(column) else 0.0
        inner = ranks[order[2:]] == ranks[order[:-2]]
        gaps[1:-1][inner] = np.abs(column[order[2:]] - column[order[:-2]])[inner] / (spread or 1.0)
        distances[order] += gaps
    return distances


def by_rank(order: Int[np.ndarray, "n"], ranks: Int[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    """The places in `order` sorted by rank, those of one rank left in order; 16 bits are sorted in a single pass."""
    small = ranks.astype(np.int16) if ranks.max(initial=0) < 2**15 else ranks
    ordered: Int[np.ndarray, " n"] = order[np.argsort(small[order], kind="stable")]
    return ordered


def _check(points: Float[np.ndarray, "n m"]) -> None:
    if np.isnan(points).any():
        row, column = np.argwhere(np.isnan(points))[0]
        raise ValueError(
            f"objectives must not be NaN, got one at row {row}, objective {column}; leave out failed trials"
        )
