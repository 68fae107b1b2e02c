"""The tiny experiment as another task than depth: marks in percent, of pupils, with a card, test marks and pictures."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from launch.experiment import Experiment, Workplace
from nas.record import Evaluation, Job, Metric, Pictures, TaskCard, View
from tests.experiments import tiny

CARD = TaskCard(
    metrics=(
        Metric(name="passed", unit="%", better="higher"),
        Metric(name="failed", unit="%", better="lower"),
    ),
    samples="pupils",
    input='grey levels in [0, 1], the "ink"',
    output="one logit for each mark",
    pictures=Pictures(
        text="A pupil's sheet beside the answer that was wanted.",
        views=(View(name="sheet", alt="The sheet of pupil"), View(name="answer", alt="The answer wanted of pupil")),
        metrics=("marks",),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    inner: tiny.Formula

    @property
    def card(self) -> TaskCard:
        return CARD

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {"pupils": 30}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return {"guess": {"failed": 90.0, "test_failed": 91.0}}

    def __call__(self, job: Job) -> Evaluation:
        found = self.inner(job)
        failed = 100 * found.metrics["error"]
        metrics = {"failed": failed, "passed": 100 - failed, "seen": 30.0}
        if job.phase == "search":
            return Evaluation(metrics=metrics)
        tested = {"test_seen": 30.0, "test_failed": failed + 1, "test_passed": 99 - failed}
        return Evaluation(metrics=metrics | tested, artifacts={**found.artifacts, "npz": _pictures()})


def _pictures() -> bytes:
    content = io.BytesIO()
    np.savez(
        content, sheet=np.zeros((2, 4, 4, 3), np.uint8), answer=np.ones((2, 4, 4), np.uint8), marks=np.array([2.5, 6])
    )
    return content.getvalue()


def experiment() -> Experiment:
    return replace(tiny.experiment(), name="graded", make_evaluator=_make_evaluator, objective="failed")


def upside_down() -> Experiment:
    """Would look for the worst."""
    return replace(experiment(), objective="passed")


def _make_evaluator(place: Workplace) -> Graded:
    return Graded(inner=tiny.make_evaluator(place))
