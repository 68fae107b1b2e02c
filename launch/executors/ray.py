"""Runs jobs on a Ray cluster, or on a Ray of its own on this machine.

One actor per slot keeps the evaluator and takes one job at a time. Actors and not tasks: Ray starts a new process for
every GPU task. The evaluator, data set included, is put into Ray's object store once; a node holds one copy in shared
memory, from which its workers read.

A worker that dies, or takes longer than the terms allow, is replaced and its job tried again, on another node where
there is one; after `terms.retries` the job has failed, which is data. Slots are counted anew while the search runs: a
node that joins is used, one that leaves is missed no longer than its jobs.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import ray
from ray import cloudpickle
from ray.exceptions import GetTimeoutError, RayError

from launch.executors._shared import OUT_OF_MEMORY, lost
from launch.executors.join import join, node_resources
from launch.executors.losses import NODE_OUT_OF_MEMORY, of_start, of_worker
from launch.executors.terms import Terms
from launch.executors.worker import NO_GPU, WORKER_ENV, Worker
from nas.plugins import loaded_files
from nas.trial import Evaluator, Job, Outcome

START_S = 180.0  # for the first worker: a torch import on a busy machine, a container's first start
COUNT_AGAIN_S = 10.0  # between two counts of the cluster's slots
ELSEWHERE_S = 60.0  # that a lost job waits for a worker on another node before it goes where it was lost
RECYCLE_AFTER = 50  # jobs of a GPU worker: a process that ends gives back what fragments and leaks hold


@dataclass(slots=True, eq=False)
class _Hand:
    """A worker as the driver knows it; `node` is None until it has said hello."""

    actor: Any
    node: str | None = None
    num_jobs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """An attempt at a job, counted from 1. `avoid`: nodes where earlier ones were lost; `since`: when it was queued."""

    job: Job
    number: int = 1
    avoid: frozenset[str] = frozenset()
    since: float = field(default_factory=time.monotonic)


@dataclass(slots=True, eq=False)
class _Running:
    attempt: _Try
    hand: _Hand
    began: float | None  # None until the worker has started

    def seconds(self) -> float:
        return 0.0 if self.began is None else time.monotonic() - self.began


class RayExecutor:
    """As many slots as the cluster has for these terms, but no more than `workers`.

    Args:
      address: of a running cluster; None starts Ray on this machine, bound to loopback, and stops it at the end.

    Raises:
      ConnectionError: the cluster cannot be joined.
      ValueError: the cluster has no slot for one trial, or its workers cannot start.
    """

    def __init__(self, evaluator: Evaluator, *, workers: int | None, address: str | None, terms: Terms) -> None:
        join(address)
        self._terms = terms
        self._most = workers
        self._queue: deque[_Try] = deque()
        self._idle: list[_Hand] = []
        self._starting: dict[Any, _Running] = {}
        self._running: dict[Any, _Running] = {}
        try:
            self._num_nodes, self._available = _count(terms)
            for module in loaded_files():
                cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]  # Ray leaves it so
            self._evaluator = _put(evaluator)
            self._idle.append(self._first_hand())
        except ValueError:
            ray.shutdown()
            raise
        self._counted = time.monotonic()

    @property
    def slots(self) -> int:
        return min(self._most or self._available, self._available)

    def submit(self, job: Job) -> None:
        self._queue.append(_Try(job=job))
        self._hand_out()

    def wait(self, timeout_s: float) -> list[Outcome]:
        if time.monotonic() - self._counted > COUNT_AGAIN_S:
            self._count_again()
        ended = [self._take(reference) for reference in _ready([*self._starting, *self._running], timeout_s)]
        ended += [self._stop_overdue(reference) for reference in self._overdue()]
        self._hand_out()
        return [outcome for outcome in ended if outcome is not None]

    def close(self) -> None:
        ray.shutdown()

    def _hand_out(self) -> None:
        """Give every job that waits the worker that it may have."""
        for _ in range(len(self._queue)):
            attempt = self._queue.popleft()
            hand = self._hand_for(attempt)
            if hand is None:
                self._queue.append(attempt)
                continue
            running = _Running(attempt, hand, None if hand.node is None else time.monotonic())
            if hand.node is None:  # it says hello before it begins: a worker answers in order
                self._starting[hand.actor.hello.remote()] = running
            self._running[hand.actor.evaluate.remote(attempt.job)] = running

    def _hand_for(self, attempt: _Try) -> _Hand | None:
        """An idle worker or a new one. A lost job waits a while for a worker that is surely on another node."""
        waited = time.monotonic() - attempt.since
        picky = 0 < len(attempt.avoid) < self._num_nodes and waited < ELSEWHERE_S
        for position, hand in enumerate(self._idle):
            if not picky or hand.node not in attempt.avoid:
                return self._idle.pop(position)
        if picky or len(self._running) >= self.slots:
            return None
        return self._new_hand()

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
        running.hand.num_jobs += 1
        self._keep_or_recycle(running.hand, outcome)
        return outcome

    def _greet(self, reference: Any) -> None:
        running = self._starting.pop(reference)
        try:
            running.hand.node = ray.get(reference)
        except RayError:
            return  # its job has ended in the same way, and tells
        running.began = time.monotonic()

    def _keep_or_recycle(self, hand: _Hand, outcome: Outcome) -> None:
        starved = outcome.failure is not None and outcome.failure.startswith(OUT_OF_MEMORY)
        worn = self._terms.gpus > 0 and hand.num_jobs >= RECYCLE_AFTER
        if starved or worn:
            ray.kill(hand.actor)
        else:
            self._idle.append(hand)

    def _overdue(self) -> list[Any]:
        if self._terms.timeout_s is None:
            return []
        return [ref for ref, running in self._running.items() if running.seconds() > self._terms.timeout_s]

    def _stop_overdue(self, reference: Any) -> Outcome | None:
        return self._retry(self._running.pop(reference), f"it was ended after {self._terms.timeout_s:g} s")

    def _retry(self, running: _Running, reason: str) -> Outcome | None:
        attempt = running.attempt
        ray.kill(running.hand.actor)
        if attempt.number <= self._terms.retries:
            node = running.hand.node
            avoid = attempt.avoid | ({node} if node else set())
            self._queue.appendleft(_Try(job=attempt.job, number=attempt.number + 1, avoid=avoid))
            return None
        story = f"the worker was lost {attempt.number} times; last: {reason}"
        kind = f"{OUT_OF_MEMORY}: " if reason == NODE_OUT_OF_MEMORY else ""
        return lost(attempt.job, f"{kind}{story}", running.seconds())

    def _count_again(self) -> None:
        self._counted = time.monotonic()
        nodes = node_resources()
        slots = [self._terms.slots_on(node) for node in nodes.values()]
        self._num_nodes = sum(number > 0 for number in slots)
        # Never none: what is queued waits for the nodes to come back, and a loop without slots would end.
        self._available = max(1, sum(slots))
        self._idle = [hand for hand in self._idle if hand.node is None or hand.node in nodes]
        self._recall(len(self._running) - self._available)

    def _recall(self, number: int) -> None:
        """Take back jobs whose workers have found no place since nodes left; that costs them no attempt."""
        waiting = [reference for reference, running in self._running.items() if running.began is None]
        for reference in waiting[: max(0, number)]:
            running = self._running.pop(reference)
            ray.kill(running.hand.actor)
            self._queue.appendleft(running.attempt)

    def _first_hand(self) -> _Hand:
        """The first worker, waited for, so that what would befall every trial is told before one is handed out."""
        hand = self._new_hand()
        try:
            hand.node = ray.get(hand.actor.hello.remote(), timeout=START_S)
        except GetTimeoutError:
            raise ValueError(
                f"no worker has started within {START_S:g} s, though the cluster has room for one ({self._terms}); "
                "see with `ray status` who holds its resources, or ask for less per trial"
            ) from None
        except RayError as error:
            raise ValueError(of_start(error)) from error
        return hand

    def _new_hand(self) -> _Hand:
        options = {
            "num_cpus": self._terms.cpus,
            "num_gpus": self._terms.gpus,
            "memory": self._terms.memory_bytes or None,
            "runtime_env": {"env_vars": WORKER_ENV if self._terms.gpus else WORKER_ENV | NO_GPU},
        }
        return _Hand(ray.remote(Worker).options(**options).remote(self._evaluator))


def _put(evaluator: Evaluator) -> Any:
    """The evaluator in the object store, from which every node takes one copy."""
    try:
        return ray.put(evaluator)
    except (TypeError, RayError) as error:
        raise ValueError(
            f"the evaluator cannot be sent to workers: {error}; keep locks, open files and connections out of it, and "
            "its data smaller than Ray's object store"
        ) from error


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
