"""From operator times to the time of a whole network: a line fitted to networks that were timed whole.

    latency = intercept + sum over kinds of slope[kind] x (sum of the times of its operators)

An operator by itself finds its input in another place of the cache hierarchy, and its threads warmer, than inside a
network; by how much depends on whether it computes (convolutions) or moves memory (depthwise, adding, resampling). So
each kind has a slope, drawn towards the one that all have in common as far as the networks leave it open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls
from scipy.stats import spearmanr

from nas.ops import Conv, Network, Operator

COMMON_SLOPE_WEIGHT = 0.05  # a slope that is twice the common one costs as much as an error of 5 % on one network
MARGIN_QUANTILE = 0.95


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
    """How predictions agree with whole networks that had no part in fitting the line (cross-fitted).

    Attributes:
      mape: mean absolute error relative to the measured time.
      bias: mean of predicted / measured - 1.
      spearman: rank correlation; None if it cannot be computed, because all of one side are equal.
      within_10_percent: share of networks predicted within 10 % of the measured time.
      margin: 95 % quantile of a session's time / predicted - 1, at least 0: what a search must keep below a limit.
        Every session counts, not the quickest alone: a winner is measured at another hour.
    """

    num_networks: int
    mape: float
    bias: float
    spearman: float | None
    within_10_percent: float
    margin: float


def kind(op: Operator) -> str:
    """A sort of operator that runs in its own way: "pointwise", "depthwise", "convolution", "upsample", "add", .."""
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
    """Least squares of relative errors; nothing is negative.

    Args:
      by_kind: of each network, the sums of its operators' times.
      measured: milliseconds of each network.
    """
    kinds = sorted({name for one in by_kind for name in one})
    parts = np.array([[one.get(name, 0.0) for name in kinds] for one in by_kind])
    ones = np.ones(len(measured))
    (_, common), _ = nnls(np.stack([1 / measured, parts.sum(axis=1) / measured], axis=1), ones)
    # Unknowns: the intercept, and each kind's slope; below them the pull of each slope towards the common one.
    design = np.concatenate([1 / measured[:, None], parts / measured[:, None]], axis=1)
    pull = np.concatenate([np.zeros((len(kinds), 1)), np.eye(len(kinds)) / max(common, 1e-12)], axis=1)
    weight = COMMON_SLOPE_WEIGHT
    (intercept, *slopes), _ = nnls(
        np.concatenate([design, weight * pull]), np.concatenate([ones, np.full(len(kinds), weight)])
    )
    return Line(intercept_ms=float(intercept), slopes=dict(zip(kinds, map(float, slopes), strict=True)))


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


def judge(
    predicted: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"], sessions: Sequence[Sequence[float]] = ()
) -> Fit:
    """How well the first, made without the second, agree with it.

    Args:
      sessions: of each network, the times that its measured one was chosen from; () if there are no others.
    """
    error = predicted / measured - 1
    every = sessions or [(ms,) for ms in measured.tolist()]
    excess = np.concatenate([np.array(times) / ms - 1 for times, ms in zip(every, predicted.tolist(), strict=True)])
    return Fit(
        num_networks=len(measured),
        mape=float(np.abs(error).mean()),
        bias=float(error.mean()),
        spearman=_spearman(predicted, measured),
        within_10_percent=float((np.abs(error) <= 0.1).mean()),
        margin=max(0.0, float(np.quantile(excess, MARGIN_QUANTILE))),
    )


def _spearman(predicted: Float[np.ndarray, " n"], measured: Float[np.ndarray, " n"]) -> float | None:
    if np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return None
    return float(spearmanr(predicted, measured).statistic)
