"""`nas select` of a run with several objectives: the most important points of the front that it predicts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from launch.json_text import json_text
from launch.pricing import Pricing, Within, aims_of
from launch.session.session import Session
from launch.terminal import number, table
from nas.costs import Limit
from nas.search import FrontCandidate, QualityLimit, fit_to_trials, front_candidates

STREAM = 5
"""Of the run's seed, as of a selection by one objective."""


def along_front(
    session: Session, space: Within, limits: Sequence[Limit], quality: QualityLimit | None, top: int, *, as_json: bool
) -> int:
    """Print them by ascending first objective.

    Raises:
      ValueError: the run has no complete trial yet.
    """
    candidates = sorted(_candidates(session, space, limits, quality, top), key=lambda one: tuple(one.mean.values()))
    if as_json:
        chosen = [_record(candidate, space.pricing) for candidate in candidates]
        print(json_text({"limits": [limit.text for limit in limits], "candidates": chosen}))
    else:
        print(_text(candidates, session, space.pricing, limits))
    return 0


def _candidates(
    session: Session, space: Within, limits: Sequence[Limit], quality: QualityLimit | None, top: int
) -> list[FrontCandidate]:
    complete = [trial for trial in session.full_trials() if trial.state == "complete"]
    if not complete:
        raise ValueError(f"{session.folder.path} has no complete trial yet; let the search run first")
    pricing, experiment = space.pricing, session.experiment
    aims = aims_of(experiment.objectives, quality, pricing)
    assert aims is not None, "the caller has seen to it"
    predictor = pricing.choosing(experiment.predictor)
    return front_candidates(
        top,
        aims=aims,
        fits={name: fit_to_trials(predictor, pricing.features, complete, name) for name in aims.trained},
        features=pricing.features,
        complete=complete,
        sample=space.feasible.sample,
        problem=pricing.problem(limits),
        rng=np.random.default_rng((session.seed, STREAM)),
    )


def _record(candidate: FrontCandidate, pricing: Pricing) -> dict[str, Any]:
    costs = pricing.costs(candidate.architecture)
    metrics = {
        name: {
            "predicted": mean,
            "predicted_std": candidate.std[name],
            "measured": None if candidate.measured is None else candidate.measured[name],
        }
        for name, mean in candidate.mean.items()
        if name not in costs
    }
    return {
        "architecture": list(candidate.architecture),
        "decisions": pricing.space.decisions(candidate.architecture),
        **metrics,
        "resources": {name: {"predicted": cost, "unit": pricing.unit(name)} for name, cost in costs.items()},
    }


def _text(candidates: Sequence[FrontCandidate], session: Session, pricing: Pricing, limits: Sequence[Limit]) -> str:
    names, metrics = list(pricing.tables), list(session.experiment.metrics)
    header = [
        "",
        *(head for name in metrics for head in (f"{session.card.metric(name).label} predicted", "measured")),
        *(f"{name} [{pricing.unit(name)}]" for name in names),
    ]
    rows = []
    for i, one in enumerate(candidates, start=1):
        costs = pricing.costs(one.architecture)
        told = [cell for name in metrics for cell in _cells(one, name)]
        rows.append([str(i), *told, *(number(costs[name]) for name in names)])
    bounds = [[limit.text, f"{number(limit.bound)} {pricing.unit(limit.resource)}"] for limit in limits]
    return "\n\n".join([table(["limit", "bound"], bounds), table(header, rows)])


def _cells(candidate: FrontCandidate, name: str) -> list[str]:
    measured = None if candidate.measured is None else candidate.measured[name]
    return [f"{candidate.mean[name]:.4f} +- {candidate.std[name]:.4f}", number(measured)]
