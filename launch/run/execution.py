"""Where and how trainings are run, as the command says it: the executor, what a trial holds, and what it may spend."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from launch.budget import Budget, check_budget
from launch.executors import Terms, make_executor, plan_slots, read_duration, read_size
from launch.experiment import Experiment, Workplace
from launch.run.phases.checkpoints import checkpoints_of, expected_bytes
from launch.session import RunFolder, meaning_of, path_of, sets_of
from launch.terminal import Progress
from nas.record import Evaluator, Executor
from nas.record.checkpoints import Checkpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The options by their names, None where the command leaves them open; see `nas search --help`."""

    executor: str
    address: str | None
    workers: int | None
    cpus_per_trial: float
    gpus_per_trial: float
    memory_per_trial: str | None
    retries: int
    trial_timeout: str | None
    hours: float | None
    gpu_hours: float | None
    cpu_hours: float | None
    checkpoints: str | None
    cache: Path | None

    @property
    def terms(self) -> Terms:
        """What a trial holds.

        Raises:
          ValueError: a size or a duration cannot be read.
        """
        return Terms(
            cpus=self.cpus_per_trial,
            gpus=self.gpus_per_trial,
            memory_bytes=read_size(self.memory_per_trial) if self.memory_per_trial else 0,
            retries=self.retries,
            timeout_s=read_duration(self.trial_timeout) if self.trial_timeout else None,
        )

    @property
    def budget(self) -> Budget:
        """What may be spent.

        Raises:
          ValueError: GPU-hours are given to trials that hold no GPU.
        """
        budget = Budget(hours=self.hours, gpu_hours=self.gpu_hours, cpu_hours=self.cpu_hours)
        check_budget(budget, gpus=self.terms.gpus)
        return budget

    def slots(self) -> int:
        """How many trials at once; a cluster is joined, and refused if it is too small.

        Raises:
          ConnectionError, ValueError: see `launch.executors.plan_slots`.
        """
        return plan_slots(self.executor, workers=self.workers, address=self.address, terms=self.terms)

    def start(self, evaluator: Evaluator, slots: int, checkpoints: Checkpoints | None) -> Executor:
        """The executor, running.

        Raises:
          ConnectionError, ValueError: see `launch.executors.make_executor`.
        """
        return make_executor(
            self.executor,
            evaluator,
            workers=slots,
            address=self.address,
            terms=self.terms,
            checkpoints=checkpoints,
        )

    def workplace(
        self, folder: RunFolder, experiment: Experiment, settings: Mapping[str, Any], slots: int, progress: Progress
    ) -> Workplace:
        """What the run's evaluator may know of this machine."""
        return Workplace(
            cache=self.cache or user_cache_path("chamnas"),
            data=path_of(sets_of(settings)),
            sets=sets_of(settings),
            workers=min(slots, os.cpu_count() or 1),
            progress=progress.step,
            checkpoints=checkpoints_of(
                folder.path,
                settings["study"],
                url=self.checkpoints,
                address=self.address,
                each_bytes=expected_bytes(experiment.space),
            ),
            depth=meaning_of(settings),
            say=progress.say,
        )


def taken(options: Mapping[str, Any]) -> tuple[Execution, dict[str, Any]]:
    """The execution among a verb's options, and the others."""
    names = [field.name for field in fields(Execution)]
    others = {name: value for name, value in options.items() if name not in names}
    return Execution(**{name: options[name] for name in names}), others
