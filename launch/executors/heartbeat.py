"""Heartbeats of workers: each sends a beat from a thread of its own, and one actor listens to all of them.

Ray notices a process that ends and a node that is gone. It does not notice one that stands still: stopped, stuck in a
read from a dead file system with the interpreter held, or lost in a library that never returns. No beat comes from
those, and long before a trial's time limit, which many searches do not set.
"""

import threading
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

BEAT_S = 15.0
CHECK_S = 30.0  # between two questions of the driver
SILENCE_S = 300.0  # a compilation may hold the interpreter for a minute or two


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """The worker's side: to whom it sends its name, and how often."""

    listener: Any
    worker: str
    every_s: float

    def start(self) -> None:
        """Send beats for as long as this process lives."""
        threading.Thread(target=self._send, name="beats", daemon=True).start()

    def _send(self) -> None:
        while True:
            with suppress(RayError):
                self.listener.beat.options(num_returns=0).remote(self.worker)
            time.sleep(self.every_s)


class Listener:
    """Actor that receives beats. A worker that it has not heard yet counts from the driver's first question about it.

    So if the listener is lost and begins anew, or begins after a worker has already come to a stand, none is taken for
    dead and none is missed.
    """

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def beat(self, worker: str) -> None:
        self._last[worker] = time.monotonic()

    def silent(self, workers: Collection[str], seconds: float) -> list[str]:
        """Those of `workers` of which nothing has been heard for so long; all others are forgotten."""
        now = time.monotonic()
        self._last = {worker: self._last.get(worker, now) for worker in workers}
        return [worker for worker, last in self._last.items() if last < now - seconds]


class Pulse:
    """The driver's side: starts the listener and asks it now and then, without waiting for the answer."""

    def __init__(self) -> None:
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        options = {"num_cpus": 0, "max_restarts": -1, "scheduling_strategy": here}
        self._listener: Any = ray.remote(Listener).options(**options).remote()
        self._question: Any = None
        self._asked = time.monotonic()

    def of(self, worker: str) -> Beats:
        """The sender of beats for a new worker."""
        return Beats(listener=self._listener, worker=worker, every_s=BEAT_S)

    def silent(self, workers: Collection[str]) -> frozenset[str]:
        """Those of `workers` that were silent when last asked; each answer is given once."""
        if self._question is None:
            if time.monotonic() - self._asked >= CHECK_S:
                self._question, self._asked = self._listener.silent.remote(list(workers), SILENCE_S), time.monotonic()
            return frozenset()
        if not ray.wait([self._question], timeout=0)[0]:
            return frozenset()
        question, self._question = self._question, None
        with suppress(RayError):
            return frozenset(ray.get(question))
        return frozenset()
