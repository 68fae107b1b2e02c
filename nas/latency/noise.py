"""Noise of the machine that timed a latency table, and the most with which the table is kept or limits are verified.

    noise   median width of the operators' 95 % intervals, relative to their times
    drift   by how much the whole networks ran slower (+) or quicker (-) after the operators than before them
    margin  what a search must keep below a limit, because whole networks deviate so much from their predictions

A table is worth keeping for other runs while all three are small. Beyond the larger bounds nothing that is timed on
this machine can be called verified: laptops, notebooks and CI runners whose other tenants come and go are like that.
"""

from dataclasses import dataclass

import numpy as np

from nas.latency.table import LatencyTable

NUM_BEFORE = 2  # sessions of each whole network before the operators are timed; the quickest of either end counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """Upper bounds of the three figures; a drift counts by its size."""

    noise: float
    drift: float
    margin: float


TO_KEEP = Demands(noise=0.10, drift=0.10, margin=0.25)
"""For a table that serves other runs, too."""
TO_VERIFY = Demands(noise=0.30, drift=0.30, margin=0.30)
"""For a machine on which a limit can be verified at all."""


def noise(table: LatencyTable) -> float:
    """Median width of the operators' intervals, relative to their times; 0 if none was timed."""
    widths = [(high - low) / max(table.entries[key], 1e-9) for key, (low, high) in table.intervals.items()]
    return float(np.median(widths)) if widths else 0.0


def drift(table: LatencyTable) -> float:
    """Median over the whole networks of their time after the operators / before them - 1; 0 if that is not known."""
    sessions = [check.sessions_ms for check in table.checks if len(check.sessions_ms) > NUM_BEFORE]
    ratios = [min(times[NUM_BEFORE:]) / min(times[:NUM_BEFORE]) for times in sessions]
    return float(np.median(ratios)) - 1 if ratios else 0.0


def disturbances(table: LatencyTable, demands: Demands) -> tuple[str, ...]:
    """Which figures are worse than demanded, each in words with its bound; () if none is."""
    found = [
        (noise(table), demands.noise, "an operator's median is known to within {} of itself"),
        (abs(drift(table)), demands.drift, "whole networks drifted by {} while it was timed"),
        (table.margin if table.fit else 0.0, demands.margin, "limits need a margin of {}"),
    ]
    return tuple(
        f"{text.format(f'{value:.0%}')} (at most {most:.0%} would do)" for value, most, text in found if value > most
    )
