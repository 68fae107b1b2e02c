"""Jobs for executors, evaluators that return what they were made with, and what every executor promises of failures."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from launch.executors.serial import SerialExecutor
from nas.record import Evaluation, Evaluator, Executor, Job, Outcome
from tests.experiments.tiny import Orders, error_of


def job(ticket: int) -> Job:
    architecture = tuple(np.random.default_rng(ticket).integers(0, 4, 6).tolist())
    return Job(phase="search", ticket=ticket, architecture=architecture, fidelity=1, seed=0)


def outcomes(executor: Executor, jobs: list[Job]) -> dict[int, Outcome]:
    """Run jobs to their end, as many at once as there are slots."""
    waiting, found, num_running = list(jobs), dict[int, Outcome](), 0
    while waiting or num_running:
        while waiting and num_running < executor.slots:
            executor.submit(waiting.pop(0))
            num_running += 1
        for outcome in executor.wait(0.5):
            assert outcome.job.ticket not in found, "a job ended twice"
            found[outcome.job.ticket] = outcome
            num_running -= 1
    return found


def check_that_failures_are_outcomes(executor: Executor, orders: Path) -> None:
    Orders(fail=("search-1",), diverge=("search-2",)).write(orders)
    found = outcomes(executor, [job(ticket) for ticket in range(5)])
    assert sorted(found) == [0, 1, 2, 3, 4]
    for ticket in (0, 3, 4):
        evaluation = found[ticket].evaluation
        assert evaluation is not None and found[ticket].failure is None
        assert evaluation.metrics == {"error": error_of(job(ticket).architecture)}
        assert found[ticket].duration_s > 0
    assert found[1].evaluation is None and found[2].evaluation is None
    failed, diverged = found[1].failure, found[2].failure
    assert failed is not None and failed.startswith("RuntimeError: search-1 fails as it was told\n")
    assert "in _obey" in failed
    assert diverged is not None
    assert diverged.startswith("ValueError: metrics must be finite numbers, got {'error': nan}; training has probably")


@dataclass(frozen=True)
class Returning:
    metrics: Mapping[str, object]

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        return {}

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        return {}

    def __call__(self, job: Job) -> Evaluation:
        evaluation = Evaluation(metrics={})
        object.__setattr__(evaluation, "metrics", self.metrics)  # a user's evaluator is not type-checked
        return evaluation


def run_serially(evaluator: Evaluator) -> Outcome:
    executor = SerialExecutor(evaluator)
    executor.submit(job(0))
    (outcome,) = executor.wait(0.0)
    assert executor.wait(0.0) == []
    return outcome
