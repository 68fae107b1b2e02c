"""Chooses how much of a limit's safety margin a search keeps.

A limit is what the user wrote. The margin below it is ours: a latency is predicted, and the winner shall still meet the
limit when it is measured. Where the table is poor or the limit tight, the whole margin would leave nothing to search;
then as much of it is kept as leaves a useful set, and timing the finalists before they are trained decides the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from launch.pricing.pricing import Pricing
from nas.costs import Limit
from nas.feasible import FeasibleSet, InfeasibleError

USEFUL_COUNT, USEFUL_SHARE = 10_000, 0.1
"""Enough to search: so many architectures, or such a share of what meets the limits as written if that is fewer."""
USEFUL_ACCEPTANCE = 0.02  # of draws from the relaxed set; rarer ones take long to sample
NUM_HALVINGS = 6  # of the interval in which the largest useful share of the margins lies


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The feasible set of a run, and the margins with which it was made.

    Attributes:
      pricing: with the margins that are kept.
      feasible: what meets the limits with those margins.
      kept: share of the tables' margins that is kept.
      note: what to tell where that is not all, as one sentence; else "".
    """

    pricing: Pricing
    feasible: FeasibleSet
    kept: float
    note: str


def within(pricing: Pricing, limits: Sequence[Limit], seed: int) -> Within:
    """The part of the space within the limits, with as much of the margins as leaves a useful set.

    Raises:
      InfeasibleError: no architecture meets the limits as they are written.
      LimitError: a limit makes no difference, because every architecture meets it.
    """
    written = _scaled(pricing, 0.0).feasible(limits, seed)
    if not any(pricing.margins.get(limit.resource) for limit in limits):
        return Within(pricing=pricing, feasible=written, kept=1.0, note="")
    enough = min(USEFUL_COUNT, USEFUL_SHARE * _count(written))
    whole = _useful(pricing, limits, seed, enough)
    if whole is not None:
        return Within(pricing=pricing, feasible=whole, kept=1.0, note="")
    kept, feasible = 0.0, written
    step = 0.5
    for _ in range(NUM_HALVINGS):
        if (found := _useful(_scaled(pricing, kept + step), limits, seed, enough)) is not None:
            kept, feasible = kept + step, found
        step /= 2
    note = _note(pricing, limits, kept, feasible, written)
    return Within(pricing=_scaled(pricing, kept), feasible=feasible, kept=kept, note=note)


def _scaled(pricing: Pricing, share: float) -> Pricing:
    return replace(pricing, margins={name: share * margin for name, margin in pricing.margins.items()})


def _useful(pricing: Pricing, limits: Sequence[Limit], seed: int, enough: float) -> FeasibleSet | None:
    try:
        feasible = pricing.feasible(limits, seed)
    except InfeasibleError:
        return None
    return feasible if _count(feasible) >= enough and feasible.acceptance >= USEFUL_ACCEPTANCE else None


def _count(feasible: FeasibleSet) -> float:
    return feasible.estimate.share * feasible.size


def _note(pricing: Pricing, limits: Sequence[Limit], kept: float, feasible: FeasibleSet, written: FeasibleSet) -> str:
    shown = "; ".join(
        f"{limit.text!r} ({limit.bound:,.4g} {pricing.unit(limit.resource)}) with a margin of "
        f"{kept * pricing.margins[limit.resource]:.1%} in place of its table's {pricing.margins[limit.resource]:.1%}"
        for limit in limits
        if pricing.margins.get(limit.resource)
    )
    share = _count(feasible) / max(_count(written), 1e-300)
    return (
        f"searching under {shown}, which would leave next to nothing: that keeps {_count(feasible):.3g} architectures, "
        f"{share:.1%} of those that meet the limits as written, and finalists are timed before they are trained; a "
        "table that is timed on a quieter machine (--profile-again) or a looser limit leaves more"
    )
