"""The end of a search: which final won, whether it meets every limit as measured, and the files to take away."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from launch.pricing import Pricing
from launch.run.finals.repeats import Spread
from launch.session import WINNER_FORMAT, RunFolder
from launch.session.verification import NO_DOUBTS, Doubts
from nas.costs import Limit
from nas.lowering.standalone import source
from nas.record import INT8, TaskCard, Trial
from nas.search import Fitted, QualityLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCheck:
    """One limit on one architecture, in the unit of what it limits.

    Attributes:
      resource: or the trained metric.
      measured: or counted; None for a latency whose device is known by its table only.
      margin: of the prediction, as a share of it; 0 for what is counted.
      holds: as measured, or else as predicted with the margin kept.
      binding: whether the winner must meet it. A limit of the experiment's own does not bind where the machine is too
        noisy to verify it; one that the user gave always does.
      doubt: why it could not be verified here, as one sentence; "" where it could.
    """

    text: str
    resource: str
    relation: str
    unit: str
    bound: float
    predicted: float
    measured: float | None
    margin: float
    holds: bool
    binding: bool = True
    doubt: str = ""

    @property
    def excess(self) -> float:
        """How far beyond the bound, as a share of it; 0 where the limit holds or does not bind."""
        if self.holds or not self.binding:
            return 0.0
        value = self.predicted if self.measured is None else self.measured
        return abs(value / self.bound - 1) if self.bound else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalist:
    """A final with everything that is known of it.

    Attributes:
      trial: its metrics are means, where it was trained under several seeds.
      spread: of those, what lies behind the means; None of one seed.
    """

    trial: Trial
    predicted: Mapping[str, float]
    measured: Mapping[str, float]
    checks: tuple[LimitCheck, ...]
    spread: Spread | None = None

    @property
    def excess(self) -> float:
        return max((check.excess for check in self.checks), default=0.0)

    def value(self, name: str) -> float:
        """Of a metric or a resource, as measured if it was."""
        if name in self.trial.metrics:
            return self.trial.metrics[name]
        return self.measured[name] if name in self.measured else self.predicted[name]


def finalist(
    trial: Trial,
    measured: Mapping[str, float],
    limits: Sequence[Limit],
    pricing: Pricing,
    doubts: Doubts = NO_DOUBTS,
    quality: LimitCheck | None = None,
) -> Finalist:
    """Check one final against the limits; a resource that cannot be measured is judged by its exact count.

    Args:
      quality: the check of the limit on the objective, made by `quality_check`.
    """
    predicted = pricing.costs(trial.architecture)
    checks = tuple(_check(limit, predicted[limit.resource], measured, pricing, doubts) for limit in limits)
    return Finalist(
        trial=trial, predicted=predicted, measured=measured, checks=checks if quality is None else (*checks, quality)
    )


def quality_check(limit: QualityLimit, trial: Trial, finals: Sequence[Trial], predicted: float) -> LimitCheck:
    """Whether a final meets the limit on the objective, beside the reference's own final if it speaks of one.

    Args:
      predicted: the objective at the search's fidelity.
    """
    reference = next((one for one in finals if one.architecture == limit.reference), None)
    unknown = limit.reference is not None and reference is None
    metric = as_shipped(limit.metric, finals)
    bound = limit.bound(math.nan if reference is None else reference.metrics[metric])
    value = trial.metrics[metric]
    return LimitCheck(
        text=limit.text,
        resource=metric,
        relation="<=",
        unit="",
        bound=predicted if unknown else bound,
        predicted=predicted,
        measured=value,
        margin=0.0,
        holds=value <= bound,
        doubt="the architecture that it is measured by failed in its own final" if unknown else "",
    )


def choose(finalists: Sequence[Finalist], minimised: str) -> Finalist:
    """The least of a metric or a resource that meets every limit as measured; if none does, the one nearest to it.

    What was measured in int8 is judged by that: it is what is shipped.
    """
    name = as_shipped(minimised, [final.trial for final in finalists])
    return min(finalists, key=lambda final: (final.excess, final.value(name)))


def as_shipped(metric: str, finals: Sequence[Trial]) -> str:
    """The metric's name in int8, where every final was measured in it; else the metric."""
    return f"{metric}{INT8}" if all(f"{metric}{INT8}" in final.metrics for final in finals) else metric


def write(
    winner: Finalist,
    others: Sequence[Finalist],
    *,
    folder: RunFolder,
    place: Path | None = None,
    pricing: Pricing,
    fitted: Fitted,
    search_fidelity: int,
    objective: str,
    minimised: str | None = None,
    card: TaskCard,
    context: Mapping[str, Any],
) -> None:
    """Write winner.pt, winner.py and, last, winner.json, whose presence says that the run is finished.

    Args:
      place: another folder than the run's own, for one of several winners.
    """
    place = place or folder.path
    _write_network(winner.trial, folder=folder, place=place, pricing=pricing, card=card)
    record = {
        "format": WINNER_FORMAT,
        **_found(winner.trial, pricing),
        "objective": _objective(winner.trial, objective, pricing, fitted, search_fidelity),
        "judged_by": as_shipped(minimised or objective, [final.trial for final in others]),
        **({"minimised": _minimised(winner, others, minimised, pricing)} if minimised else {}),
        "metrics": dict(winner.trial.metrics),
        **({"seeds": asdict(winner.spread)} if winner.spread else {}),
        "task": asdict(card),
        "resources": {
            name: {"unit": pricing.unit(name), "predicted": cost, "measured": winner.measured.get(name)}
            for name, cost in winner.predicted.items()
        },
        "limits": [asdict(check) for check in winner.checks],
        "finals": [_summary(final) for final in others],
        **context,
    }
    folder.write_json(place / folder.winner.name, record)


def _write_network(trial: Trial, *, folder: RunFolder, place: Path, pricing: Pricing, card: TaskCard) -> None:
    """winner.pt, where the evaluator has left weights, and winner.py."""
    weights = folder.artifacts / f"{trial.phase}-{trial.ticket}.pt"
    if weights.exists():
        folder.write_bytes(place / "winner.pt", weights.read_bytes())
    title = f"{pricing.space.name}: the network that chamnas found in the run {folder.path.name}."
    code = source(pricing.space.lower(trial.architecture), title, input=card.input, output=card.output)
    folder.write_bytes(place / "winner.py", code.encode())


def _found(trial: Trial, pricing: Pricing) -> dict[str, Any]:
    """Which architecture won, and how it was found."""
    return {
        "space": pricing.space.name,
        "input": list(pricing.space.input),
        "architecture": list(trial.architecture),
        "decisions": pricing.space.decisions(trial.architecture),
        "origin": trial.origin,
        "trial": f"{trial.phase}-{trial.ticket}",
    }


def _objective(
    trial: Trial, objective: str, pricing: Pricing, fitted: Fitted, search_fidelity: int
) -> dict[str, str | float]:
    """The winner's objective as it was predicted, and as it came out in the final."""
    prediction = fitted.predict(pricing.features(np.array([trial.architecture], dtype=np.int8)))
    return {
        "name": objective,
        "predicted": float(prediction.mean[0]),
        "predicted_std": float(prediction.std[0]),
        "predicted_at_fidelity": search_fidelity,
        "measured": trial.metrics[objective],
        "measured_at_fidelity": trial.fidelity,
    }


def _minimised(
    winner: Finalist, others: Sequence[Finalist], name: str, pricing: Pricing
) -> dict[str, str | float | None]:
    """The cost that was minimised, and the baseline's."""
    baseline = next((final for final in others if "baseline" in final.trial.origin), None)
    return {
        "name": name,
        "unit": pricing.unit(name),
        "value": winner.value(name),
        "baseline": None if baseline is None else baseline.value(name),
    }


def _check(
    limit: Limit, predicted: float, measured: Mapping[str, float], pricing: Pricing, doubts: Doubts
) -> LimitCheck:
    margin = pricing.margins.get(limit.resource)
    exact = predicted if margin is None else None  # what no device must measure is counted
    value = measured.get(limit.resource, exact)
    if limit.relation == "<=":
        holds = (predicted * (1 + (margin or 0.0)) if value is None else value) <= limit.bound
    else:
        holds = (predicted / (1 + (margin or 0.0)) if value is None else value) >= limit.bound
    return LimitCheck(
        text=limit.text,
        resource=limit.resource,
        relation=limit.relation,
        unit=pricing.unit(limit.resource),
        bound=limit.bound,
        predicted=predicted,
        measured=value,
        margin=margin or 0.0,
        holds=holds,
        binding=doubts.binds(limit),
        doubt=doubts.reasons.get(limit.resource, ""),
    )


def _summary(final: Finalist) -> dict[str, Any]:
    return {
        "trial": f"{final.trial.phase}-{final.trial.ticket}",
        "origin": final.trial.origin,
        "architecture": list(final.trial.architecture),
        "metrics": dict(final.trial.metrics),
        **({"seeds": asdict(final.spread)} if final.spread else {}),
        "measured": dict(final.measured),
        "meets_limits": final.excess == 0.0,
    }
