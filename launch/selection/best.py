"""The best architectures of a finished run under new limits, as a table or JSON."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from launch.json_text import json_text
from launch.pricing import Pricing, Within, goal_of
from launch.session.session import Session
from launch.terminal import number, table
from nas.costs import Limit
from nas.search import Candidate, Goal, QualityLimit, best_candidates, fit_to_trials

STREAM = 5
"""Of the run's seed; other steps of a search use others."""


def best(
    session: Session, space: Within, limits: Sequence[Limit], quality: QualityLimit | None, top: int, *, as_json: bool
) -> int:
    """Print them, the best first.

    Raises:
      ValueError: the run has no complete trial yet.
    """
    goal = goal_of(session.experiment.minimise, quality, space.pricing)
    candidates = reselect(session, space, limits, top, goal)
    if as_json:
        chosen = [_record(candidate, space.pricing, session.objective) for candidate in candidates]
        print(json_text({"limits": [limit.text for limit in limits], "candidates": chosen}))
    else:
        print(_text(candidates, space.pricing, limits, session))
    return 0


def reselect(
    session: Session, space: Within, limits: Sequence[Limit], top: int, goal: Goal | None = None
) -> list[Candidate]:
    """The best architectures under the limits, by the predictor fitted to the run's complete search trials.

    Raises:
      ValueError: the run has no complete trial yet.
    """
    complete = [trial for trial in session.full_trials() if trial.state == "complete"]
    if not complete:
        raise ValueError(f"{session.folder.path} has no complete trial yet; let the search run first")
    pricing = space.pricing
    return best_candidates(
        top,
        fitted=fit_to_trials(
            session.informed(pricing).experiment.predictor, pricing.features, complete, session.objective
        ),
        features=pricing.features,
        complete=complete,
        objective=session.objective,
        sample=space.feasible.sample,
        problem=pricing.problem(limits),
        rng=np.random.default_rng((session.seed, STREAM)),
        goal=goal,
    )


def _record(candidate: Candidate, pricing: Pricing, objective: str) -> dict[str, Any]:
    """A candidate for machines: architecture, decisions, prediction, trained value if any, and costs with units."""
    costs = pricing.costs(candidate.architecture)
    return {
        "architecture": list(candidate.architecture),
        "decisions": pricing.space.decisions(candidate.architecture),
        objective: {"predicted": candidate.mean, "predicted_std": candidate.std, "measured": candidate.measured},
        "resources": {name: {"predicted": cost, "unit": pricing.unit(name)} for name, cost in costs.items()},
    }


def _text(candidates: list[Candidate], pricing: Pricing, limits: Sequence[Limit], session: Session) -> str:
    names = list(pricing.tables)
    rows = []
    for i, candidate in enumerate(candidates, start=1):
        costs = pricing.costs(candidate.architecture)
        prediction = f"{candidate.mean:.4f} +- {candidate.std:.4f}"
        rows.append([str(i), prediction, number(candidate.measured), *(number(costs[name]) for name in names)])
    objective = session.card.metric(session.objective).label
    header = ["", f"{objective} predicted", "measured", *(f"{name} [{pricing.unit(name)}]" for name in names)]
    bounds = [[limit.text, f"{number(limit.bound)} {pricing.unit(limit.resource)}"] for limit in limits]
    return "\n\n".join([table(["limit", "bound"], bounds), table(header, rows)])
