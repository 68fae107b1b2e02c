"""The budget of a run: limits beside the number of trials, and what is refused at the start."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nas.search import Rungs

NAMES = {"hours": "hours", "gpu_hours": "GPU-hours", "cpu_hours": "CPU-hours"}
MIN_TRIALS = 4
"""Complete trials at the full fidelity that a predictor needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits beside the number of trials, None for none; see the module's docstring."""

    hours: float | None = None
    gpu_hours: float | None = None
    cpu_hours: float | None = None

    def within(self, stopped_by: Mapping[str, float] | None) -> bool:
        """Whether a search that such a budget (by field and limit) has stopped would be stopped by this one again."""
        mine = [(getattr(self, name), limit) for name, limit in (stopped_by or {}).items()]
        return all(asked is not None and asked <= limit for asked, limit in mine)


NO_LIMITS = Budget()


def check_budget(budget: Budget, *, gpus: float) -> None:
    """Refuse GPU-hours where a trial holds no GPU.

    Raises:
      ValueError: that.
    """
    if budget.gpu_hours is not None and not gpus:
        raise ValueError(
            f"--gpu-hours counts the GPUs that a trial holds, got {budget.gpu_hours:g} hours and no GPU; give "
            "--gpus-per-trial, or --cpu-hours in its place"
        )


def check_trials(num_trials: int, rungs: Rungs | None) -> None:
    """Refuse fewer trials than leave a predictor enough of them at the full fidelity.

    Raises:
      ValueError: that.
    """
    needed, why = MIN_TRIALS, ""
    if rungs is not None:
        on_rung = MIN_TRIALS
        for _ in rungs.fidelities[1:]:
            on_rung = math.ceil(on_rung * rungs.eta)
            needed += on_rung
        why = f", one in {rungs.eta:g} of which goes on from each rung"
    if num_trials < needed:
        raise ValueError(
            f"a search needs at least {needed} trials{why}, so that {MIN_TRIALS} at the full fidelity teach the "
            f"predictor, got {num_trials}; give --trials more"
        )
