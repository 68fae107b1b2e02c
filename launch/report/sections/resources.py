"""Section on resources: what the trained architectures cost, and how many of them meet each limit."""

from dataclasses import dataclass

import numpy as np

from launch.report.facts import meeting
from launch.report.facts.facts import Facts
from launch.report.view import Table, amount, counted, header, named, percent, words
from nas.record import rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """`limits` is None for a run without a limit on a cost."""

    costs: Table
    limits: Table | None


def resources(facts: Facts) -> Resources:
    return Resources(costs=_costs(facts), limits=_limits(facts) if facts.limits and facts.search else None)


def _costs(facts: Facts) -> Table:
    """Of every resource its least, median and most among the search trials, and each reference network's."""
    space, pricing = facts.pricing.space, facts.pricing
    references = {name: pricing.costs(space.reference(name)) for name in sorted(space.references)}
    found = []
    for name, table in pricing.tables.items():
        costs = table.cost(rows(facts.search)) if facts.search else np.zeros(0)
        spread = [float(value) for value in np.quantile(costs, (0.0, 0.5, 1.0))] if len(costs) else [None] * 3
        others = [cost[name] for cost in references.values()]
        found.append((named(name), words(table.resource.unit), *(amount(value) for value in (*spread, *others))))
    columns = header("resource", "unit", numbers=("least trained", "median", "most", *references))
    return Table(header=columns, rows=tuple(found))


def _limits(facts: Facts) -> Table:
    found = []
    for limit in facts.limits:
        meets = meeting(facts.search, facts.pricing, [limit])
        share = f"{int(meets.sum()):,} of {counted(len(meets), 'search trial')}"
        margin = percent(facts.pricing.margins.get(limit.resource, 0.0), decimals=1)
        found.append((words(limit.text), amount(limit.bound), words(margin, "number"), words(share, "number")))
    return Table(header=header("limit", numbers=("bound", "margin kept", "met as predicted by")), rows=tuple(found))
