"""`nas info`: what a space holds, what its architectures cost, and how many meet some limits."""

import json
from typing import Any

import numpy as np

from launch.pricing import Pricing, price
from launch.sizes import resized
from launch.tables import number, table
from nas.costs import Resource
from nas.feasible import FeasibleSet, extremes
from nas.peaks import PeakResource
from nas.plugins import RESOURCES, SPACES
from nas.space import Space

NUM_SAMPLES = 100_000


def run(*, space: str, limits: tuple[str, ...], size: str | None, as_json: bool) -> int:
    chosen = resized(SPACES.load(space), size)
    pricing = price(chosen, known_resources())
    facts = describe(chosen, pricing)
    if limits:
        facts |= describe_limits(pricing.feasible([pricing.limit(text) for text in limits], seed=0))
    print(json.dumps(facts, indent=1) if as_json else _text(facts))
    return 0


def known_resources() -> list[Resource | PeakResource]:
    """Every built-in resource."""
    return [resource for key in RESOURCES.keys() for resource in RESOURCES.load(key)]


def describe(space: Space, pricing: Pricing) -> dict[str, Any]:
    """Size, decisions and cost ranges; minima and maxima are exact, the median is of uniform samples."""
    population = space.sample(NUM_SAMPLES, np.random.default_rng(0))
    resources = {}
    for name, cost_table in pricing.tables.items():
        span = extremes(space.num_options, cost_table)
        median = float(np.median(cost_table.cost(population)))
        resources[name] = {"min": span.low, "median": median, "max": span.high, "unit": pricing.unit(name)}
    return {
        "space": space.name,
        "input": list(space.input),
        "size": str(space.size),
        "num_decisions": space.num_decisions,
        "references": sorted(space.references),
        "resources": resources,
    }


def describe_limits(feasible: FeasibleSet) -> dict[str, Any]:
    """How much of the space meets the limits."""
    return {
        "limits": [str(bound) for bound in feasible.bounds],
        "feasible_count_low": str(feasible.count_low),
        "feasible_count_high": str(feasible.count_high),
        "feasible_certified": feasible.certified,
        "feasible_share": feasible.estimate.share,
    }


def _text(facts: dict[str, Any]) -> str:
    lines = [
        f"{facts['space']}: {int(facts['size']):,} architectures, {facts['num_decisions']} decisions, "
        f"input {'x'.join(map(str, facts['input']))}",
        f"reference architectures: {', '.join(facts['references']) or 'none'}",
        "",
        table(
            ["resource", "min", "median", "max", "unit"],
            [
                [name, *(number(values[key]) for key in ("min", "median", "max")), values["unit"]]
                for name, values in facts["resources"].items()
            ],
        ),
    ]
    if "limits" in facts:
        low, high = int(facts["feasible_count_low"]), int(facts["feasible_count_high"])
        kind = "certified" if facts["feasible_certified"] else "estimated"
        lines += ["", " and ".join(facts["limits"]) + ":"]
        lines.append(f"{low:.4g} to {high:.4g} architectures ({kind}), a share of {facts['feasible_share']:.3g}")
    return "\n".join(lines)
