"""A depth training that tells each of its steps, and meets the fate that a test has written for it.

Tests load this file by its path: workers cannot import it, so it travels by value, as a user's own file does.
"""

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


@dataclass(frozen=True)
class Watched:
    """Writes a line "STEP NODE PID PARTS" to "TICKET.steps" in `folder` before each step's end.

    Fates, in a file "TICKET.fate": "kill N" ends the worker at step N the first time, "hold N" waits there for a file
    "release", "memory" runs out of it with whole batches, "always memory" also with divided ones.
    """

    inner: DepthEvaluator
    folder: Path

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return {}

    def __call__(self, job: Job) -> Evaluation:
        with patch.object(depth, "train", partial(self._train, job.ticket)):
            return self.inner(job)

    def divided(self) -> "Watched | None":
        inner = self.inner.divided()
        return None if inner is None else replace(self, inner=inner)

    def _train(self, ticket: int, module: Any, images: Any, recipe: Any, **options: Any) -> TrainResult:
        def on_step(step: int, loss: float) -> None:
            self._tell(ticket, step, recipe.parts)
            self._meet_fate(ticket, step, recipe.parts)

        return train(module, images, recipe, on_step=on_step, **options)

    def _tell(self, ticket: int, step: int, parts: int) -> None:
        import ray  # by tests too, but not before they have set its environment

        node = ray.get_runtime_context().get_node_id()
        with (self.folder / f"{ticket}.steps").open("a") as told:
            told.write(f"{step} {node} {os.getpid()} {parts}\n")

    def _meet_fate(self, ticket: int, step: int, parts: int) -> None:
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
