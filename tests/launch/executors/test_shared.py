"""What executors make of an evaluation: plain numbers, or a failure with its reason; of no memory a second attempt."""

import math
import sys
from asyncio import CancelledError
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest

from launch.executors._shared import DIVIDED, is_out_of_memory
from launch.executors.serial import SerialExecutor
from launch.executors.simulated import SimulatedExecutor
from nas.record import Evaluation, Executor, Job
from tests.launch.executors.jobs import Returning, job, outcomes, run_serially


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(1), np.array(0.5), Fraction(1, 3), 1, 1e30])
def test_any_number_becomes_a_plain_float(value: object) -> None:
    executor = SerialExecutor(Returning({"error": value}))
    executor.submit(job(0))
    (outcome,) = executor.wait(0.0)
    assert outcome.evaluation is not None
    assert type(outcome.evaluation.metrics["error"]) is float


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.inf, "finite numbers, got {'error': inf}"),
        (-math.inf, "finite numbers, got {'error': -inf}"),
        (np.float32("nan"), "finite numbers, got {'error': nan}"),
        pytest.param(10**5000, "finite numbers, got {'error': inf}", id="longer than Python prints"),
        (1e160, r"within +-1e+30, got {'error': 1e+160}"),
        (-1e300, r"within +-1e+30, got {'error': -1e+300}"),
        ("0.5", "numbers, got {'error': '0.5'}"),
        (True, "numbers, got {'error': True}"),
        (np.bool_(False), "numbers, got {'error': np.False_}"),
        (1j, "numbers, got {'error': 1j}"),
        (None, "numbers, got {'error': None}"),
        ([1.0], "numbers, got {'error': [1.0]}"),
    ],
)
def test_what_can_be_no_metric_is_a_failure(value: object, reason: str) -> None:
    outcome = run_serially(Returning({"error": value}))
    assert outcome.evaluation is None and outcome.failure is not None
    assert outcome.failure.startswith(f"ValueError: metrics must be {reason}; ")


@pytest.mark.parametrize("metrics", [None, [0.5], {1: 0.5}])
def test_metrics_without_names_are_a_failure(metrics: Any) -> None:
    failure = run_serially(Returning(metrics)).failure
    assert failure is not None and failure.startswith("ValueError: metrics must be numbers by name, got ")


@dataclass(frozen=True)
class Giving(Returning):
    """Returns whatever it was made with."""

    given: object = None

    def __call__(self, job: Job) -> Any:
        return self.given


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"error": 0.5}, "an evaluator must return an Evaluation, got dict"),
        (None, "an evaluator must return an Evaluation, got NoneType"),
        (Evaluation(metrics={"error": 0.5}, notes=cast(Any, "one sentence")), "an Evaluation's notes must be a tuple"),
        (Evaluation(metrics={"error": 0.5}, artifacts=cast(Any, {"pt": "text"})), "artifacts must be bytes by a file"),
        (Evaluation(metrics={"error": 0.5}, artifacts={"../pt": b""}), "artifacts must be bytes by a file ending"),
    ],
)
def test_what_is_no_evaluation_is_a_failure(given: object, reason: str) -> None:
    failure = run_serially(Giving({}, given)).failure
    assert failure is not None and failure.startswith(f"TypeError: {reason}")


class Quitting(Returning):
    """Ends as Python code may end that is no exception of the usual kind."""

    def __call__(self, job: Job) -> Evaluation:
        if job.ticket < 2:
            sys.exit(job.ticket)
        raise (GeneratorExit, CancelledError)[job.ticket - 2]("not the usual kind")


def check_that_exits_are_outcomes(executor: Executor) -> None:
    found = outcomes(executor, [job(ticket) for ticket in range(4)])
    reasons = [str(found[ticket].failure).splitlines()[0] for ticket in range(4)]
    assert reasons == [
        "SystemExit: 0; an evaluator must return or raise, leave sys.exit() out of it",
        "SystemExit: 1; an evaluator must return or raise, leave sys.exit() out of it",
        "GeneratorExit: not the usual kind",
        "CancelledError: not the usual kind",
    ]


def test_an_exit_in_an_evaluator_is_its_trials_failure() -> None:
    check_that_exits_are_outcomes(SerialExecutor(Quitting({})))
    check_that_exits_are_outcomes(SimulatedExecutor(Quitting({}), slots=2, duration_s=lambda job, rng: 1.0))


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError("no room"), True),
        (OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"), True),
        (RuntimeError("out of luck"), False),
    ],
)
def test_out_of_memory_is_told_apart(error: Exception, is_memory: bool) -> None:
    class Failing(Returning):
        def __call__(self, job: Job) -> Evaluation:
            raise error

    executor = SerialExecutor(Failing({}))
    executor.submit(job(0))
    (outcome,) = executor.wait(0.0)
    assert outcome.failure is not None
    begin = "out of memory: " if is_memory else ""
    assert outcome.failure.startswith(f"{begin}{type(error).__name__}: {error}\n")


@dataclass(frozen=True)
class Hungry(Returning):
    """Runs out of memory; with divided batches only if `always`."""

    parts: int = 1
    always: bool = False

    def __call__(self, job: Job) -> Evaluation:
        if self.parts == 1:
            raise MemoryError("whole batches")
        if self.always:
            raise MemoryError("halves")
        return Evaluation(metrics={"error": 0.5}, notes=("its own note",))

    def divided(self) -> "Hungry | None":
        return replace(self, parts=2)


def test_what_ran_out_of_memory_is_tried_once_more_with_divided_batches() -> None:
    evaluation = run_serially(Hungry({})).evaluation
    assert evaluation is not None and evaluation.metrics == {"error": 0.5}
    assert evaluation.notes == (DIVIDED, "its own note")


def test_what_runs_out_of_memory_again_has_failed() -> None:
    failure = run_serially(Hungry({}, always=True)).failure
    assert failure is not None and failure.startswith("out of memory: MemoryError: halves\n")
    assert failure.endswith(f"\nIt was the attempt after this: {DIVIDED}")


def test_what_cannot_be_divided_any_further_has_failed() -> None:
    class Indivisible(Hungry):
        def divided(self) -> None:
            return None

    failure = run_serially(Indivisible({})).failure
    assert failure is not None and failure.startswith("out of memory: MemoryError: whole batches\n")
    assert DIVIDED not in failure


def test_torch_calls_it_so() -> None:
    import torch

    assert is_out_of_memory(torch.OutOfMemoryError("a GPU's")) and torch.OutOfMemoryError.__name__ == "OutOfMemoryError"
