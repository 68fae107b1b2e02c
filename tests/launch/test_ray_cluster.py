"""Ray with several nodes and pretended GPUs, on one machine: places, fates and refusals that a laptop's Ray has not.

Ray reads its environment while it is imported, so nothing here imports it before `ray_environment` has been set up.
"""

import json
import secrets
import socket
import sys
import threading
import time
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launch.executors import Terms, make_executor
from nas.plugins import load_file
from nas.record import Executor, Outcome
from tests.launch.clusters import cluster_of
from tests.launch.commands import nas_alone, place_at
from tests.launch.executors.jobs import job, outcomes
from tests.launch.probing import visits
from tests.waiting import FOREVER_S, until

BALLAST_BYTES = 40_000_000
HOUR_S = 3600.0
NUM_SILENT_BEATS = 40.0  # of the others, see listeners.py

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def cluster(ray_environment: Path) -> Iterator[Any]:
    """A head that trains nothing and a node with two CPUs and two GPUs."""
    with cluster_of({"num_cpus": 2, "num_gpus": 2}) as cluster:
        yield cluster


@pytest.fixture
def evaluator(tmp_path: Path) -> Any:
    return load_file(Path(__file__).with_name("probing.py")).Probing(
        folder=tmp_path, ballast=np.zeros(BALLAST_BYTES, dtype=np.uint8)
    )


class Trials:
    """Executors on the cluster, closed at the end of a test. The cluster is joined without the probe, to save time."""

    def __init__(self, address: str, evaluator: Any) -> None:
        self.address = address
        self.evaluator = evaluator

    def executor(self, **terms: Any) -> Executor:
        import ray

        ray.init(address=self.address, log_to_driver=False, logging_level="ERROR")
        return make_executor("ray", self.evaluator, workers=None, address=self.address, terms=Terms(**terms))

    def fate(self, ticket: int | str, fate: str) -> None:
        (self.evaluator.folder / f"{ticket}.fate").write_text(fate)


@pytest.fixture
def trials(cluster: Any, evaluator: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trials]:
    monkeypatch.setattr("launch.executors.ray.START_S", FOREVER_S)
    yield Trials(cluster.address, evaluator)
    import ray

    ray.shutdown()


def run(executor: Executor, *tickets: int) -> dict[int, Outcome]:
    return outcomes(executor, [job(ticket) for ticket in tickets])


def metrics(outcome: Outcome) -> dict[str, float]:
    assert outcome.evaluation is not None, outcome.failure
    return dict(outcome.evaluation.metrics)


# Places ----------------------------------------------------------------------------------------------------------


def test_half_gpus_are_shared_by_two_and_the_data_lie_in_memory_once(trials: Trials) -> None:
    import ray

    executor = trials.executor(gpus=0.5, cpus=0.5)
    assert executor.slots == 4
    for ticket in range(4):
        trials.fate(ticket, "meet 4")
    found = [metrics(outcome) for outcome in run(executor, *range(4)).values()]
    assert len({one["pid"] for one in found}) == 4
    assert sorted(one["gpu"] for one in found) == [0, 0, 1, 1] and {one["num_gpus"] for one in found} == {1}
    assert {one["owns_data"] for one in found} == {0}
    used = ray.cluster_resources()["object_store_memory"] - ray.available_resources()["object_store_memory"]
    assert used < 3 * BALLAST_BYTES  # the driver's copy on the head, and the node's


def test_a_trial_may_have_all_gpus_of_a_node(trials: Trials) -> None:
    executor = trials.executor(gpus=2.0)
    assert executor.slots == 1
    assert metrics(run(executor, 0)[0])["num_gpus"] == 2


def test_a_trial_that_no_node_can_take_is_refused_at_once(trials: Trials) -> None:
    with pytest.raises(ValueError, match="a trial needs 1 CPUs and 3 GPUs on one node") as caught:
        trials.executor(gpus=3.0)
    assert "1 node with 0 CPUs and 0 GPUs" in str(caught.value) and "1 node with 2 CPUs and 2 GPUs" in str(caught.value)


# Fates -----------------------------------------------------------------------------------------------------------


def test_out_of_memory_is_told_apart_and_its_process_ended(trials: Trials) -> None:
    executor = trials.executor(cpus=2.0)
    trials.fate(1, "memory")
    found = run(executor, 0, 1, 2, 3)
    failure = found[1].failure
    assert failure is not None and failure.startswith("out of memory: MemoryError: told to\n")
    assert metrics(found[0])["num_gpus"] == 0  # none was asked for: none is seen
    pids = [metrics(found[ticket])["pid"] for ticket in (0, 2, 3)]
    assert pids[0] != pids[1] == pids[2]


def test_a_first_worker_that_is_lost_as_it_starts_is_replaced(trials: Trials) -> None:
    trials.fate("start", "kill once")
    executor = trials.executor(cpus=2.0)
    assert not (trials.evaluator.folder / "start.fate").exists()
    assert run(executor, 0)[0].failure is None


def test_gpu_workers_are_renewed_after_some_jobs(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launch.executors.ray.RECYCLE_AFTER", 2)
    found = run(trials.executor(gpus=2.0), 0, 1, 2)
    pids = [metrics(found[ticket])["pid"] for ticket in range(3)]
    assert pids[0] == pids[1] != pids[2]


class Clock:
    """In place of `time` where limits are kept: an hour passes when a test says so."""

    ahead_s = 0.0
    sleep = staticmethod(time.sleep)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s


def hangs(executor: Any, folder: Path, attempt: int) -> bool:
    """Whether this attempt at the only job has begun, and the executor knows."""
    assert executor.wait(0.1) == []
    return len(visits(folder)) == attempt and not executor._starting


def test_what_hangs_is_ended_tried_again_and_given_up(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("launch.executors.ray.time", clock)
    executor = trials.executor(cpus=2.0, retries=1, timeout_s=HOUR_S)
    trials.fate(0, "hang")
    executor.submit(job(0))
    ended: list[Outcome] = []
    for attempt in (1, 2):
        until(lambda num=attempt: hangs(executor, trials.evaluator.folder, num), what=f"attempt {attempt}")
        clock.ahead_s += 2 * HOUR_S
        ended = executor.wait(0.0)
    (given_up,) = ended
    assert given_up.failure == "the worker was lost 2 times; last: it was ended after 3600 s"
    assert given_up.duration_s >= HOUR_S and run(executor, 1)[1].failure is None
    assert [ticket for ticket, _ in visits(trials.evaluator.folder)] == [0, 0, 1]


@pytest.mark.parametrize("late", [False, True])
def test_a_worker_that_stands_still_is_noticed_and_its_job_tried_again(
    trials: Trials, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """Even one that stood still before its first beat was heard, because the listener began late."""
    listeners = load_file(Path(__file__).with_name("listeners.py"))
    listener = listeners.LateListener if late else listeners.CountingListener
    monkeypatch.setattr("launch.executors.heartbeat.Listener", listener)
    for name, value in (("BEAT_S", 0.1), ("CHECK_S", 0.5), ("SILENCE_S", NUM_SILENT_BEATS)):
        monkeypatch.setattr(f"launch.executors.heartbeat.{name}", value)
    executor = trials.executor(cpus=1.0, retries=1)
    trials.fate(0, "stop once")
    trials.fate(1, "meet 3")  # goes on for longer than the silence that is allowed
    found = run(executor, 0, 1)
    assert found[0].failure is None and found[1].failure is None
    assert sorted(ticket for ticket, _ in visits(trials.evaluator.folder)) == [0, 0, 1]


def test_an_idle_worker_makes_room_for_one_that_waits_for_what_it_holds(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a node was lost: two workers were thought to fit, one does."""
    monkeypatch.setattr("launch.executors.ray._count", lambda terms: (1, 2))
    monkeypatch.setattr("launch.executors.ray.COUNT_AGAIN_S", 3600.0)
    executor = trials.executor(cpus=2.0)
    for ticket in (0, 1):
        executor.submit(job(ticket))
    (first,) = until(lambda: executor.wait(0.25), what="the end of the first job")
    assert first.job.ticket == 0
    assert [outcome for _ in range(20) for outcome in executor.wait(0.25)] == [], "the other's worker has no room"
    monkeypatch.setattr("launch.executors.ray.COUNT_AGAIN_S", 0.0)
    late = until(lambda: executor.wait(0.5), what="the end of the second job")
    assert [outcome.job.ticket for outcome in late] == [1] and late[0].failure is None


def test_a_node_that_joins_is_used_and_a_lost_job_goes_to_another(
    cluster: Any, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launch.executors.ray.COUNT_AGAIN_S", 0.0)
    executor = trials.executor(cpus=2.0)
    assert executor.slots == 1
    node = cluster.add_node(num_cpus=2)
    cluster.wait_for_nodes(FOREVER_S)
    assert executor.wait(0.0) == [] and executor.slots == 2
    trials.fate(0, "kill once")
    trials.fate(1, "meet 2")
    found = run(executor, 0, 1, 2, 3)
    assert {outcome.failure for outcome in found.values()} == {None}
    first, second = (node for ticket, node in visits(trials.evaluator.folder) if ticket == 0)
    assert first != second
    for ticket in (4, 5):
        trials.fate(ticket, "hold")
        executor.submit(job(ticket))
    while len(visits(trials.evaluator.folder)) < 7:
        assert executor.wait(0.1) == []
    cluster.remove_node(node)
    while executor.slots != 1:
        assert executor.wait(0.1) == []
    (trials.evaluator.folder / "release").touch()
    ended: list[Outcome] = []
    while len(ended) < 2:
        ended += executor.wait(0.5)
    assert {outcome.job.ticket: outcome.failure for outcome in ended} == {4: None, 5: None}


# The command -----------------------------------------------------------------------------------------------------


def test_the_command_searches_on_the_cluster_or_is_refused_before_anything_is_made(
    cluster: Any, tmp_path: Path
) -> None:
    place = place_at(tmp_path)
    on_cluster = ("--executor", "ray", "--address", cluster.address)
    refused = nas_alone(*place.search(*on_cluster, "--gpus-per-trial", "3"))
    assert refused.code == 2 and "a trial needs 1 CPUs and 3 GPUs on one node" in refused.err
    assert not place.run.path.exists() and not (tmp_path / "cache").exists()
    terms = ("--gpus-per-trial", "0.5", "--cpus-per-trial", "0.5", "--memory-per-trial", "50MB")
    care = ("--retries", "1", "--trial-timeout", "5min")
    ended = nas_alone(*place.search(*on_cluster, *terms, *care))
    assert ended.code == 0, ended.err
    assert {trial.state for trial in place.trials()} == {"complete"}
    assert json.loads(place.run.settings_file.read_text())["lag"] == 2 * 4  # twice the cluster's slots


# Refusals --------------------------------------------------------------------------------------------------------


def test_code_that_the_workers_lack_is_named(cluster: Any) -> None:
    module = types.ModuleType("only_here")
    exec("class Evaluator:\n    baselines = {}\n    data_facts = {}\n    def __call__(self, job): ...", module.__dict__)
    sys.modules["only_here"] = module
    trials = Trials(cluster.address, module.Evaluator())
    with pytest.raises(ValueError, match="the cluster's workers lack the Python module 'only_here'; install it"):
        trials.executor()
    del sys.modules["only_here"]


def test_an_evaluator_that_cannot_travel_is_refused(trials: Trials) -> None:
    trials.evaluator = replace(trials.evaluator, ballast=np.array([threading.Lock()]))
    with pytest.raises(
        ValueError, match=r"(?s)the evaluator cannot be sent to workers: .*; keep locks, open files and"
    ):
        trials.executor()


def test_a_worker_that_does_not_start_is_not_waited_for(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launch.executors.ray.START_S", 0.01)
    with pytest.raises(ValueError, match=r"no worker has started within 0.01 s, though the cluster has room for one"):
        trials.executor()


def test_another_token_is_refused_and_the_right_one_joins(
    cluster: Any, ray_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray
    from ray._private.authentication_test_utils import reset_auth_token_state

    from launch.executors.join import join, node_resources

    monkeypatch.setattr("launch.executors.join.PROBE_S", FOREVER_S)
    (tmp_path / "wrong").write_text(secrets.token_hex(32))
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "wrong"))
    with pytest.raises(ConnectionError, match="refuses our token; set RAY_AUTH_MODE=token"):
        join(cluster.address)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(ray_environment))
    reset_auth_token_state()
    join(cluster.address)
    assert sorted(node.get("GPU", 0) for node in node_resources().values()) == [0, 2]
    ray.shutdown()


def test_an_address_where_nothing_listens_is_refused_at_once(ray_environment: Path) -> None:
    from launch.executors.join import join

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port
        address = f"127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"nothing answers at {address} within 5 s .*refused"):
            join(address)


def test_what_answers_but_is_no_ray_is_refused(ray_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from launch.executors.join import join

    monkeypatch.setattr("launch.executors.join.PROBE_S", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ConnectionError, match="answers, but not as the head of a Ray cluster within 3 s"):
            join(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "ray://10.0.0.1:10001", "head:0", "head:70000", "head:", ""])
def test_what_is_no_address_is_refused(ray_environment: Path, address: str) -> None:
    from launch.executors.join import join

    with pytest.raises(ValueError, match=r"an address is HOST:PORT of the cluster's head, such as 10.0.0.1:6379"):
        join(address)


def test_versions_that_differ_are_both_named(ray_environment: Path) -> None:
    import ray
    from ray._private.utils import check_version_info

    from launch.executors.join import refusal

    with pytest.raises(RuntimeError) as caught:
        check_version_info({"ray_version": "2.1.0", "python_version": "3.9.1"}, "node 10.0.0.2:0")
    ours = f"Ray {ray.__version__}, Python {sys.version.split()[0]}"
    assert refusal("head:6379", f"Traceback\nRuntimeError: {caught.value}") == (
        f"the cluster at head:6379 runs Ray 2.1.0, Python 3.9.1, this command {ours}; install the same versions on both"
    )


def test_a_node_without_memory_is_told_apart_from_other_losses(ray_environment: Path) -> None:
    from ray.exceptions import ActorDiedError, OutOfMemoryError

    from launch.executors.worker_failures import of_worker

    assert of_worker(OutOfMemoryError("killed")).startswith("its node ran out of memory and Ray ended it; set more")
    assert of_worker(ActorDiedError()) == f"ActorDiedError: {ActorDiedError()}"


def test_other_refusals_keep_their_last_line(ray_environment: Path) -> None:
    from launch.executors.join import refusal

    assert "cannot be joined: RuntimeError: no room; the command" in refusal(
        "h:1", "Traceback\nRuntimeError: no room\n"
    )
    assert "no reason was given" in refusal("h:1", "")
    assert "--address auto found no Ray" in refusal("auto", "ConnectionError: Could not find any running Ray instance.")
