"""The account of a run: what earlier commands have spent of its budget, and what this one may."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from launch.budget import NAMES, Account, Course, Meter, Shift, amount
from launch.experiment import Experiment
from launch.run.options import Options
from nas.record import PHASES, Trial
from nas.record.history import History

NUM_YARDSTICKS = 2
"""Of the design, trained again beside the finalists."""


def open_account(
    experiment: Experiment, history: History, options: Options, slots: int, *, before_s: float = 0.0
) -> Account:
    """The run's account, with what earlier commands have spent; its clock begins now.

    Args:
      before_s: core-seconds spent before the first trial, on what all trials use.
    """
    earlier = history.notes().get("account", {"shifts": []})["shifts"]
    since = datetime.now(UTC).isoformat(timespec="seconds")
    shifts = (*(Shift(**shift) for shift in earlier), Shift(since=since, gpus=options.gpus, cpus=options.cpus))
    meter = Meter(shifts=shifts, clock=time.monotonic, before_s=before_s)
    for phase in PHASES:
        meter.follow(history.phase(phase))
    num_finals = experiment.num_finalists + NUM_YARDSTICKS + (experiment.baseline is not None)
    return Account(
        budget=options.budget,
        course=Course(
            num_trials=options.num_trials,
            num_finals=experiment.final_seeds * num_finals,
            final_fidelity=experiment.final_fidelity,
            slots=slots,
        ),
        meter=meter,
        began=time.monotonic(),
    )


def is_spent(account: Account, trials: Sequence[Trial]) -> bool:
    """Whether a budget has no room for another ticket, after these trials of a phase."""
    account.meter.follow(trials)
    return account.refused_by() is not None


def spent_text(stopped_by: Mapping[str, float]) -> str:
    """Which budget has no room for another trial."""
    (name, limit), *_ = stopped_by.items()
    return f"the budget of {amount(limit)} {NAMES[name]} has no room for another trial and the finals"
