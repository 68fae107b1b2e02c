"""What a run's record shows Optuna's own tools: what an architecture costs, and how far it is beyond each limit.

Limits are taken as they are written, without the margin that a search keeps from them.
"""

from collections.abc import Sequence

from launch.pricing.pricing import Pricing
from nas.costs import Limit
from nas.record import Shown, Trial
from nas.search import QualityLimit
from nas.space import Architecture


def shown(pricing: Pricing, limits: Sequence[Limit], quality: QualityLimit | None, costs: Sequence[str]) -> Shown:
    """For `nas.record.history.History`.

    Args:
      limits: on costs.
      quality: on a metric, None if there is none.
      costs: the objectives that are known without training.
    """

    def priced(architecture: Architecture) -> dict[str, float]:
        known = pricing.costs(architecture)
        return {name: known[name] for name in costs}

    def excess(architecture: Architecture) -> list[float]:
        known = pricing.costs(architecture) if limits else {}
        return [_beyond(limit, known[limit.resource]) for limit in limits]

    def trained_excess(trial: Trial, others: Sequence[Trial]) -> list[float]:
        return [] if quality is None else _beyond_quality(quality, trial, others)

    return Shown(costs=priced, excess=excess, trained_excess=trained_excess)


def _beyond(limit: Limit, cost: float) -> float:
    """As a share of the bound, where that is one; at most 0 where the limit holds."""
    beyond = cost - limit.bound if limit.relation == "<=" else limit.bound - cost
    return beyond / abs(limit.bound) if limit.bound else beyond


def _beyond_quality(quality: QualityLimit, trial: Trial, others: Sequence[Trial]) -> list[float]:
    """Nothing while the reference, trained alike, is not measured."""
    measured = 0.0
    if quality.reference is not None:
        alike = (other for other in (trial, *others) if _is_alike(other, trial))
        reference = next((other for other in alike if other.architecture == quality.reference), None)
        if reference is None:
            return []
        measured = reference.metrics[quality.metric]
    bound = quality.bound(measured)
    beyond = trial.metrics[quality.metric] - bound
    return [beyond / abs(bound) if bound else beyond]


def _is_alike(other: Trial, trial: Trial) -> bool:
    return other.state == "complete" and (other.phase, other.fidelity) == (trial.phase, trial.fidelity)
