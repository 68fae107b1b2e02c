"""What Optuna's own tools are shown of a run beside its metrics: the values of several objectives, and its limits.

    constraints   one number for each limit, at most 0 where it is kept; Optuna's tools call a trial feasible where all
                  are. They are written with a trial when it starts, as far as they are known without training.

They stand under the system attribute "constraints" as a list: optuna-dashboard reads that one (0.21.0 knows none of
Optuna's newer attributes by name), and so does Optuna itself, whose `best_trials` keep to it. Nothing of ours reads it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nas.record.trial import Trial
from nas.space import Architecture

CONSTRAINTS = "constraints"
METRIC_NAMES = "study:metric_names"
"""System attributes of a trial and of a study, as Optuna calls them."""


def _no_costs(architecture: Architecture) -> Mapping[str, float]:
    return {}


def _no_excess(architecture: Architecture) -> Sequence[float]:
    return ()


def _no_trained_excess(trial: Trial, others: Sequence[Trial]) -> Sequence[float]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Prices and limits of a run, for its record.

    Attributes:
      costs: by name, the objectives that are known without training.
      excess: of each limit on costs, how far an architecture is beyond it, as a share of the bound.
      trained_excess: likewise of limits on metrics, from a complete trial and the record's others; empty where what it
        is measured by is not known yet.
    """

    costs: Callable[[Architecture], Mapping[str, float]] = _no_costs
    excess: Callable[[Architecture], Sequence[float]] = _no_excess
    trained_excess: Callable[[Trial, Sequence[Trial]], Sequence[float]] = _no_trained_excess


NOTHING = Shown()
