"""Section on Pareto fronts: all search trials against each cost that matters, and the architectures on a front."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from launch.report.facts import Point, points_of
from launch.report.facts.facts import Facts
from launch.report.plots.draw import svg
from launch.report.plots.trials import Axis, FrontPlot
from launch.report.view import Chart, Table, amount, header, listed, named, score, shown, words
from nas.search import drawn_in


def cost_axes(facts: Facts) -> tuple[str, ...]:
    """Resources worth a picture: macs, every latency, and whatever has a limit."""
    limited = {limit.resource for limit in facts.limits}
    return tuple(
        name for name in facts.pricing.tables if name == "macs" or name.startswith("latency_ms.") or name in limited
    )


def front_chart(facts: Facts, resource: str) -> Chart:
    """The objective against one resource; there must be a complete trial."""
    plot = front_plot(facts, resource)
    unseen = [bound for bound in plot.limits if not plot.in_view(bound)]
    unit = facts.pricing.unit(resource)
    outside = f" The limit of {listed([shown(b) for b in unseen])} {unit} lies outside the picture." if unseen else ""
    finals = f" Circles: finals, trained longer (fidelity {plot.finals[0].trial.fidelity})." if plot.finals else ""
    return Chart(
        svg=svg(plot, f"front-{cost_axes(facts).index(resource)}"),  # a name of the user's has no place in an id
        label=f"Scatter of {facts.objective} against {resource} for {len(plot.points)} search trials, with the front.",
        caption=f"Dots: {facts.objective} on validation data after the search's training (fidelity "
        f"{plot.points[0].trial.fidelity}) against predicted {resource}.{facts.edge}{finals}{outside}",
    )


def front_plot(facts: Facts, resource: str) -> FrontPlot:
    pricing = facts.pricing
    finals = _finals(facts, resource)
    name = None if facts.winner is None else facts.winner["trial"]
    return FrontPlot(
        x=Axis(name=resource, unit=pricing.unit(resource)),
        y=Axis(name=facts.objective, unit=facts.card.metric(facts.objective).unit),
        points=_seen(points_of(facts.search, pricing, resource, facts.objective)),
        finals=finals,
        winner=next((p for p in finals if f"final-{p.trial.ticket}" == name), None),
        limits=[limit.bound for limit in facts.limits if limit.resource == resource],
    )


def _seen(points: Sequence[Point]) -> list[Point]:
    """Those that are far off at the edge of the others, or these would be one line."""
    values = drawn_in(np.array([point.y for point in points])).tolist()
    return [replace(point, y=y) for point, y in zip(points, values, strict=True)]


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


def _finals(facts: Facts, resource: str) -> Sequence[Point]:
    if not any(trial.state == "complete" for trial in facts.finals):
        return ()
    return points_of(facts.finals, facts.pricing, resource, facts.objective)
