"""What every executor promises: each job ends once, a failure is an outcome, and a lost worker costs a retry."""

import math
import os
import shutil
import sys
from asyncio import CancelledError
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from launch.executors._shared import DIVIDED, is_out_of_memory
from launch.executors.make import make_executor
from launch.executors.serial import SerialExecutor
from launch.executors.simulated import SimulatedExecutor
from nas.plugins import load_file
from nas.record import Evaluation, Evaluator, Executor, Job, Outcome
from tests.experiments import tiny
from tests.experiments.tiny import Formula, Orders, error_of, trained


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


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return tmp_path / "orders"


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


def test_serial_failures_are_outcomes(orders: Path) -> None:
    check_that_failures_are_outcomes(SerialExecutor(Formula(orders=orders)), orders)


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


def test_an_interrupt_is_the_users() -> None:
    class Interrupted(Returning):
        def __call__(self, job: Job) -> Evaluation:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_serially(Interrupted({}))


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


def run_serially(evaluator: Evaluator) -> Outcome:
    executor = SerialExecutor(evaluator)
    executor.submit(job(0))
    (outcome,) = executor.wait(0.0)
    assert executor.wait(0.0) == []
    return outcome


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


def test_a_failure_keeps_the_end_of_its_traceback() -> None:
    class Deep:
        baselines: Mapping[str, Mapping[str, float]] = {}
        data_facts: Mapping[str, str | int] = {}

        def __call__(self, job: Job) -> Evaluation:
            return self.descend(30)

        def descend(self, depth: int) -> Evaluation:
            if depth == 0:
                raise KeyError("at the bottom")
            return self.descend(depth - 1)

    executor = SerialExecutor(Deep())
    executor.submit(job(0))
    (outcome,) = executor.wait(0.0)
    assert outcome.failure is not None
    assert outcome.failure.splitlines()[-1] == "KeyError: 'at the bottom'" and len(outcome.failure.splitlines()) <= 7


def test_serial_runs_in_order_and_closing_forgets_what_waits(orders: Path) -> None:
    Orders().write(orders)
    executor = SerialExecutor(Formula(orders=orders))
    for ticket in range(3):
        executor.submit(job(ticket))
    assert trained(orders) == []
    executor.wait(0.0)
    assert trained(orders) == ["search-0"]
    executor.close()
    assert executor.wait(0.0) == [] and trained(orders) == ["search-0"]


def test_serial_refuses_what_it_cannot_do() -> None:
    for workers, address in ((2, None), (None, "10.0.0.1:6379")):
        with pytest.raises(ValueError, match="one trial at a time in this process; leave out --address and --workers"):
            make_executor("serial", Formula(orders=None), workers=workers, address=address)
    assert make_executor("serial", Formula(orders=None), workers=1, address=None).slots == 1


# Ray -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own for Ray's token."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        for name in [name for name in os.environ if name.startswith("RAY_")]:
            patch.delenv(name)
        yield home


@pytest.fixture(scope="module")
def ray_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ray")


@pytest.fixture(scope="module")
def ray_executor(home: Path, ray_folder: Path) -> Iterator[Executor]:
    """One Ray for all tests; its evaluator comes from a file that workers cannot import."""
    file = ray_folder / "mine.py"
    file.write_text(Path(tiny.__file__).read_text())
    evaluator = load_file(file).Formula(orders=ray_folder / "orders")
    executor = make_executor("ray", evaluator, workers=2, address=None)
    yield executor
    executor.close()


@pytest.fixture
def ray_and_orders(ray_executor: Executor, ray_folder: Path) -> tuple[Executor, Path]:
    orders = ray_folder / "orders"
    shutil.rmtree(orders, ignore_errors=True)
    return ray_executor, orders


@pytest.mark.ray
def test_ray_failures_are_outcomes(ray_and_orders: tuple[Executor, Path]) -> None:
    check_that_failures_are_outcomes(*ray_and_orders)


@pytest.mark.ray
def test_ray_takes_an_exit_for_a_failure_and_keeps_its_worker(ray_and_orders: tuple[Executor, Path]) -> None:
    executor, orders = ray_and_orders
    Orders(exit=("search-0", "search-2")).write(orders)
    found = outcomes(executor, [job(ticket) for ticket in range(4)])
    for ticket in (0, 2):
        assert str(found[ticket].failure).startswith("SystemExit: 0; an evaluator must return or raise")
    assert found[1].failure is None and found[3].failure is None
    assert sorted(trained(orders)) == [f"search-{ticket}" for ticket in range(4)]


@pytest.mark.ray
def test_ray_runs_as_many_jobs_at_once_as_it_has_slots(ray_and_orders: tuple[Executor, Path]) -> None:
    executor, orders = ray_and_orders
    assert executor.slots == 2
    Orders(hold=("search-0", "search-1")).write(orders)
    executor.submit(job(0))
    executor.submit(job(1))
    while len(trained(orders)) < 2:  # each of them waits for the other to begin
        assert executor.wait(0.1) == []
    (orders / "release").touch()
    found: list[Outcome] = []
    while len(found) < 2:
        found += executor.wait(0.5)
    assert {outcome.job.ticket for outcome in found} == {0, 1}


@pytest.mark.ray
def test_ray_tries_a_job_again_whose_worker_was_killed(ray_and_orders: tuple[Executor, Path]) -> None:
    executor, orders = ray_and_orders
    Orders(kill_once=("search-1", "search-3")).write(orders)
    found = outcomes(executor, [job(ticket) for ticket in range(5)])
    assert {ticket: outcome.failure for ticket, outcome in found.items()} == dict.fromkeys(range(5))
    assert sorted(trained(orders)) == sorted([f"search-{ticket}" for ticket in range(5)] + ["search-1", "search-3"])


@pytest.mark.ray
def test_ray_gives_a_job_up_that_kills_every_worker(ray_and_orders: tuple[Executor, Path]) -> None:
    executor, orders = ray_and_orders
    Orders(kill=("search-0",)).write(orders)
    found = outcomes(executor, [job(ticket) for ticket in range(3)])
    assert found[0].evaluation is None and found[0].failure is not None
    assert found[0].failure.startswith("the worker was lost 3 times; last: ")
    assert found[1].failure is None and found[2].failure is None
    assert trained(orders).count("search-0") == 3


@pytest.mark.ray
def test_ray_keeps_to_this_machine_and_asks_for_a_token(ray_executor: Executor, home: Path) -> None:
    import ray

    assert ray.get_runtime_context().gcs_address.startswith("127.0.0.1:")
    assert (home / ".ray" / "auth_token").exists()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
