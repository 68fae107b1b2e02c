"""`nas select --sweep`: what a sweep asks of a run, and its operating points as a table or JSON."""

from collections.abc import Sequence
from typing import Any

from launch.json_text import json_text
from launch.pricing import Pricing, within
from launch.selection.operating_points import OperatingPoint, Question, question, read_sweeps
from launch.session.session import Session
from launch.terminal import number, table
from nas.costs import Limit, LimitError
from nas.record import Trial


def asked(
    session: Session, pricing: Pricing, limits: Sequence[Limit], bar: str | None, texts: Sequence[str]
) -> Question:
    """The question of these sweeps.

    Args:
      limits: on costs; those on what is swept make room for the sweep.
      bar: a limit on the objective, which no sweep takes.

    Raises:
      LimitError: a sweep cannot be read, or the objective has a limit beside it.
      ValueError: the run has no complete trial yet.
    """
    if bar is not None:
        raise LimitError(f"{bar!r} and a sweep: give the bounds of {session.objective} as a sweep of their own")
    sweeps = read_sweeps(texts, pricing, session.objective)
    kept = [limit for limit in limits if limit.resource not in {one.name for one in sweeps}]
    return question(session, within(pricing, kept, session.seed), kept, sweeps)


def tell(about: Question, points: Sequence[OperatingPoint], *, as_json: bool) -> int:
    """Print the predicted best at each point; exit status 1 if nothing meets any of them."""
    session, pricing = about.session, about.space.pricing
    if as_json:
        texts = {"limits": [one.text for one in about.limits], "sweeps": [one.text for one in about.sweeps]}
        print(json_text({**texts, "points": [_record(point, session, pricing) for point in points]}))
    else:
        print(_text(points, session, pricing))
    return 0 if any(point.architecture is not None for point in points) else 1


def _record(point: OperatingPoint, session: Session, pricing: Pricing) -> dict[str, Any]:
    bounds = {name: {"bound": bound, "unit": _unit(name, pricing)} for name, bound in point.bounds.items()}
    if point.architecture is None:
        return {"bounds": bounds, "architecture": None, "reason": point.reason}
    costs, objective = pricing.costs(point.architecture), session.objective
    return {
        "bounds": bounds,
        "architecture": list(point.architecture),
        "decisions": pricing.space.decisions(point.architecture),
        objective: {
            "predicted": point.mean,
            "predicted_std": point.std,
            "measured": None if point.trial is None else point.trial.metrics[objective],
        },
        "resources": {name: {"predicted": cost, "unit": pricing.unit(name)} for name, cost in costs.items()},
        "trial": None if point.trial is None else point.trial.name,
        "best_trained": None
        if point.best_trained is None
        else {"trial": point.best_trained.name, "measured": point.best_trained.metrics[objective]},
    }


def _text(points: Sequence[OperatingPoint], session: Session, pricing: Pricing) -> str:
    names, swept = list(pricing.tables), list(points[0].bounds)
    objective = session.card.metric(session.objective).label
    header = [
        *(f"{name} bound" for name in swept),
        f"{objective} predicted",
        "trained as",
        "measured",
        "best trained",
        "measured",
        *(f"{name} [{pricing.unit(name)}]" for name in names),
    ]
    lines = [_line(point, session.objective, pricing) for point in points]
    reasons = list(dict.fromkeys(point.reason for point in points if point.reason))
    return "\n".join([table(header, lines), *reasons])


def _line(point: OperatingPoint, objective: str, pricing: Pricing) -> list[str]:
    bounds = [number(round(bound) if bound >= 1000 else bound) for bound in point.bounds.values()]
    if point.architecture is None:
        return [*bounds, "infeasible", *["-"] * (4 + len(pricing.tables))]
    costs = pricing.costs(point.architecture)
    return [
        *bounds,
        f"{point.mean:.4f} +- {point.std:.4f}",
        *_trained(point.trial, objective),
        *_trained(point.best_trained, objective),
        *(number(costs[name]) for name in pricing.tables),
    ]


def _trained(trial: Trial | None, objective: str) -> list[str]:
    return ["-", "-"] if trial is None else [trial.name, f"{trial.metrics[objective]:.4f}"]


def _unit(name: str, pricing: Pricing) -> str:
    return pricing.unit(name) if name in pricing.tables else ""
