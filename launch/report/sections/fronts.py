"""Section on Pareto fronts: the architectures that are on one, as a table that needs no script."""

from launch.report.facts import points_of
from launch.report.facts.facts import Facts
from launch.report.view import Table, amount, header, named, score, words


def cost_axes(facts: Facts) -> tuple[str, ...]:
    """Resources worth a picture: macs, every latency, and whatever has a limit."""
    limited = {limit.resource for limit in facts.limits}
    return tuple(
        name for name in facts.pricing.tables if name == "macs" or name.startswith("latency_ms.") or name in limited
    )


def front_table(facts: Facts) -> Table:
    """Search trials that are on the front of at least one cost, by ascending objective, with all their costs."""
    axes = cost_axes(facts)
    fronts = {
        axis: [p.trial for p in points_of(facts.search, facts.pricing, axis, facts.objective) if p.on_front]
        for axis in axes
    }
    trials = {trial.ticket: trial for front in fronts.values() for trial in front}
    columns = header(
        "trial", "proposed by", "on the front of",
        numbers=[facts.objective_label, *(f"{name} [{facts.pricing.unit(name)}]" for name in facts.pricing.tables)],
    )  # fmt: skip
    return Table(
        header=columns,
        rows=tuple(
            (
                named(f"search-{trial.ticket}"),
                words(trial.origin),
                words(", ".join(axis for axis in axes if trial in fronts[axis])),
                score(trial.metrics[facts.objective]),
                *(amount(cost) for cost in facts.pricing.costs(trial.architecture).values()),
            )
            for trial in sorted(trials.values(), key=lambda trial: (trial.metrics[facts.objective], trial.ticket))
        ),
    )
