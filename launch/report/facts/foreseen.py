"""What the predictor promises: architectures that nobody trained, on the front of a cost and what is predicted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int8

from launch.pricing import Pricing, within
from launch.session.session import Session
from nas.genetic import front
from nas.record import rows
from nas.search import fit_to_trials
from nas.space import Architecture

NUM_SEEDS = 512
STREAM = 7  # of the run's seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """An architecture that was not trained: its cost, and the objective as predicted, both in their units."""

    architecture: Architecture
    x: float
    mean: float
    std: float


def foreseen(session: Session, pricing: Pricing, x: str, num: int) -> list[Foreseen]:
    """Up to `num` architectures within the run's limits, evenly along the predicted front; by ascending cost.

    Raises:
      ValueError: x is no resource, nothing is complete, or nothing meets the limits.
    """
    if x not in pricing.tables:
        known = ", ".join(pricing.tables)
        raise ValueError(
            f"what is predicted goes along a resource, got --x {x}; give one of {known}, or no --predicted"
        )
    complete = [trial for trial in session.full_trials() if trial.state == "complete"]
    if not complete:
        raise ValueError(f"{session.folder.path} has no complete trial yet; let the search run first")
    limits = list(session.binding(pricing))
    space, rng = within(pricing, limits, session.seed), np.random.default_rng((session.seed, STREAM))
    predictor = session.informed(pricing).experiment.predictor
    fitted = fit_to_trials(predictor, pricing.features, complete, session.objective)

    def objectives(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
        mean = fitted.predict_mean(pricing.features(population))
        return np.stack([pricing.tables[x].cost(population), mean], axis=1)

    found = front(
        objectives,
        replace(space.pricing.problem(limits), exclude=rows(complete)),
        initial=np.concatenate([space.feasible.sample(NUM_SEEDS, rng), rows(complete)]),
        rng=rng,
    )
    chosen = _evenly(found.values[:, 0], num)
    prediction = fitted.predict(pricing.features(found.architectures[chosen]))
    return [
        Foreseen(architecture=tuple(row), x=float(found.values[at, 0]), mean=float(mean), std=float(std))
        for at, row, mean, std in zip(
            chosen, found.architectures[chosen].tolist(), prediction.mean, prediction.std, strict=True
        )
    ]


def _evenly(costs: Float[np.ndarray, "n"], num: int) -> Sequence[int]:
    """Places of the costs nearest to `num` that lie evenly between the least and the most; each once."""
    wanted = np.linspace(costs[0], costs[-1], num)
    return sorted({int(np.abs(costs - cost).argmin()) for cost in wanted})
