"""Runs jobs on a Ray cluster, or on a Ray of its own on this machine.

One actor per slot keeps the evaluator and takes one job at a time. Actors and not tasks: Ray starts a new process for
every GPU task. The evaluator, data set included, is put into Ray's object store once; a node holds one copy in shared
memory, from which its workers read.

A worker that dies, stands still (`beats`) or takes longer than the terms allow is replaced and its job tried again, on
another node where there is one; after `terms.retries` the job has failed, which is data. Slots are counted anew while
the search runs: a node that joins is used, one that leaves is missed no longer than its jobs. A job that ran out of
memory is tried once more in a process of its own, with divided batches, if its evaluator can; see `_shared`.
"""

import time
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError

from launch.executors._shared import OUT_OF_MEMORY, divided, is_starved, lost, of_divided
from launch.executors.heartbeat import SILENCE_S, Pulse
from launch.executors.join import join, node_resources
from launch.executors.parcel import put
from launch.executors.trial_resources import Terms
from launch.executors.worker import NO_GPU, Worker
from launch.executors.worker_failures import NODE_OUT_OF_MEMORY, of_start, of_worker
from nas.processes import KEEP_HEAP
from nas.record import Evaluator, Job, Outcome
from nas.record.checkpoints import Checkpoints, remove

START_S = 180.0  # for the first worker: a torch import on a busy machine, a container's first start
START_ATTEMPTS = 3
COUNT_AGAIN_S = 10.0  # between two counts of the cluster's slots
ELSEWHERE_S = 60.0  # that a lost job waits for a worker on another node before it goes where it was lost
RECYCLE_AFTER = 50  # jobs of a GPU worker: a process that ends gives back what fragments and leaks hold


@dataclass(slots=True, eq=False)
class _WorkerHandle:
    """A worker as the driver knows it; `node` is None until it has said hello."""

    actor: Any
    name: str
    node: str | None = None
    num_jobs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """An attempt at a job, counted from 1. `avoid`: nodes where earlier ones were lost; `since`: when it was queued.

    `divided`: memory ran out, and the batches are divided.
    """

    job: Job
    number: int = 1
    avoid: frozenset[str] = frozenset()
    since: float = field(default_factory=time.monotonic)
    divided: bool = False


@dataclass(slots=True, eq=False)
class _Running:
    attempt: _Attempt
    worker: _WorkerHandle
    began: float | None  # None until the worker has started

    def seconds(self) -> float:
        return 0.0 if self.began is None else time.monotonic() - self.began


class RayExecutor:
    """As many slots as the cluster has for these terms, but no more than `workers`.

    Args:
      address: of a running cluster; None starts Ray on this machine, bound to loopback, and stops it at the end.
      checkpoints: where the evaluator keeps its trainings, None if it does not.

    Raises:
      ConnectionError: the cluster cannot be joined.
      ValueError: the cluster has no slot for one trial, or its workers cannot start or do not see `checkpoints`.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        *,
        workers: int | None,
        address: str | None,
        terms: Terms,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        join(address)
        self._terms = terms
        self._divisible = divided(evaluator) is not None
        self._most = workers
        self._queue: deque[_Attempt] = deque()
        self._idle: list[_WorkerHandle] = []
        self._starting: dict[Any, _Running] = {}
        self._running: dict[Any, _Running] = {}
        try:
            self._num_nodes, self._available = _count(terms)
            self._evaluator = put(evaluator, what="evaluator", far=address is not None)
            self._pulse = Pulse()
            self._idle.append(self._first_worker(checkpoints))
        except ValueError:
            ray.shutdown()
            raise
        self._counted = time.monotonic()

    @property
    def slots(self) -> int:
        return min(self._most or self._available, self._available)

    def submit(self, job: Job) -> None:
        self._queue.append(_Attempt(job=job))
        self._hand_out()

    def wait(self, timeout_s: float) -> list[Outcome]:
        if time.monotonic() - self._counted > COUNT_AGAIN_S:
            self._count_again()
        ended = [self._take(reference) for reference in _ready([*self._starting, *self._running], timeout_s)]
        ended += [self._stop_overdue(reference) for reference in self._overdue()]
        ended += [self._stop_silent(reference) for reference in self._silent()]
        self._hand_out()
        return [outcome for outcome in ended if outcome is not None]

    def close(self) -> None:
        ray.shutdown()

    def _hand_out(self) -> None:
        """Give every job that waits the worker that it may have."""
        for _ in range(len(self._queue)):
            attempt = self._queue.popleft()
            worker = self._worker_for(attempt)
            if worker is None:
                self._queue.append(attempt)
                continue
            running = _Running(attempt, worker, None if worker.node is None else time.monotonic())
            if worker.node is None:  # it says hello before it begins: a worker answers in order
                self._starting[worker.actor.hello.remote()] = running
            self._running[worker.actor.evaluate.remote(attempt.job, attempt.divided)] = running

    def _worker_for(self, attempt: _Attempt) -> _WorkerHandle | None:
        """An idle worker or a new one. A lost job waits a while for a worker that is surely on another node."""
        waited = time.monotonic() - attempt.since
        picky = 0 < len(attempt.avoid) < self._num_nodes and waited < ELSEWHERE_S
        for position, worker in enumerate([] if attempt.divided else self._idle):
            if not picky or worker.node not in attempt.avoid:
                return self._idle.pop(position)
        if picky or len(self._running) >= self.slots:
            return None
        if attempt.divided and self._idle:
            ray.kill(self._idle.pop().actor)  # a fresh process may need what this one holds
        return self._new_worker()

    def _take(self, reference: Any) -> Outcome | None:
        """What a worker's answer means; None while its job goes on or is tried again."""
        if reference in self._starting:
            self._greet(reference)
            return None
        if (running := self._running.pop(reference, None)) is None:
            return None
        try:
            outcome: Outcome = ray.get(reference)
        except RayError as error:
            return self._retry(running, of_worker(error))
        running.worker.num_jobs += 1
        self._keep_or_recycle(running.worker, outcome)
        if running.attempt.divided:
            return of_divided(outcome)
        if not is_starved(outcome) or not self._divisible:
            return outcome
        self._queue.appendleft(replace(running.attempt, divided=True))
        return None

    def _greet(self, reference: Any) -> None:
        running = self._starting.pop(reference)
        try:
            running.worker.node = ray.get(reference)
        except RayError:
            return  # its job has ended in the same way, and tells
        running.began = time.monotonic()

    def _keep_or_recycle(self, worker: _WorkerHandle, outcome: Outcome) -> None:
        worn = self._terms.gpus > 0 and worker.num_jobs >= RECYCLE_AFTER
        if is_starved(outcome) or worn:
            ray.kill(worker.actor)
        else:
            self._idle.append(worker)

    def _overdue(self) -> list[Any]:
        if self._terms.timeout_s is None:
            return []
        return [ref for ref, running in self._running.items() if running.seconds() > self._terms.timeout_s]

    def _stop_overdue(self, reference: Any) -> Outcome | None:
        return self._retry(self._running.pop(reference), f"it was ended after {self._terms.timeout_s:g} s")

    def _silent(self) -> list[Any]:
        begun = [running.worker.name for running in self._running.values() if running.began is not None]
        names = self._pulse.silent(begun)
        return [ref for ref, running in self._running.items() if running.worker.name in names]

    def _stop_silent(self, reference: Any) -> Outcome | None:
        return self._retry(self._running.pop(reference), f"nothing was heard of its process for {SILENCE_S:g} s")

    def _retry(self, running: _Running, reason: str) -> Outcome | None:
        attempt = running.attempt
        ray.kill(running.worker.actor)
        # A node's memory may have been another trial's to blame: so first as often as any lost job, then divided.
        last_resort = reason == NODE_OUT_OF_MEMORY and self._divisible and not attempt.divided
        if (more := attempt.number <= self._terms.retries) or last_resort:
            node = running.worker.node
            avoid = attempt.avoid | ({node} if node else set())
            again = _Attempt(
                job=attempt.job, number=attempt.number + 1, avoid=avoid, divided=attempt.divided or not more
            )
            self._queue.appendleft(again)
            return None
        story = f"the worker was lost {attempt.number} times; last: {reason}"
        kind = f"{OUT_OF_MEMORY}: " if reason == NODE_OUT_OF_MEMORY else ""
        outcome = lost(attempt.job, f"{kind}{story}", running.seconds())
        return of_divided(outcome) if attempt.divided else outcome

    def _count_again(self) -> None:
        self._counted = time.monotonic()
        nodes = node_resources()
        slots = [self._terms.slots_on(node) for node in nodes.values()]
        self._num_nodes = sum(number > 0 for number in slots)
        # Never none: what is queued waits for the nodes to come back, and a loop without slots would end.
        self._available = max(1, sum(slots))
        self._idle = [worker for worker in self._idle if worker.node is None or worker.node in nodes]
        self._recall(len(self._running) - self._available)
        while self._idle and len(self._running) + len(self._idle) > self._available:
            ray.kill(self._idle.pop().actor)  # one that is starting may wait for what an idle one holds

    def _recall(self, number: int) -> None:
        """Take back jobs whose workers have found no place since nodes left; that costs them no attempt."""
        waiting = [reference for reference, running in self._running.items() if running.began is None]
        for reference in waiting[: max(0, number)]:
            running = self._running.pop(reference)
            ray.kill(running.worker.actor)
            self._queue.appendleft(running.attempt)

    def _first_worker(self, checkpoints: Checkpoints | None) -> _WorkerHandle:
        """The first worker, waited for, so that what would befall every trial is told before one is handed out.

        A worker that dies as it starts is replaced: its node may just have been taken back.
        """
        for attempts_left in reversed(range(START_ATTEMPTS)):
            worker = self._new_worker()
            try:
                worker.node = ray.get(worker.actor.hello.remote(), timeout=START_S)
                if checkpoints is not None:
                    _check_seen(checkpoints, worker)
                return worker
            except GetTimeoutError:
                raise ValueError(
                    f"no worker has started within {START_S:g} s, though the cluster has room for one ({self._terms}); "
                    "see with `ray status` who holds its resources, or ask for less per trial"
                ) from None
            except RayError as error:
                if not attempts_left or not isinstance(error, RayActorError) or error.actor_init_failed:
                    raise ValueError(of_start(error)) from error
        raise AssertionError("the last attempt has returned or raised")

    def _new_worker(self) -> _WorkerHandle:
        options = {
            "num_cpus": self._terms.cpus,
            "num_gpus": self._terms.gpus,
            "memory": self._terms.memory_bytes or None,
            "runtime_env": {"env_vars": KEEP_HEAP if self._terms.gpus else KEEP_HEAP | NO_GPU},
        }
        name = uuid.uuid4().hex
        actor = ray.remote(Worker).options(**options).remote(self._evaluator, self._pulse.of(name))
        return _WorkerHandle(actor=actor, name=name)


def _check_seen(checkpoints: Checkpoints, worker: _WorkerHandle) -> None:
    """See that a worker can keep its checkpoints where the driver can.

    Raises:
      ValueError: it cannot, or does not answer.
      RayError: the worker was lost.
    """
    mark = checkpoints.leave_mark()
    try:
        complaint = ray.get(worker.actor.complaint.remote(checkpoints, mark), timeout=START_S)
    except GetTimeoutError:
        raise ValueError(
            f"a worker must say whether it sees {checkpoints.url}, and has not for {START_S:g} s; see whether that "
            "store answers from the cluster's nodes"
        ) from None
    finally:
        remove(mark)
    if complaint is not None:
        raise ValueError(complaint)


def _ready(references: list[Any], timeout_s: float) -> list[Any]:
    """All that have come in, once one has; empty after the timeout."""
    if not references:
        time.sleep(timeout_s)  # a lost job waits for its node
        return []
    first, _ = ray.wait(references, num_returns=1, timeout=timeout_s)
    return ray.wait(references, num_returns=len(references), timeout=0)[0] if first else []


def _count(terms: Terms) -> tuple[int, int]:
    """How many nodes can take a trial, and how many trials all of them."""
    nodes = list(node_resources().values())
    return sum(terms.slots_on(node) > 0 for node in nodes), terms.check_fits(nodes)
