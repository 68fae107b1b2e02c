"""`nas info`: what a space holds, what its architectures cost, and how many meet some limits."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from launch.extensions import OwnFiles
from launch.json_text import json_text
from launch.pricing import CostRange, Pricing, cost_range, price, within
from launch.session.latency import latency_table
from launch.terminal import bars, number, resized, table
from nas.costs import AnyResource
from nas.feasible import FeasibleSet
from nas.plugins import RESOURCES, SPACES
from nas.space import Architecture, Space


def run(
    *, space: str, limits: tuple[str, ...], size: str | None, as_json: bool, latencies: tuple[str, ...] = ()
) -> int:
    chosen = resized(SPACES.load(space), size)
    own = OwnFiles().naming_limits(limits)
    tables = [latency_table(chosen, reference) for reference in latencies]
    pricing = price(chosen, [*known_resources(), *own.load(chosen)], tables)
    space_within = within(pricing, [pricing.limit(own.limit(text)) for text in limits], seed=0) if limits else None
    if space_within and space_within.note:
        print(space_within.note, file=sys.stderr)
    feasible = space_within.feasible if space_within else None
    ranges = [cost_range(chosen, costs, np.random.default_rng(0)) for costs in pricing.tables.values()]
    for doubt in pricing.doubts.values():
        print(doubt, file=sys.stderr)
    if as_json:
        facts = describe(chosen, pricing, ranges) | (describe_limits(feasible) if feasible else {})
        print(json_text(facts))
    else:
        print("\n\n".join(_texts(chosen, pricing, ranges, feasible)))
    return 0


def known_resources() -> list[AnyResource]:
    """Every built-in resource."""
    return [resource for key in RESOURCES.keys() for resource in RESOURCES.load(key)]


def describe(space: Space, pricing: Pricing, ranges: Sequence[CostRange]) -> dict[str, Any]:
    """Size, decisions, and the range of each resource, for machines."""

    def named(architecture: Architecture) -> dict[str, Any]:
        return {"architecture": list(architecture), "decisions": space.decisions(architecture)}

    references = {name: pricing.costs(space.reference(name)) for name in sorted(space.references)}
    return {
        "space": space.name,
        "input": list(space.input),
        "size": str(space.size),
        "num_decisions": space.num_decisions,
        "references": list(references),
        "resources": {
            cost.name: {
                "min": cost.low,
                "median": cost.median,
                "max": cost.high,
                "unit": cost.unit,
                "exact": cost.is_exact,
                "references": {name: costs[cost.name] for name, costs in references.items()},
                "min_at": named(cost.lowest),
                "max_at": named(cost.highest),
                "num_samples": cost.num_samples,
                "histogram": {"edges": list(cost.edges), "counts": list(cost.counts)},
            }
            for cost in ranges
        },
    }


def describe_limits(feasible: FeasibleSet) -> dict[str, Any]:
    """How much of the space meets the limits, for machines."""
    return {
        "limits": [str(bound) for bound in feasible.bounds],
        "feasible_count_low": str(feasible.count_low),
        "feasible_count_high": str(feasible.count_high),
        "feasible_certified": feasible.certified,
        "feasible_share": feasible.estimate.share,
        "feasible_share_low": feasible.estimate.low,
        "feasible_share_high": feasible.estimate.high,
        "feasible_confidence": feasible.estimate.confidence,
        "feasible_note": feasible.note,
    }


def _texts(space: Space, pricing: Pricing, ranges: Sequence[CostRange], feasible: FeasibleSet | None) -> list[str]:
    encoding = sys.stdout.encoding or "ascii"
    references = {name: pricing.costs(space.reference(name)) for name in sorted(space.references)}
    rows = [
        [cost.name, *map(number, (cost.low, cost.median, cost.high, *(row[cost.name] for row in references.values()))),
         cost.unit, bars(cost.counts, encoding)]
        for cost in ranges
    ]  # fmt: skip
    costs = table(["resource", "min", "median", "max", *references, "unit", "from min to max"], rows)
    texts = [
        f"{space.name}: {space.size:,} architectures, {space.num_decisions} decisions, input {space.input}",
        f"{costs}\n{_origin(ranges)}",
    ]
    return [*texts, _limits_text(feasible)] if feasible else texts


def _origin(ranges: Sequence[CostRange]) -> str:
    """How far the figures can be trusted."""
    sampled = [cost.name for cost in ranges if not cost.is_exact]
    exact = "min and max are exact" + (f", but those of {', '.join(sampled)} are of the samples" if sampled else "")
    sizes = " or ".join(f"{size:,}" for size in sorted({cost.num_samples for cost in ranges}, reverse=True))
    return f"{exact}; median and histogram are of {sizes} uniform samples"


def _limits_text(feasible: FeasibleSet) -> str:
    low, high, estimate = feasible.count_low, feasible.count_high, feasible.estimate
    lines = [" and ".join(str(bound) for bound in feasible.bounds) + ":"]
    if feasible.certified:
        lines.append(f"certified: between {_count(low)} and {_count(high)} architectures meet this")
    else:
        lines.append(f"not certified ({feasible.note})")
    if estimate.confidence < 1:
        low, high = (int(share * feasible.size) for share in (estimate.low, estimate.high))
        interval = f"between {_count(low)} and {_count(high)}"
        lines.append(f"estimated by sampling, with {estimate.confidence:.1%} confidence: {interval}")
    lines.append(f"a share of {estimate.share:.4g} of the space, one in {_one_in(estimate.share)}")
    return "\n".join(lines)


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**9 else f"{float(number):.4e}"


def _one_in(share: float) -> str:
    return f"{1 / share:,.4g}" if share > 0 else "more than can be told"
