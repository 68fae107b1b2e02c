"""The feasible set of a space: a certified count of the architectures that meet its limits, and uniform samples.

A limit on a cost that is a sum of factors needs no search: a histogram of binned cost over the whole space (see
`nas.feasible.elimination` and `nas.feasible.binning`) counts what meets it, from below and from above. The relaxed
set, everything in a cell that touches the limit, is sampled exactly from the same messages; the few samples that break
a limit by their real cost are thrown away, and what is left is uniform over the feasible set, not nearly so.

Several limits on sums are counted on a grid of two costs; its cells are coarser, so the interval is wider, and a
sampled estimate stands beside it. Limits on anything else are judged by their real cost alone: then nothing is
certified, and `certified` and `note` say so. The same holds where a space's choices hang together too closely to count.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Bool, Int, Int8

from nas.costs import CostTable
from nas.feasible.binning import Window
from nas.feasible.bounds import (
    Bound,
    InfeasibleError,
    check_alone,
    check_peaks,
    check_together,
    extremes,
    listed,
    scaled,
)
from nas.feasible.counting import Count, Relaxation, count, relax
from nas.space.variants import EntangledError

NUM_CELLS = 2**15  # of a certified count; a few tenths of a second on the reference space
SAMPLING_CELLS = 2**11  # of a sampler, whose messages stay in memory
PILOT = 8192  # draws for an estimate
MAX_DRAWS = 200  # draws for each sample asked, before sampling gives up
CONFIDENCE = 0.999
MAX_BITS = 1000  # of a space's size: beyond, its counts overflow a float

Draw = Callable[[int, np.random.Generator], np.ndarray]


class ScarceError(ValueError):
    """Architectures that meet the limits are too rare among those that can be drawn."""


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
      note: why it is not certified; empty if it is.
      estimate: the share of the space that is feasible; for one limit on a sum it is certified too.
    """

    size: int
    bounds: tuple[Bound, ...]
    count_low: int
    count_high: int
    note: str
    estimate: Estimate
    relaxation: Relaxation = field(repr=False)

    @property
    def certified(self) -> bool:
        return not self.note

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
        return self._gather(self.relaxation.draw, n, rng)

    def sample_spread(self, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Draw `n` feasible architectures evenly over the range of the limited cost, and uniformly at each cost.

        Uniform samples crowd at a limit; these do not. Rows may repeat; without a limit on a sum they are uniform.

        Raises:
          ScarceError: as for `sample`.
        """
        return self._gather(self.relaxation.draw_spread, n, rng)

    def _gather(self, draw: Draw, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Draw from the relaxed set until `n` rows meet every bound by their real cost."""
        found, missing, budget = [draw(0, rng)], n, MAX_DRAWS * n + PILOT
        while missing > 0 and budget > 0:
            draws = min(budget, int(1.1 * missing / max(self.acceptance, 1 / MAX_DRAWS)) + 16)
            drawn = draw(draws, rng)
            found.append(drawn[self.contains(drawn)][:missing])
            missing, budget = missing - len(found[-1]), budget - draws
        if missing > 0:
            raise ScarceError(
                f"sampling found {n - missing} of {n} architectures that meet {listed(self.bounds)} in "
                f"{MAX_DRAWS * n + PILOT} draws; ask for fewer, or loosen the limit that is hardest to meet"
            )
        return np.concatenate(found)


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
      ValueError: the space has more than 2**`MAX_BITS` architectures.
    """
    size = math.prod(int(n) for n in num_options)
    if size.bit_length() > MAX_BITS:
        raise ValueError(f"only spaces of less than 2**{MAX_BITS} can be counted, got 2**{math.log2(size):.0f}")
    everything, note = Count(low=size, high=size, share=1.0), _reason(bounds)
    try:
        windows = _windows(num_options, bounds)
        check_peaks(num_options, bounds)
        check_together(num_options, bounds)
        sums = count(num_options, windows, num_cells) if windows else everything
        relaxation = relax(num_options, windows, SAMPLING_CELLS)
    except EntangledError as error:  # then every draw is judged by its real cost
        windows, sums, relaxation, note = [], everything, relax(num_options, [], SAMPLING_CELLS), str(error)
    if sums.high == 0 or relaxation.count == 0:
        raise InfeasibleError(f"infeasible: no architecture meets {listed(bounds)}; loosen one of them")
    if not note and len(windows) <= 1:
        estimate = Estimate(share=sums.share, low=sums.low / size, high=sums.high / size, confidence=1.0)
    else:
        estimate = _pilot(relaxation, bounds, size, rng)
    low, high = _count_interval(estimate, size) if note else (sums.low, sums.high)
    return FeasibleSet(
        size=size,
        bounds=tuple(bounds),
        count_low=low,
        count_high=min(high, sums.high),
        note=note,
        estimate=estimate,
        relaxation=relaxation,
    )


def _reason(bounds: Sequence[Bound]) -> str:
    """Why the bounds cannot be counted, if they cannot."""
    opaque = sorted({bound.name for bound in bounds if not isinstance(bound.cost, CostTable)})
    return f"{', '.join(opaque)}: no sum over operators, so it is judged by sampling" if opaque else ""


def _windows(num_options: Int[np.ndarray, " d"], bounds: Sequence[Bound]) -> list[Window]:
    """One window for each distinct cost table, without those that hold for the whole space."""
    tables = {id(bound.cost): bound.cost for bound in bounds if isinstance(bound.cost, CostTable)}
    windows = []
    for key, table in tables.items():
        own = [bound for bound in bounds if id(bound.cost) == key]
        found = extremes(num_options, table)
        for bound in own:
            check_alone(bound, found)
        lower = max((bound.value for bound in own if bound.relation == ">="), default=-math.inf)
        upper = min((bound.value for bound in own if bound.relation == "<="), default=math.inf)
        if lower > upper:
            raise InfeasibleError(f"infeasible: {listed(own)} exclude each other; loosen one of them")
        if lower > found.low or upper < found.high:
            windows.append(_window(table, lower if lower > found.low else -math.inf, upper))
    return windows


def _window(table: CostTable, lower: float, upper: float) -> Window:
    """A lower end alone is turned into an upper end of the negative cost, which spends the cells where they matter."""
    constant = table.resource.constant
    if math.isinf(upper) and math.isfinite(lower):
        return Window(factors=scaled(table.factors, -1.0), lower=-math.inf, upper=constant - lower)
    return Window(factors=table.factors, lower=lower - constant, upper=upper - constant)


def _pilot(relaxation: Relaxation, bounds: Sequence[Bound], size: int, rng: np.random.Generator) -> Estimate:
    """Share of the space that is feasible, from draws of a set around it whose size is known (Clopper-Pearson)."""
    hits = int(_hold(bounds, relaxation.draw(PILOT, rng)).sum())
    tail, whole = (1 - CONFIDENCE) / 2, relaxation.count / size
    low = float(scipy.stats.beta.ppf(tail, hits, PILOT - hits + 1)) if hits else 0.0
    high = float(scipy.stats.beta.ppf(1 - tail, hits + 1, PILOT - hits)) if hits < PILOT else 1.0
    return Estimate(share=whole * hits / PILOT, low=whole * low, high=min(1.0, whole * high), confidence=CONFIDENCE)


def _count_interval(estimate: Estimate, size: int) -> tuple[int, int]:
    return math.floor(Fraction(estimate.low) * size), math.ceil(Fraction(estimate.high) * size)


def _hold(bounds: Sequence[Bound], population: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, " n"]:
    held = np.ones(len(population), dtype=bool)
    for bound in bounds:
        held &= bound.holds(population)
    return held
