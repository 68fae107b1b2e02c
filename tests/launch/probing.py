"""An evaluator that tells where it runs, and meets the fate that a test has written for it.

Tests load this file by its path: workers cannot import it, so it travels by value, as a user's own file does.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.record import Evaluation, Job


@dataclass(frozen=True)
class Probing:
    """`folder` holds a file "TICKET.fate" for a job that is to fare badly, and gets a line in "visits" per attempt.

    Fates: "memory" runs out of it; "hang" does not end; "kill once" ends the worker the first time, "stop once" makes
    it stand still; "meet N" waits until N attempts have begun; "hold" waits for a file "release". A file "start.fate"
    ends the first worker that is given the evaluator, before it can say hello.
    """

    folder: Path
    ballast: np.ndarray

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        file = self.folder / "start.fate"
        if file.exists():
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return {}

    def __call__(self, job: Job) -> Evaluation:
        import ray  # by tests too, but not before they have set its environment

        context = ray.get_runtime_context()
        gpus = [int(text) for text in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if text]
        with (self.folder / "visits").open("a") as visits:
            visits.write(f"{job.ticket} {context.get_node_id()}\n")
        self._meet_fate(job)
        owns_data = float(self.ballast.flags.owndata or self.ballast.flags.writeable)
        return Evaluation(
            metrics={"error": 0.0, "pid": os.getpid(), "num_gpus": len(gpus), "gpu": sum(gpus), "owns_data": owns_data}
        )

    def _meet_fate(self, job: Job) -> None:
        file = self.folder / f"{job.ticket}.fate"
        fate = file.read_text() if file.exists() else ""
        if fate == "memory":
            raise MemoryError("told to")
        if fate == "hang":
            _wait_until(lambda: False)
        if fate in {"kill once", "stop once"}:
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL if fate == "kill once" else signal.SIGSTOP)
        if fate.startswith("meet "):
            _wait_until(lambda: len(visits(self.folder)) >= int(fate.removeprefix("meet ")))
        if fate == "hold":
            _wait_until((self.folder / "release").exists)


def visits(folder: Path) -> list[tuple[int, str]]:
    """Ticket and node of every attempt, in order."""
    file = folder / "visits"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(ticket), node) for ticket, node in (line.split() for line in lines)]


def _wait_until(happened: Callable[[], bool]) -> None:
    parent = os.getppid()  # a test that dies must not leave a process behind
    while not happened() and os.getppid() == parent:
        time.sleep(0.02)
