"""The part of a space that meets its limits: how many architectures it holds, and uniform samples from it.

A limit on a cost that is a sum of factors needs no search: a histogram of binned cost over the whole space (see
`nas.elimination` and `nas.binning`) counts what meets it, from below and from above. The relaxed set, everything in a
cell that touches the limit, is sampled exactly from the same messages; the few samples that break a limit by their real
cost are thrown away, and what is left is uniform over the feasible set, not nearly so.

Several limits on sums are counted on a grid of two costs; its cells are coarser, so the interval is wider, and a
sampled estimate stands beside it. Limits on anything else are judged by their real cost alone: then nothing is
certified, and `certified` says so.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Int8
from scipy.stats import beta

from nas.binning import Window
from nas.costs import CostTable, Factor, merge
from nas.counting import Count, Relaxation, count, relax
from nas.elimination import argmin
from nas.space import Architecture

NUM_CELLS = 2**15  # of a certified count; a few tenths of a second on the reference space
SAMPLING_CELLS = 2**11  # of a sampler, whose messages stay in memory
PILOT = 8192  # draws for an estimate
DUAL_STEPS = 30  # bisections in search of a proof that two limits exclude each other
DUAL_TOLERANCE = 1e-9  # of the costs' ranges; less could be rounding
MAX_DRAWS = 200  # draws for each sample asked, before sampling gives up
CONFIDENCE = 0.999
MAX_BITS = 1000  # of a space's size: beyond, its counts overflow a float

Relation = Literal["<=", ">="]


class InfeasibleError(ValueError):
    """No architecture meets the limits; the message names the binding ones and the exact bound."""


class ScarceError(ValueError):
    """Architectures that meet the limits are too rare among those that can be drawn."""


@runtime_checkable
class Cost(Protocol):
    """Anything that prices a population; only a `CostTable` can be counted, the rest is sampled."""

    def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit in numbers: `cost` of an architecture must be at most or at least `value`, in `unit`."""

    name: str
    unit: str
    cost: Cost
    relation: Relation
    value: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"the limit on {self.name} must be a finite number of {self.unit}, got {self.value}")

    def __str__(self) -> str:
        return f"{self.name} {self.relation} {self.value:,.10g} {self.unit}"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Share of the space that is feasible, and an interval that holds it with probability `confidence`."""

    share: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeasibleSet:
    """The architectures that meet every bound.

    Attributes:
      size: of the whole space.
      count_low, count_high: the feasible set's size lies between them. Certain if `certified`, else with the
        probability `estimate.confidence`.
      estimate: the share of the space that is feasible; for one limit on a sum it is certified too.
    """

    size: int
    bounds: tuple[Bound, ...]
    count_low: int
    count_high: int
    certified: bool
    estimate: Estimate
    relaxation: Relaxation = field(repr=False)

    @property
    def acceptance(self) -> float:
        """About what share of draws from the relaxed set is feasible: the cost of sampling is its inverse."""
        return min(1.0, self.estimate.share * self.size / self.relaxation.count)

    def contains(self, population: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
        """Which rows meet every bound, by their real cost."""
        return _hold(self.bounds, population)

    def sample(self, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Draw `n` feasible architectures, uniformly and independently (so rows may repeat).

        Raises:
          ScarceError: they are so rare in the relaxed set that `MAX_DRAWS` draws for each were not enough.
        """
        found, missing, budget = [self.relaxation.draw(0, rng)], n, MAX_DRAWS * n + PILOT
        while missing > 0 and budget > 0:
            draws = min(budget, int(1.1 * missing / max(self.acceptance, 1 / MAX_DRAWS)) + 16)
            drawn = self.relaxation.draw(draws, rng)
            found.append(drawn[self.contains(drawn)][:missing])
            missing, budget = missing - len(found[-1]), budget - draws
        if missing > 0:
            raise ScarceError(
                f"sampling found {n - missing} of {n} architectures that meet {_listed(self.bounds)} in "
                f"{MAX_DRAWS * n + PILOT} draws; ask for fewer, or loosen the limit that is hardest to meet"
            )
        return np.concatenate(found)


def extremes(num_options: Int[np.ndarray, " d"], table: CostTable) -> Extremes:
    """Exact minimum and maximum of a cost table, and architectures that attain them.

    Raises:
      EntangledError: the space's choices hang together too closely for exact tables.
    """
    lowest, highest = argmin(num_options, table.factors), argmin(num_options, _scaled(table.factors, -1.0))
    low, high = table.cost(np.array([lowest, highest], dtype=np.int8)).tolist()
    return Extremes(low=low, high=high, lowest=lowest, highest=highest)


def certify(
    num_options: Int[np.ndarray, " d"],
    bounds: Sequence[Bound],
    rng: np.random.Generator,
    *,
    num_cells: int = NUM_CELLS,
) -> FeasibleSet:
    """Count the architectures that meet every bound, and make them ready to sample.

    Args:
      rng: for the estimate where limits cannot all be counted; with one limit on a sum nothing is drawn.
      num_cells: more of them narrow the certified interval, and take longer in proportion.

    Raises:
      InfeasibleError: no architecture meets the bounds.
      EntangledError: the space's choices hang together too closely for exact tables.
      ValueError: the space has more than 2**`MAX_BITS` architectures.
    """
    size = math.prod(int(n) for n in num_options)
    if size.bit_length() > MAX_BITS:
        raise ValueError(f"only spaces of less than 2**{MAX_BITS} can be counted, got 2**{math.log2(size):.0f}")
    windows = _windows(num_options, bounds)
    _check_together(num_options, bounds)
    sums = count(num_options, windows, num_cells) if windows else Count(low=size, high=size, share=1.0)
    relaxation = relax(num_options, windows, SAMPLING_CELLS)
    if sums.high == 0 or relaxation.count == 0:
        raise InfeasibleError(f"infeasible: no architecture meets {_listed(bounds)}; loosen one of them")
    certified = all(isinstance(bound.cost, CostTable) for bound in bounds)
    if certified and len(windows) <= 1:
        estimate = Estimate(share=sums.share, low=sums.low / size, high=sums.high / size, confidence=1.0)
    else:
        estimate = _pilot(relaxation, bounds, size, rng)
    low, high = (sums.low, sums.high) if certified else _count_interval(estimate, size)
    return FeasibleSet(
        size=size,
        bounds=tuple(bounds),
        count_low=low,
        count_high=min(high, sums.high),
        certified=certified,
        estimate=estimate,
        relaxation=relaxation,
    )


def _windows(num_options: Int[np.ndarray, " d"], bounds: Sequence[Bound]) -> list[Window]:
    """One window for each distinct cost table, without those that hold for the whole space."""
    tables = {id(bound.cost): bound.cost for bound in bounds if isinstance(bound.cost, CostTable)}
    windows = []
    for key, table in tables.items():
        own = [bound for bound in bounds if id(bound.cost) == key]
        reach = extremes(num_options, table)
        for bound in own:
            _check_alone(bound, reach)
        lower = max((bound.value for bound in own if bound.relation == ">="), default=-math.inf)
        upper = min((bound.value for bound in own if bound.relation == "<="), default=math.inf)
        if lower > upper:
            raise InfeasibleError(f"infeasible: {_listed(own)} exclude each other; loosen one of them")
        if lower > reach.low or upper < reach.high:
            windows.append(_window(table, lower if lower > reach.low else -math.inf, upper))
    return windows


def _window(table: CostTable, lower: float, upper: float) -> Window:
    """A lower end alone is turned into an upper end of the negative cost, which spends the cells where they matter."""
    constant = table.resource.constant
    if math.isinf(upper) and math.isfinite(lower):
        return Window(factors=_scaled(table.factors, -1.0), lower=-math.inf, upper=constant - lower)
    return Window(factors=table.factors, lower=lower - constant, upper=upper - constant)


def _check_alone(bound: Bound, reach: Extremes) -> None:
    smallest = bound.relation == "<="
    if reach.low > bound.value if smallest else reach.high < bound.value:
        end, side, cure = ("smallest", "above", "raise") if smallest else ("largest", "below", "lower")
        value = reach.low if smallest else reach.high
        raise InfeasibleError(
            f"infeasible: the {end} {bound.name} in this space is {value:,.10g} {bound.unit}, {side} the limit "
            f"{bound}; {cure} the limit to at least that, or widen the space's choices"
        )


def _check_together(num_options: Int[np.ndarray, " d"], bounds: Sequence[Bound]) -> None:
    """Look for a pair of limits that can each be met, but not together."""
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
    return _scaled(bound.cost.factors, weight * _sign(bound) / _scale(bound))


def _excess(bound: Bound, rows: Int8[np.ndarray, "1 d"]) -> float:
    return _sign(bound) * (float(bound.cost.cost(rows)[0]) - bound.value) / _scale(bound)


def _scale(bound: Bound) -> float:
    """Width of the range of a bound's cost, at most, in its unit: makes two costs comparable."""
    assert isinstance(bound.cost, CostTable)
    return sum(float(np.ptp(factor.values)) for factor in bound.cost.factors) or 1.0


def _sign(bound: Bound) -> float:
    return 1.0 if bound.relation == "<=" else -1.0


def _scaled(factors: Sequence[Factor], weight: float) -> tuple[Factor, ...]:
    return tuple(Factor(scope=factor.scope, values=np.asarray(weight * factor.values)) for factor in factors)


def _pilot(relaxation: Relaxation, bounds: Sequence[Bound], size: int, rng: np.random.Generator) -> Estimate:
    """Share of the space that is feasible, from draws of a set around it whose size is known (Clopper-Pearson)."""
    hits = int(_hold(bounds, relaxation.draw(PILOT, rng)).sum())
    tail, whole = (1 - CONFIDENCE) / 2, relaxation.count / size
    low = float(beta.ppf(tail, hits, PILOT - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, PILOT - hits)) if hits < PILOT else 1.0
    return Estimate(share=whole * hits / PILOT, low=whole * low, high=min(1.0, whole * high), confidence=CONFIDENCE)


def _count_interval(estimate: Estimate, size: int) -> tuple[int, int]:
    return math.floor(Fraction(estimate.low) * size), math.ceil(Fraction(estimate.high) * size)


def _hold(bounds: Sequence[Bound], population: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
    held = np.ones(len(population), dtype=bool)
    for bound in bounds:
        held &= bound.holds(population)
    return held


def _listed(bounds: Sequence[Bound]) -> str:
    return " and ".join(str(bound) for bound in bounds) or "no limits"
