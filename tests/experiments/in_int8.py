"""The tiny search, of which finals can be measured in int8: there the best in float32 is the worst."""

from dataclasses import dataclass, replace

from launch.experiment import Experiment, Workplace
from nas.record import Evaluation, Job
from tests.experiments import tiny


@dataclass(frozen=True, slots=True, kw_only=True)
class InInt8(tiny.AroundFormula):
    steps: int | None = None

    def quantising(self, steps: int) -> "InInt8":
        return replace(self, steps=steps)

    def __call__(self, job: Job) -> Evaluation:
        found = self.formula(job)
        if job.phase == "search" or self.steps is None:
            return found
        return replace(found, metrics={**found.metrics, "error_int8": self.steps - found.metrics["error"]})


def experiment() -> Experiment:
    return replace(tiny.experiment(), name="in_int8", make_evaluator=make_evaluator)


def make_evaluator(place: Workplace) -> InInt8:
    return InInt8(formula=tiny.make_evaluator(place))
