"""One trial at a time in this process."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from launch.executors.make import make_executor
from launch.executors.serial import SerialExecutor
from nas.record import Evaluation, Job
from tests.experiments.tiny import Formula, Orders, trained
from tests.launch.executors.jobs import Returning, check_that_failures_are_outcomes, job, run_serially


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return tmp_path / "orders"


def test_serial_failures_are_outcomes(orders: Path) -> None:
    check_that_failures_are_outcomes(SerialExecutor(Formula(orders=orders)), orders)


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


def test_an_interrupt_is_the_users() -> None:
    class Interrupted(Returning):
        def __call__(self, job: Job) -> Evaluation:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_serially(Interrupted({}))


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
