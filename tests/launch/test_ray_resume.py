"""A training that is cut short goes on from its checkpoint on another node; one that lacks memory, in smaller parts.

Ray reads its environment while it is imported, so nothing here imports it before `ray_environment` has been set up.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from launch.executors import Terms, make_executor
from launch.executors._shared import DIVIDED
from nas.plugins import load_file
from nas.record import Executor, Job, Outcome
from nas.record.checkpoints import Checkpoints
from tests.launch.clusters import cluster_of
from tests.launch.executors.jobs import outcomes
from tests.launch.watched import Told, steps
from tests.nas.evaluators.test_depth import job as depth_job
from tests.nas.evaluators.test_depth import make_evaluator
from tests.waiting import FOREVER_S, until

NUM_STEPS = 30
EVERY = 5

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def cluster(ray_environment: Path) -> Iterator[Any]:
    """A head that trains nothing and two nodes with a CPU each."""
    with cluster_of({"num_cpus": 1}, {"num_cpus": 1}) as cluster:
        yield cluster


def watched() -> Any:
    return load_file(Path(__file__).with_name("watched.py"))


@dataclass(frozen=True)
class Bench:
    """A folder for fates and steps, and executors on the cluster, joined without the probe to save time."""

    folder: Path
    address: str

    def training(self, devices: tuple[str, ...] = ("cpu",), **terms: Any) -> Executor:
        """For a depth training, with PyTorch."""
        inner = replace(make_evaluator(self.checkpoints), checkpoint_every=EVERY, devices=devices)
        return self._executor(watched().Watched(inner=inner, fates=self._fates), self.checkpoints, terms)

    def counting(self, checkpoints: Checkpoints | None = None, **terms: Any) -> Executor:
        """For what only counts its steps."""
        place = checkpoints or self.checkpoints
        return self._executor(watched().Counting(checkpoints=place, fates=self._fates, every=EVERY), place, terms)

    def _executor(self, evaluator: Any, place: Checkpoints, terms: Mapping[str, Any]) -> Executor:
        import ray

        ray.init(address=self.address, log_to_driver=False, logging_level="ERROR")
        return make_executor(
            "ray", evaluator, workers=None, address=self.address, terms=Terms(**terms), checkpoints=place
        )

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(url=f"file://{self.folder}/checkpoints")

    @property
    def _fates(self) -> Any:
        return watched().Fates(folder=self.folder)

    def fate(self, ticket: int, fate: str) -> None:
        (self.folder / f"{ticket}.fate").write_text(fate)

    def steps(self, ticket: int) -> list[Told]:
        return steps(self.folder, ticket)


@pytest.fixture
def bench(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name, value in (("ELSEWHERE_S", math.inf), ("START_S", FOREVER_S)):  # a busy machine starts one when it can
        monkeypatch.setattr(f"launch.executors.ray.{name}", value)
    yield Bench(folder=tmp_path, address=cluster.address)
    import ray

    ray.shutdown()


def job(ticket: int) -> Job:
    """All jobs train the same: what they give can be compared."""
    return replace(depth_job(ticket=ticket), fidelity=NUM_STEPS)


def metrics(outcome: Outcome) -> dict[str, float]:
    assert outcome.evaluation is not None, outcome.failure
    return dict(outcome.evaluation.metrics)


def notes(outcome: Outcome) -> tuple[str, ...]:
    assert outcome.evaluation is not None, outcome.failure
    return outcome.evaluation.notes


def test_a_training_whose_worker_is_killed_goes_on_elsewhere_and_gives_the_same(bench: Bench) -> None:
    executor = bench.training()
    bench.fate(0, "kill 17")
    found = outcomes(executor, [job(0), job(1)])
    assert metrics(found[0]) == metrics(found[1])
    assert notes(found[0]) == ("training went on after step 15",) and notes(found[1]) == ()
    told = bench.steps(0)
    assert [one.step for one in told] == [*range(18), *range(15, NUM_STEPS)]
    assert len(told) <= NUM_STEPS + EVERY
    assert told[0].node != told[-1].node
    assert [one.step for one in bench.steps(1)] == list(range(NUM_STEPS))


def test_a_training_whose_node_is_taken_away_goes_on_elsewhere_and_gives_the_same(
    cluster: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launch.executors.ray.ELSEWHERE_S", 0.0)
    executor = bench.counting()
    bench.fate(0, "hold 12")
    executor.submit(job(0))
    while len(bench.steps(0)) < 13:
        assert executor.wait(0.1) == []
    lost = next(node for node in cluster.worker_nodes if node.node_id == bench.steps(0)[-1].node)
    cluster.remove_node(lost, allow_graceful=False)
    bench.fate(0, "")
    cluster.add_node(num_cpus=1)
    ended = until(lambda: executor.wait(0.5), what="the end of what was lost", signs=lambda: bench.steps(0))
    assert notes(ended[0]) == ("training went on after step 10",)
    assert [one.step for one in bench.steps(0)] == [*range(13), *range(10, NUM_STEPS)]
    assert metrics(ended[0]) == metrics(outcomes(executor, [job(1)])[1])


def test_out_of_memory_is_tried_once_more_in_parts_by_a_fresh_process(bench: Bench) -> None:
    executor = bench.counting()
    bench.fate(0, "memory")
    bench.fate(1, "always memory")
    found = outcomes(executor, [job(0), job(1), job(2)])
    assert notes(found[0]) == (DIVIDED,) and notes(found[2]) == ()
    first, *others = bench.steps(0)
    assert first.parts == 1 and {one.parts for one in others} == {2} and len(others) == NUM_STEPS
    assert first.pid not in {one.pid for one in others}
    failure = found[1].failure
    assert failure is not None and failure.startswith("out of memory: MemoryError: told to\n")
    assert failure.endswith(DIVIDED) and [one.parts for one in bench.steps(1)] == [1, 2]
    assert len({one.pid for one in bench.steps(1)}) == 2


def test_a_node_without_memory_loses_a_trial_like_any_other_and_at_last_it_is_divided(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from launch.executors.worker_failures import NODE_OUT_OF_MEMORY

    monkeypatch.setattr("launch.executors.ray.ELSEWHERE_S", 0.0)
    monkeypatch.setattr("launch.executors.ray.of_worker", lambda error: NODE_OUT_OF_MEMORY)
    executor = bench.counting(retries=0)
    bench.fate(0, "kill 3")
    found = outcomes(executor, [job(0), job(1)])
    assert notes(found[0]) == (DIVIDED,) and notes(found[1]) == ()
    assert [one.parts for one in bench.steps(0)] == [1] * 4 + [2] * NUM_STEPS


def test_a_worker_with_several_devices_trains_on_all_of_them(bench: Bench) -> None:
    found = outcomes(bench.training(devices=("cpu", "cpu")), [job(0)])
    assert notes(found[0]) == ("trained on 2 devices: batch norm saw parts, not batches",)


def test_a_place_that_workers_do_not_see_is_refused_before_anything_is_trained(bench: Bench) -> None:
    with pytest.raises(
        ValueError, match=r"where every node sees them, and .*memory://own is not seen by a worker; give"
    ):
        bench.counting(Checkpoints(url="memory://own"))
