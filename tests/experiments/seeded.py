"""The tiny search, whose trainings differ by their seeds: by as much as a limit on the error asks for."""

from dataclasses import dataclass, replace

import numpy as np

from launch.experiment import Experiment, Workplace
from nas.record import Evaluation, Job
from tests.experiments import tiny

NOISE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded(tiny.AroundFormula):
    def __call__(self, job: Job) -> Evaluation:
        found = self.formula(job)
        return replace(found, metrics={"error": found.metrics["error"] + noise_of(job)})


def noise_of(job: Job) -> float:
    return float(NOISE * np.random.default_rng((*job.architecture, job.seed)).normal())


def experiment() -> Experiment:
    return replace(tiny.experiment(), name="seeded", make_evaluator=make_evaluator)


def make_evaluator(place: Workplace) -> Seeded:
    return Seeded(formula=tiny.make_evaluator(place))
