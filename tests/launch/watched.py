"""Trainings that tell each of their steps, and meet the fate that a test has written for them.

Tests load this file by its path: workers cannot import it, so it travels by value, as a user's own file does.
"""

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nas.depth.training.training import TrainResult, train
from nas.evaluators import depth
from nas.evaluators.depth import DepthEvaluator
from nas.record import Evaluation, Job
from nas.record.checkpoints import Checkpoints, read, write


@dataclass(frozen=True)
class Fates:
    """Writes a line "STEP NODE PID PARTS" to "TICKET.steps" in `folder` before each step's end.

    Fates, in a file "TICKET.fate": "kill N" ends the worker at step N the first time, "hold N" waits there for a file
    "release", "memory" runs out of it with whole batches, "always memory" also with divided ones.
    """

    folder: Path

    def step(self, ticket: int, step: int, parts: int) -> None:
        self._tell(ticket, step, parts)
        self._meet(ticket, step, parts)

    def _tell(self, ticket: int, step: int, parts: int) -> None:
        import ray  # by tests too, but not before they have set its environment

        node = ray.get_runtime_context().get_node_id()
        with (self.folder / f"{ticket}.steps").open("a") as told:
            told.write(f"{step} {node} {os.getpid()} {parts}\n")

    def _meet(self, ticket: int, step: int, parts: int) -> None:
        file = self.folder / f"{ticket}.fate"
        fate = file.read_text() if file.exists() else ""
        if fate == f"kill {step}":
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        if fate == f"hold {step}":
            parent = os.getppid()
            while not (self.folder / "release").exists():
                if os.getppid() != parent:  # its node was taken away, or the test died: it must not take one step more
                    os._exit(1)
                time.sleep(0.02)
        if fate == "always memory" or (fate == "memory" and parts == 1):
            raise MemoryError("told to")


@dataclass(frozen=True)
class Unlearned:
    """What a task must offer beside its jobs, and these do not need."""

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return {}


@dataclass(frozen=True)
class Watched(Unlearned):
    """A depth training."""

    inner: DepthEvaluator
    fates: Fates

    def __call__(self, job: Job) -> Evaluation:
        with patch.object(depth, "train", partial(self._train, job.ticket)):
            return self.inner(job)

    def divided(self) -> "Watched | None":
        inner = self.inner.divided()
        return None if inner is None else replace(self, inner=inner)

    def _train(self, ticket: int, module: Any, images: Any, recipe: Any, **options: Any) -> TrainResult:
        return train(
            module, images, recipe, on_step=lambda step, _: self.fates.step(ticket, step, recipe.parts), **options
        )


@dataclass(frozen=True)
class Counting(Unlearned):
    """What a depth training is to an executor, without PyTorch, which takes a worker longer to load than all else.

    A sum is made step by step and kept every `every` of them, as a training is.
    """

    checkpoints: Checkpoints
    fates: Fates
    every: int
    parts: int = 1

    def __call__(self, job: Job) -> Evaluation:
        url = self.checkpoints.of(job)
        try:
            begun, total = json.loads(read(url))
            notes = (f"training went on after step {begun}",)
        except FileNotFoundError:
            begun, total, notes = 0, 0.0, ()
        for step in range(begun, job.fidelity):
            total = 0.9 * total + 1 / (1 + step)
            self.fates.step(job.ticket, step, self.parts)
            if (step + 1) % self.every == 0:
                write(url, json.dumps([step + 1, total]).encode())
        return Evaluation(metrics={"error": total}, notes=notes)

    def divided(self) -> "Counting":
        return replace(self, parts=2 * self.parts)


@dataclass(frozen=True, slots=True)
class Told:
    step: int
    node: str
    pid: int
    parts: int


def steps(folder: Path, ticket: int) -> list[Told]:
    """What a ticket's trainings have told, in order."""
    file = folder / f"{ticket}.steps"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [Told(int(step), node, int(pid), int(parts)) for step, node, pid, parts in lines]
