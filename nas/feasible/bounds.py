"""Numeric bounds on costs, exact ranges of costs, and proofs that no architecture meets the bounds.

A limit alone is impossible exactly when it lies beyond the cost's least or largest value. Two limits that can each be
met may still exclude each other; that is proved by a weighted sum of both excesses that no architecture brings to zero.
A proof of this kind does not exist for every impossible pair; the others are found by counting
(`nas.feasible.feasible`).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Int8

from nas.costs import CostTable, Factor, PeakTable, merge
from nas.feasible.elimination import argmin
from nas.space import Architecture

DUAL_STEPS = 30  # bisections in search of a proof that two limits exclude each other
DUAL_TOLERANCE = 1e-9  # of the costs' ranges; less could be rounding
Relation = Literal["<=", ">="]


class InfeasibleError(ValueError):
    """No architecture meets the limits; the message names the binding ones and the exact bound."""


@runtime_checkable
class Cost(Protocol):
    """Protocol of a cost of populations; only a `CostTable` can be counted, the rest is sampled."""

    def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit in numbers: `cost` of an architecture must be at most or at least `value`, in `unit`.

    `text` is the limit as somebody wrote it, of which `value` may be a part: `margin` is what is kept free, as a share.
    """

    name: str
    unit: str
    cost: Cost
    relation: Relation
    value: float
    text: str = ""
    margin: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"the limit on {self.name} must be a finite number of {self.unit}, got {self.value}")

    def __str__(self) -> str:
        number = f"{self.value:,.10g} {self.unit}"
        if not self.text:
            return f"{self.name} {self.relation} {number}"
        return f"{self.text!r} ({number}{f' with a margin of {self.margin:.1%}' if self.margin else ''})"

    def holds(self, population: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
        cost = self.cost.cost(population)
        return cost <= self.value if self.relation == "<=" else cost >= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """Exact range of a cost over a space, in the resource's unit, with an architecture at either end."""

    low: float
    high: float
    lowest: Architecture
    highest: Architecture


def extremes(num_options: Int[np.ndarray, " d"], table: CostTable | PeakTable) -> Extremes:
    """Exact minimum and maximum of a cost, and architectures that attain them.

    Of a peak, the minimum is exact if one architecture is the smallest at every moment, as in every space whose options
    make tensors larger or smaller throughout; else it is the least of those that are smallest at one.

    Raises:
      EntangledError: the space's choices hang together too closely for exact tables.
    """
    moments = table.moments if isinstance(table, PeakTable) else (table.factors,)
    lows = [argmin(num_options, merge(factors)) for factors in moments]
    highs = [argmin(num_options, scaled(merge(factors), -1.0)) for factors in moments]
    low = table.cost(np.array(lows, dtype=np.int8).reshape(len(lows), -1))
    high = table.cost(np.array(highs, dtype=np.int8).reshape(len(highs), -1))
    i, j = int(low.argmin()), int(high.argmax())
    return Extremes(low=float(low[i]), high=float(high[j]), lowest=lows[i], highest=highs[j])


def reach(num_options: Int[np.ndarray, " d"], table: CostTable | PeakTable) -> tuple[float, float]:
    """Lower and upper bound of a cost over a space: `extremes`, but for a peak a bound below it that is proved.

    Raises:
      EntangledError: the space's choices hang together too closely for exact tables.
    """
    found = extremes(num_options, table)
    if isinstance(table, PeakTable):
        return max(_least(num_options, factors) for factors in table.moments), found.high
    return found.low, found.high


def check_alone(bound: Bound, reach: Extremes) -> None:
    smallest = bound.relation == "<="
    if reach.low > bound.value if smallest else reach.high < bound.value:
        end, side, cure = ("smallest", "above", "raise") if smallest else ("largest", "below", "lower")
        value = reach.low if smallest else reach.high
        raise InfeasibleError(
            f"infeasible: the {end} {bound.name} in this space is {value:,.10g} {bound.unit}, {side} the limit "
            f"{bound}; {cure} the limit to at least that, or widen the space's choices"
        )


def check_peaks(num_options: Int[np.ndarray, " d"], bounds: Sequence[Bound]) -> None:
    """Refuse limits on peaks by a lower bound that `extremes` need not attain: the least that each moment can be."""
    for bound in bounds:
        if isinstance(bound.cost, PeakTable):
            least, _ = reach(num_options, bound.cost)
            check_alone(bound, replace(extremes(num_options, bound.cost), low=least))


def check_together(num_options: Int[np.ndarray, " d"], bounds: Sequence[Bound]) -> None:
    """Refuse a pair of limits that can each be met, but provably not together."""
    sums = [bound for bound in bounds if isinstance(bound.cost, CostTable)]
    for first, second in itertools.combinations(sums, 2):
        if first.cost is second.cost:
            continue
        least = _least_given(num_options, first, second)
        if least is not None:
            end, side = ("least", "above") if second.relation == "<=" else ("most", "below")
            raise InfeasibleError(
                f"infeasible: {first} and {second} can each be met, but not together: where the first holds, "
                f"{second.name} is at {end} {least:,.10g} {second.unit}, {side} its limit; loosen one of them"
            )


def scaled(factors: Sequence[Factor], weight: float) -> tuple[Factor, ...]:
    return tuple(Factor(scope=factor.scope, values=np.asarray(weight * factor.values)) for factor in factors)


def listed(bounds: Sequence[Bound]) -> str:
    return " and ".join(str(bound) for bound in bounds) or "no limits"


def _least(num_options: Int[np.ndarray, " d"], factors: Sequence[Factor]) -> float:
    architecture = argmin(num_options, merge(factors))
    return float(sum(factor.values[tuple(architecture[i] for i in factor.scope)] for factor in factors))


def _least_given(num_options: Int[np.ndarray, " d"], first: Bound, second: Bound) -> float | None:
    """A bound on the second cost that follows from the first limit and breaks the second; None if none is found.

    Bisects the weight of the Lagrangian dual: the least weighted excess over all architectures, found exactly, is above
    zero only if no architecture meets both.
    """
    low, high, best = 0.0, 1.0, None
    for _ in range(DUAL_STEPS):
        weight = (low + high) / 2
        factors = merge(_excess_factors(first, 1 - weight) + _excess_factors(second, weight))
        rows = np.array([argmin(num_options, factors)], dtype=np.int8)
        excess = [_excess(bound, rows) for bound in (first, second)]
        if max(excess) <= 0:
            return None
        least = (1 - weight) * excess[0] + weight * excess[1]
        if least > DUAL_TOLERANCE:
            best = max(best or 0.0, least / weight)
        low, high = (weight, high) if excess[1] > excess[0] else (low, weight)
    return None if best is None else second.value + _sign(second) * best * _scale(second)


def _excess_factors(bound: Bound, weight: float) -> tuple[Factor, ...]:
    assert isinstance(bound.cost, CostTable)
    return scaled(bound.cost.factors, weight * _sign(bound) / _scale(bound))


def _excess(bound: Bound, rows: Int8[np.ndarray, "1 d"]) -> float:
    return _sign(bound) * (float(bound.cost.cost(rows)[0]) - bound.value) / _scale(bound)


def _scale(bound: Bound) -> float:
    """Width of the range of a bound's cost, at most, in its unit: makes two costs comparable."""
    assert isinstance(bound.cost, CostTable)
    return sum(float(np.ptp(factor.values)) for factor in bound.cost.factors) or 1.0


def _sign(bound: Bound) -> float:
    return 1.0 if bound.relation == "<=" else -1.0
