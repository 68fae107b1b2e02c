"""Quality checks of a latency table before limits rest on it: tied times, mismatched units, no rank correlation.

A line fitted to whole networks corrects much, and hides as much: times that were rounded until they tie leave an error
of 0 %, operators in another unit than the networks leave slopes of 1,000. What the figures cannot show is said here.
"""

import math
from collections.abc import Iterable

from nas.latency.table import LatencyTable

COARSE = 0.1  # step of rounded operator times / their median, from which sums are not worth much
NUM_STEPS = 10  # between the quickest and the slowest network, below which ties hide how they differ
FINE = 0.01  # step / median network, below which rounding does not matter
MIN_SPEARMAN = 0.5
FAR = 5.0  # slopes beyond, or below 1 / FAR: the operators were not timed as the networks were
_RESOLUTION_MS = 1e-9  # a picosecond: what is a multiple of nothing coarser was not rounded


def doubts(table: LatencyTable) -> tuple[str, ...]:
    """Why limits on this table mean little, each a clause; () if nothing speaks against them.

    A margin on somebody's word ends all doubts: they know more than the table.
    """
    if table.on_word:
        return ()
    if table.fit is None:
        return tuple(filter(None, [_coarse_operators(table)]))
    if alike := _networks_alike(table):
        return (alike,)  # a line through these says nothing of slopes and ranks
    return tuple(filter(None, [_rank(table), _scale(table)]))


def doubts_text(table: LatencyTable) -> str:
    """The doubts and their cure in one sentence, "" without any."""
    reasons = "; ".join(doubts(table))
    return reasons and (
        f"the latency table of {table.device!r} is unfit for limits: {reasons}; time again as one measures, finely and "
        "all in one unit, or give the margin on your word (`nas profile .. --margin 0.2`)"
    )


def _coarse_operators(table: LatencyTable) -> str:
    guessed = set(table.guess.keys) if table.guess else set()
    times = sorted(ms for key, ms in table.entries.items() if key not in guessed and ms > 0)
    if len(times) < 2 or (step := _step_ms(times)) <= COARSE * (median := times[len(times) // 2]):
        return ""
    return (
        f"its {len(times):,} operators have {len(set(times)):,} different times, all multiples of {step:g} ms with a "
        f"median of {median:g} ms, so they were rounded too coarsely for sums, and no network was timed to show it"
    )


def _networks_alike(table: LatencyTable) -> str:
    times = sorted(min(check.sessions_ms) for check in table.checks)
    if len(times) < 2:
        return ""
    quickest, slowest, median = times[0], times[-1], times[len(times) // 2]
    if quickest == slowest:
        return f"all {len(times)} whole networks took the same {quickest:g} ms, so their times tell nothing apart"
    step = _step_ms(times)
    if step < FINE * median or slowest - quickest >= NUM_STEPS * step:
        return ""
    return (
        f"its {len(times)} whole networks have {len(set(times))} different times, all multiples of {step:g} ms from "
        f"{quickest:g} to {slowest:g} ms, so ties hide how they differ, and the error is not what it seems"
    )


def _rank(table: LatencyTable) -> str:
    assert table.fit is not None
    rank = table.fit.spearman
    if rank is None:
        return "the networks' rank correlation cannot be computed, because all were timed or predicted alike"
    if rank < MIN_SPEARMAN:
        return f"the sums do not rank the networks (Spearman {rank:.3f}, at least {MIN_SPEARMAN:g} is needed)"
    return ""


def _scale(table: LatencyTable) -> str:
    slope = common_slope(table)
    if slope is None or 1 / FAR <= slope <= FAR:
        return ""
    exponent = round(math.log10(slope) / 3) if slope > 0 else 0
    unit = ", as if one of the two were in another unit" if exponent else ""
    return (
        f"whole networks take {slope:,.4g} times what their operators take{unit}, so the two were not timed alike "
        f"(between {1 / FAR:g} and {FAR:g} is usual)"
    )


def rank_text(table: LatencyTable) -> str:
    """Spearman's rank correlation over the table's networks, for a person."""
    rank = table.fit.spearman if table.fit else None
    return "cannot be computed" if rank is None else f"{rank:.3f}"


def common_slope(table: LatencyTable) -> float | None:
    """The slopes' mean, each weighted with the times of its kind; None without a line."""
    totals: dict[str, float] = {}
    for key, ms in table.entries.items():
        totals[_kind(key)] = totals.get(_kind(key), 0.0) + ms
    known = {name: total for name, total in totals.items() if name in table.line.slopes}
    total = sum(known.values())
    return sum(table.line.slopes[name] * ms for name, ms in known.items()) / total if total else None


def _kind(key: str) -> str:
    """As `nas.latency.fit.kind`, from an operator's key."""
    op, *parts = key.split()
    if op != "conv":
        return op
    if "g1" not in parts:
        return "depthwise"
    return "pointwise" if "k1" in parts else "convolution"


def _step_ms(times: Iterable[float]) -> float:
    """The largest step that all times are whole multiples of."""
    return math.gcd(*(round(ms / _RESOLUTION_MS) for ms in times)) * _RESOLUTION_MS
