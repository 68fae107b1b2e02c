"""Certified counts of architectures inside windows on sums of factors, and uniform draws from a set just around them.

One window is counted along one line of cells; several on a grid of two costs, which has fewer cells along each. A
window that the grid leaves out is still heard: what lies outside it is subtracted from the lower bound (Bonferroni).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.feasible.binning import Binning, Window, bin_window
from nas.feasible.elimination import Histogram, histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Certified bounds on how many architectures lie inside, and a best guess as a share of the space."""

    low: int
    high: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A superset of the architectures inside some windows, only little larger, that can be sampled exactly."""

    table: Histogram
    box: tuple[slice, ...]

    @property
    def count(self) -> float:
        """How many architectures it holds, to 12 digits or better."""
        return float(self.table.counts[self.box].sum())

    def draw(self, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Draw uniformly and independently; the set must not be empty."""
        return self._draw(np.asarray(self.table.counts[self.box]), n, rng)

    def draw_spread(self, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        """Draw a cell uniformly among those that hold anything, then one of its architectures."""
        return self._draw(np.asarray(self.table.counts[self.box] > 0, dtype=np.float64), n, rng)

    def _draw(self, weights: Float[np.ndarray, "..."], n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        cumulative = weights.ravel().cumsum()
        target = np.minimum(rng.random(n) * cumulative[-1], np.nextafter(cumulative[-1], 0))
        flat = np.searchsorted(cumulative, target, side="right")
        places = np.unravel_index(flat, weights.shape) if weights.ndim else ()
        cells = [place + part.start for place, part in zip(places, self.box, strict=True)]
        return self.table.trace(np.stack(cells, axis=1) if cells else np.zeros((n, 0), np.intp), rng)


def count(num_options: Int[np.ndarray, " d"], windows: Sequence[Window], num_cells: int) -> Count:
    """Certified count of the architectures inside every window, of which there are one or more.

    Raises:
      EntangledError: the space's choices hang together too closely for exact tables.
    """
    if len(windows) == 1:
        return _count_grid(num_options, windows, num_cells)
    singles = [_count_grid(num_options, [window], num_cells // 2) for window in windows]
    size = math.prod(int(n) for n in num_options)
    order = sorted(range(len(windows)), key=lambda i: singles[i].high)
    pair = _count_grid(num_options, [windows[i] for i in order[:2]], num_cells // 2)
    others = sum(size - singles[i].low for i in order[2:])
    low = max(size - sum(size - single.low for single in singles), pair.low - others, 0)
    return Count(low=low, high=min(pair.high, *(single.high for single in singles)), share=pair.share)


def relax(num_options: Int[np.ndarray, " d"], windows: Sequence[Window], num_cells: int) -> Relaxation:
    """The smallest set to sample from that this module knows: one window's, or that of the two tightest together.

    Raises:
      EntangledError: the space's choices hang together too closely for exact tables.
    """
    if not windows:
        return _relax(num_options, [], num_cells)
    singles = [_relax(num_options, [window], num_cells) for window in windows]
    order = sorted(range(len(windows)), key=lambda i: singles[i].count)
    if len(windows) == 1 or singles[order[0]].count == 0:
        return singles[order[0]]
    pair = _relax(num_options, [windows[i] for i in order[:2]], num_cells)
    return min(singles[order[0]], pair, key=lambda relaxation: relaxation.count)


def _relax(num_options: Int[np.ndarray, " d"], windows: Sequence[Window], num_cells: int) -> Relaxation:
    table, binnings = _grid(num_options, windows, num_cells, keep=True)
    return Relaxation(table=table, box=_box([binning.relaxed for binning in binnings]))


def _count_grid(num_options: Int[np.ndarray, " d"], windows: Sequence[Window], num_cells: int) -> Count:
    table, binnings = _grid(num_options, windows, num_cells, keep=False)
    size = math.prod(int(n) for n in num_options)
    low = table.counts[_box([binning.certain for binning in binnings])]
    high = table.counts[_box([binning.relaxed for binning in binnings])]
    share = _interpolate(table.counts, binnings) / size
    if size < 2**53:  # every sum was of whole numbers that a float holds exactly
        return Count(low=int(low.sum()), high=int(high.sum()), share=share)
    low_sum, high_sum = math.fsum(low.ravel()), math.fsum(high.ravel())
    least, most = math.floor(low_sum * (1 - table.rounding)), math.ceil(high_sum * (1 + table.rounding))
    return Count(low=least, high=min(size, most), share=share)


def _grid(
    num_options: Int[np.ndarray, " d"], windows: Sequence[Window], num_cells: int, *, keep: bool
) -> tuple[Histogram, list[Binning]]:
    """Histogram over one axis of cells for each window; factors of one scope are applied together."""
    along = max(2, math.floor(num_cells ** (1 / max(1, len(windows)))))
    binnings = [bin_window(window, along) for window in windows]
    shifts: dict[tuple[int, ...], np.ndarray] = {}
    for k, (window, binning) in enumerate(zip(windows, binnings, strict=True)):
        for factor, moved in zip(window.factors, binning.shifts, strict=True):
            empty = np.zeros((*factor.values.shape, len(windows)), np.int64)
            shifts.setdefault(factor.scope, empty)[..., k] += moved
    shape = tuple(binning.num_cells for binning in binnings)
    return histogram(num_options, tuple(shifts), tuple(shifts.values()), shape, keep=keep), binnings


def _box(intervals: Sequence[tuple[int, int]]) -> tuple[slice, ...]:
    return tuple(slice(first, max(first, last + 1)) for first, last in intervals)


def _interpolate(counts: Float[np.ndarray, "..."], binnings: Sequence[Binning]) -> float:
    """Count between the centres of the windows' ends, each cell's mass spread evenly over its width."""
    for binning in binnings:
        edges = np.arange(counts.shape[0] + 1) - 0.5
        low, high = np.clip(binning.centre, edges[0], edges[-1])
        overlap = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, 1)
        counts = np.tensordot(overlap, counts, axes=1)
    return float(counts)
