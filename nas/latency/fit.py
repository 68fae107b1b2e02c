"""Linear regression from operator times to whole-network latency, fitted to networks that were timed whole.

    latency = intercept + sum over kinds of slope[kind] x (sum of the times of its operators)

An operator by itself finds its input in another place of the cache hierarchy, and its threads warmer, than inside a
network; by how much depends on whether it computes (convolutions) or moves memory (depthwise, adding, resampling). So
each kind has a slope, drawn towards the one that all have in common as far as the networks leave it open.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Float
from scipy.optimize import nnls

from nas.space import Conv, Network, Operator

COMMON_SLOPE_WEIGHT = 0.05  # a slope that is twice the common one costs as much as an error of 5 % on one network
HUBER, HUBER_FLOOR, NUM_REWEIGHTINGS = 2.0, 0.01, 5  # errors beyond twice the median error (or 2 %) count linearly
MARGIN_SHARE, MARGIN_CONFIDENCE = 0.95, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """latency = intercept_ms + slopes[kind] x operator times; a kind without a slope has 1."""

    intercept_ms: float = 0.0
    slopes: Mapping[str, float] = field(default_factory=dict)

    def operator_ms(self, op: Operator, alone_ms: float) -> float:
        """What an operator adds to a network, from its time alone."""
        return self.slopes.get(kind(op), 1.0) * alone_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Cross-fitted agreement of predictions with whole networks, each of which had no part in fitting its line.

    Attributes:
      mape: mean absolute error relative to the measured time.
      bias: mean of predicted / measured - 1.
      spearman: rank correlation; None if it cannot be computed, because all of one side are equal.
      within_10_percent: share of networks predicted within 10 % of the measured time.
      margin: what a search must keep below a limit, as a share of the prediction, see `margin`.
    """

    num_networks: int
    mape: float
    bias: float
    spearman: float | None
    within_10_percent: float
    margin: float


def kind(op: Operator) -> str:
    """Kind of an operator, by how it runs: "pointwise", "depthwise", "convolution", "upsample", "add", .."""
    if not isinstance(op, Conv):
        return op.key.split()[0]
    if op.groups > 1:
        return "depthwise"
    return "pointwise" if op.kernel == 1 else "convolution"


def sums(entries: Mapping[str, float], network: Network) -> dict[str, float]:
    """Milliseconds of a network's operators by kind."""
    found: dict[str, float] = {}
    for node in network.nodes:
        found[kind(node.op)] = found.get(kind(node.op), 0.0) + entries[node.op.key]
    return found


def fit_line(by_kind: Sequence[Mapping[str, float]], measured: Float[np.ndarray, " n"]) -> Line:
    """Least squares of relative errors; nothing is negative, and networks that fit badly count less (Huber).

    Args:
      by_kind: of each network, the sums of its operators' times.
      measured: milliseconds of each network.
    """
    kinds = sorted({name for one in by_kind for name in one})
    parts = np.array([[one.get(name, 0.0) for name in kinds] for one in by_kind])
    weights = np.ones(len(measured))
    for _ in range(NUM_REWEIGHTINGS + 1):
        intercept, slopes = _solve(parts / measured[:, None], 1 / measured, weights)
        error = np.abs((intercept + parts @ slopes) / measured - 1)
        bend = HUBER * max(HUBER_FLOOR, float(np.median(error)))
        weights = np.minimum(1.0, bend / np.maximum(error, bend))
    return Line(intercept_ms=intercept, slopes=dict(zip(kinds, slopes.tolist(), strict=True)))


def _solve(
    parts: Float[np.ndarray, "n k"], constant: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"]
) -> tuple[float, Float[np.ndarray, " k"]]:
    """Intercept and slopes that bring each row's weighted sum nearest to 1."""
    root = np.sqrt(weights)
    (_, common), _ = nnls(np.stack([root * constant, root * parts.sum(axis=1)], axis=1), root)
    # Unknowns: the intercept, and each kind's slope; below them the pull of each slope towards the common one.
    num_kinds = parts.shape[1]
    design = root[:, None] * np.concatenate([constant[:, None], parts], axis=1)
    pull = np.concatenate([np.zeros((num_kinds, 1)), np.eye(num_kinds) / max(common, 1e-12)], axis=1)
    weight = COMMON_SLOPE_WEIGHT
    (intercept, *slopes), _ = nnls(
        np.concatenate([design, weight * pull]), np.concatenate([root, np.full(num_kinds, weight)])
    )
    return float(intercept), np.array(slopes)


def predict(line: Line, by_kind: Sequence[Mapping[str, float]]) -> Float[np.ndarray, " n"]:
    """Milliseconds of networks from the sums of their operators' times."""
    return np.array(
        [line.intercept_ms + sum(line.slopes.get(name, 1.0) * ms for name, ms in one.items()) for one in by_kind]
    )


def cross_fit(by_kind: Sequence[Mapping[str, float]], measured: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Milliseconds of each network as predicted by a line fitted to all the others."""
    predicted = np.empty(len(measured))
    for i in range(len(measured)):
        others = [j for j in range(len(measured)) if j != i]
        line = fit_line([by_kind[j] for j in others], measured[others])
        predicted[i] = predict(line, [by_kind[i]])[0]
    return predicted


def judge(predicted: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"]) -> Fit:
    """Agreement of predictions with measurements that had no part in them; both in milliseconds."""
    error = predicted / measured - 1
    return Fit(
        num_networks=len(measured),
        mape=float(np.abs(error).mean()),
        bias=float(error.mean()),
        spearman=_spearman(predicted, measured),
        within_10_percent=float((np.abs(error) <= 0.1).mean()),
        margin=margin(predicted, measured),
    )


def margin(predicted: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"]) -> float:
    """By what share of its prediction a network may be slower than predicted, at least 0.

    The one-sided tolerance limit of measured / predicted - 1: with a confidence of 95 % at most one network in twenty
    is slower still. Centre and scale are the median and Qn, so that a few networks that were timed in the machine's
    bad minutes, however much too long, hardly move it. Both sides of the comparison are of one statistic, the quickest
    of a network's sessions, because a winner is judged by that.

    Source: Hahn and Meeker 1991, "Statistical Intervals", section 4.6 (factors from the noncentral t distribution).
    """
    excess, n = measured / predicted - 1, len(measured)
    factor = scipy.stats.nct.ppf(
        MARGIN_CONFIDENCE, n - 1, scipy.stats.norm.ppf(MARGIN_SHARE) * math.sqrt(n)
    ) / math.sqrt(n)
    return max(0.0, float(np.median(excess) + factor * robust_scale(excess)))


def robust_scale(values: Float[np.ndarray, " n"]) -> float:
    """Qn: a quantile of the distances between all pairs; the standard deviation where values are normal, and of a
    finite size while fewer than half of them are wild.

    Source: Rousseeuw and Croux 1993, "Alternatives to the Median Absolute Deviation", section 3.
    """
    n = len(values)
    distances = np.sort(np.abs(values[:, None] - values[None, :])[np.triu_indices(n, k=1)])
    half = n // 2 + 1
    correction = n / (n + 1.4) if n % 2 else n / (n + 3.8)
    return float(2.2219 * correction * distances[math.comb(half, 2) - 1])


def _spearman(predicted: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"]) -> float | None:
    if np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return None
    return float(scipy.stats.spearmanr(predicted, measured).statistic)
