"""Bins an additive cost into integer cells, so that architectures can be counted by cost without listing them.

Each factor's values are rounded to whole cells on their own, and what rounding can hide is known: the sum of the
rounded values is off by at most `slack` cells. Counting the cells that lie certainly inside a limit, and those that
touch it, gives a certified interval. Two tricks keep it narrow. A factor is cut where its residues leave the widest
gap, so a factor whose values stand on a lattice that the cell divides loses nothing; and the cell is chosen to fit such
lattices: macs at one resolution are all multiples of one number.

    value = base + cell * (sum of shifts + offset + e)    0 <= e <= slack
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from nas.costs import Factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Architectures whose sum of `factors` lies between `lower` and `upper`, both allowed and both may be infinite."""

    factors: tuple[Factor, ...]
    lower: float
    upper: float

    @property
    def is_integral(self) -> bool:
        return all(np.array_equal(factor.values, np.rint(factor.values)) for factor in self.factors)

    @property
    def reach(self) -> float:
        """Largest sum, in absolute value, that floating-point arithmetic can meet on the way."""
        ends = [abs(end) for end in (self.lower, self.upper) if math.isfinite(end)]
        return sum(float(np.abs(factor.values).max(initial=0.0)) for factor in self.factors) + max(ends, default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binning:
    """A window in whole cells; the first and last cell of each interval belong to it.

    Attributes:
      shifts: cells by which each factor's entries move a sum; none negative.
      relaxed: cells that hold every architecture inside the window, and some outside; no cell beyond the last matters.
      certain: cells that hold only architectures inside; empty if its last is below its first.
      centre: the window's ends in cells when half the slack is lost, for an estimate.
    """

    shifts: tuple[Int[np.ndarray, "..."], ...]
    relaxed: tuple[int, int]
    certain: tuple[int, int]
    centre: tuple[float, float]

    @property
    def num_cells(self) -> int:
        return self.relaxed[1] + 1


def bin_window(window: Window, num_cells: int) -> Binning:
    """Cut a window's costs into about `num_cells` cells between the least sum and its upper end."""
    raised = [np.asarray(factor.values - factor.values.min()) for factor in window.factors]
    base = sum(float(factor.values.min()) for factor in window.factors)
    lower, upper = window.lower - base, min(window.upper - base, sum(float(values.max()) for values in raised) + 1)
    if window.is_integral:  # no sum lies between two whole numbers, so an end between them needs no care with rounding
        lower, upper = math.ceil(lower) - 0.5 if math.isfinite(lower) else lower, math.floor(upper) + 0.5
    cell = _choose_cell(raised, upper, num_cells, integral=window.is_integral)
    cuts = [_cut(values, cell) for values in raised]
    offset, slack = sum(cut.offset for cut in cuts), sum(cut.slack for cut in cuts)
    rounding = (len(cuts) + 8) * 2.0**-51 * (window.reach / cell + 1)
    low, high = max(lower / cell - offset, -1.0), upper / cell - offset
    last = max(-1, math.floor(high + rounding))
    return Binning(
        shifts=tuple(np.asarray(np.minimum(cut.shifts, last + 1), dtype=np.int64) for cut in cuts),
        relaxed=(max(0, math.ceil(low - slack - rounding)), last),
        certain=(max(0, math.ceil(low + rounding)), math.floor(high - slack - rounding)),
        centre=(low - slack / 2, high - slack / 2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    shifts: Float[np.ndarray, "..."]
    offset: float
    slack: float


def _cut(values: Float[np.ndarray, "..."], cell: float) -> _Cut:
    """Whole cells below each value, cut at the widest gap between the values' residues; `slack` is what remains."""
    scaled = values / cell
    residues = np.unique(scaled - np.floor(scaled))
    gaps = np.diff(residues, append=residues[0] + 1)
    widest = int(gaps.argmax())
    start = float(residues[(widest + 1) % len(residues)])
    shifts = np.floor(scaled - start + gaps[widest] / 2)  # nothing lies within the gap, so half of it forgives rounding
    least = float(shifts.min())
    return _Cut(shifts=np.asarray(shifts - least), offset=start + least, slack=float(1 - gaps[widest]))


def _choose_cell(raised: Sequence[Float[np.ndarray, "..."]], upper: float, num_cells: int, *, integral: bool) -> float:
    """The cell with the least slack, in the cost's unit, among the finest that fit and those that fit a lattice."""
    positive = [float(values[values > 0].min()) for values in raised if (values > 0).any()]
    if not positive:
        return 1.0
    finest = max(upper, min(positive) / 2) / num_cells
    if not integral:
        return finest
    lattices = {math.gcd(*(int(value) for value in np.unique(values))) for values in raised} - {0}
    cells = {max(1.0, finest)} | {float(g * math.ceil(finest / g)) for g in lattices if g <= finest}
    cells |= {g / math.floor(g / finest) for g in lattices if g > finest}
    return min(cells, key=lambda cell: cell * sum(_cut(values, cell).slack for values in raised))
