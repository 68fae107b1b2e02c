"""Limits on what training measures, read like limits on costs: "error <= 1.02 * baseline", "error <= 0.3".

The metric that a search learns can be limited so, and no other. A reference architecture in such a limit stands for
what it gives when it is trained alike: its error is known only once the run has trained it.
"""

from collections.abc import Sequence

from launch.pricing.pricing import Pricing
from nas.costs import LimitError, parse_limit, resource_name
from nas.search import Aims, Goal, QualityLimit
from nas.space import Architecture


def split_limits(texts: Sequence[str], objective: str) -> tuple[list[str], str | None]:
    """Those on costs, and the one on the objective, None if there is none.

    Raises:
      LimitError: a text is no comparison, or there are several on the objective.
    """
    trained = [text for text in texts if resource_name(text) == objective]
    if len(trained) > 1:
        raise LimitError(f"{objective} takes one limit, got {' and '.join(map(repr, trained))}; keep the tighter one")
    return [text for text in texts if text not in trained], trained[0] if trained else None


def quality_limit(text: str, objective: str, pricing: Pricing) -> QualityLimit:
    """Read a limit on the objective.

    Raises:
      LimitError: it cannot be read, is a lower limit, or names an unknown architecture.
    """
    named = list[Architecture]()

    def one(reference: str, _: str) -> float:
        named.append(pricing.reference(reference))
        return 1.0

    limit = parse_limit(text, units={objective: ""}, reference_cost=one)
    if limit.relation != "<=":
        raise LimitError(f"limit {text!r}: a search lowers {objective}, so it can be limited from above only; use <=")
    return QualityLimit(metric=objective, amount=limit.bound, reference=named[0] if named else None, text=text)


def check_goal(minimise: str | None, quality: QualityLimit | None, resources: Sequence[str]) -> None:
    """Refuse to minimise what is unknown, or without a word of how good the network must be.

    Raises:
      LimitError: it is so.
    """
    if minimise is None:
        return
    if minimise not in resources:
        known = ", ".join(sorted(resources))
        raise LimitError(f"what is minimised must be a resource of the experiment, got {minimise!r}; known: {known}")
    if quality is None:
        raise LimitError(
            f"minimising {minimise} alone gives the smallest network there is; say how good it must be, such as "
            "--limit 'error <= 1.02 * baseline'"
        )


def check_aims(costs: Sequence[str], resources: Sequence[str]) -> None:
    """Refuse a front of unknown resources.

    Raises:
      LimitError: one is unknown.
    """
    for name in costs:
        if name not in resources:
            known = ", ".join(sorted(resources))
            raise LimitError(f"an objective must be a metric or a resource of the run, got {name!r}; known: {known}")


def aims_of(objectives: Sequence[str], quality: QualityLimit | None, pricing: Pricing) -> Aims | None:
    """What a search for a front minimises, its metrics first; None for a search with one objective."""
    if not objectives:
        return None
    costs = {name: pricing.tables[name].cost for name in objectives if name in pricing.tables}
    return Aims(names=tuple(objectives), costs=costs, quality=quality)


def goal_of(minimise: str | None, quality: QualityLimit | None, pricing: Pricing) -> Goal | None:
    """The goal of a search that minimises a cost; None for one that minimises what it trains.

    Raises:
      LimitError: see `check_goal`.
    """
    check_goal(minimise, quality, list(pricing.tables))
    if minimise is None or quality is None:
        return None
    return Goal(name=minimise, cost=pricing.tables[minimise].cost, quality=quality)
