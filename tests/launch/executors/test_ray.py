"""Ray: each job ends once, a failure is an outcome, and a lost worker costs a retry."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.executors.make import make_executor
from nas.plugins import load_file
from nas.record import Executor, Outcome
from tests.experiments import tiny
from tests.experiments.tiny import Orders, trained
from tests.launch.executors.jobs import check_that_failures_are_outcomes, job, outcomes


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
