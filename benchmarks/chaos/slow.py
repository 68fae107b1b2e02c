"""The tests' tiny search, with trials that take a while and leave a line in a log when they begin and when they end.

    nas search benchmarks/chaos/slow.py --out RUN --data FOLDER

FOLDER holds a file "seconds" with the shortest and the longest time of a trial, and gets the log. How long a trial
takes is drawn by its architecture.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from launch.experiment import Experiment, Workplace
from nas.record import Evaluation, Evaluator, Job
from tests.experiments import tiny


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the log: a trial "begins" or "ends" in a process."""

    what: str
    name: str
    process: int


def prepare(folder: Path, shortest_s: float, longest_s: float) -> None:
    """Make the folder for `--data`."""
    folder.mkdir(parents=True)
    (folder / "log").touch()
    (folder / "seconds").write_text(f"{shortest_s} {longest_s}")


def entries(folder: Path) -> Sequence[Entry]:
    """What has happened so far, in order."""
    lines = (folder / "log").read_text().splitlines()
    return [Entry(what=what, name=name, process=int(process)) for what, name, process in map(str.split, lines)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """An evaluator that sleeps, asks another one, and keeps the log."""

    evaluator: Evaluator
    log: Path
    seconds: tuple[float, float]

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return self.evaluator.baselines

    def __call__(self, job: Job) -> Evaluation:
        self._note("begins", job)
        time.sleep(np.random.default_rng(job.architecture).uniform(*self.seconds))
        evaluation = self.evaluator(job)
        self._note("ends", job)
        return evaluation

    def _note(self, what: str, job: Job) -> None:
        with self.log.open("ab", buffering=0) as log:  # one write to the file's end: lines of two workers do not mix
            log.write(f"{what} {job.name} {os.getpid()}\n".encode())


def experiment() -> Experiment:
    return replace(tiny.experiment(), name="slow", make_evaluator=make_evaluator)


def make_evaluator(place: Workplace) -> Slow:
    if place.data is None:
        raise ValueError("this experiment keeps a log; name the folder that `prepare` has made with --data")
    shortest_s, longest_s = map(float, (place.data / "seconds").read_text().split())
    return Slow(evaluator=tiny.Formula(orders=None), log=place.data / "log", seconds=(shortest_s, longest_s))
