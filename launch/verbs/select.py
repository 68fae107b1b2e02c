"""`nas select`: search a finished run again under new limits, on what it has learned; nothing is trained."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from launch.json_text import json_text
from launch.pricing import Pricing, Within, goal_of, quality_limit, split_limits, within
from launch.session import RunFolder
from launch.session.session import Session, open_session
from launch.terminal import number, table
from launch.verbs.select_front import along_front
from launch.verbs.select_sweep import sweep
from nas.costs import Limit, resource_name
from nas.search import Candidate, Goal, best_candidates, fit_to_trials


def run(*, run: Path, limits: tuple[str, ...], sweeps: tuple[str, ...] = (), top: int, as_json: bool) -> int:
    session = open_session(RunFolder(path=run))
    own = session.own_files([*map(resource_name, limits), *map(resource_name, sweeps)])
    pricing = session.pricing(own)
    costs, bar = split_limits(limits, session.objective)
    wanted = [pricing.limit(own.limit(text)) for text in costs] if limits else list(session.binding(pricing))
    if sweeps:
        return sweep(session, pricing, wanted, bar, [own.limit(text) for text in sweeps], as_json=as_json)
    quality = quality_limit(bar, session.objective, pricing) if bar else session.quality(pricing)
    space = within(pricing, wanted, session.seed)
    if space.note:
        print(space.note, file=sys.stderr)
    if session.experiment.objectives:
        return along_front(session, space, wanted, quality, top, as_json=as_json)
    candidates = reselect(session, space, wanted, top, goal_of(session.experiment.minimise, quality, space.pricing))
    if as_json:
        chosen = [record(candidate, pricing, session.objective) for candidate in candidates]
        print(json_text({"limits": [limit.text for limit in wanted], "candidates": chosen}))
    else:
        print(_text(candidates, pricing, wanted, session))
    return 0


def reselect(
    session: Session, space: Within, limits: list[Limit], top: int, goal: Goal | None = None
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
        rng=np.random.default_rng((session.seed, 5)),
        goal=goal,
    )


def record(candidate: Candidate, pricing: Pricing, objective: str) -> dict[str, Any]:
    """A candidate for machines: architecture, decisions, prediction, trained value if any, and costs with units."""
    costs = pricing.costs(candidate.architecture)
    return {
        "architecture": list(candidate.architecture),
        "decisions": pricing.space.decisions(candidate.architecture),
        objective: {"predicted": candidate.mean, "predicted_std": candidate.std, "measured": candidate.measured},
        "resources": {name: {"predicted": cost, "unit": pricing.unit(name)} for name, cost in costs.items()},
    }


def _text(candidates: list[Candidate], pricing: Pricing, limits: list[Limit], session: Session) -> str:
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
