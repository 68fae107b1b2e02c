"""Listeners whose clock is the beats that they hear. Tests load this file by its path, as they do `probing.py`.

A worker is silent when it misses so many beats of another one: on a machine that holds all of them up none is.
"""

import time
from collections import Counter
from types import SimpleNamespace

LATE_S = 8.0  # longer than a worker takes to its first job


class CountingListener:
    """It holds the true one and does not inherit: a test puts it in that one's place, where pickle looks for bases."""

    def __init__(self) -> None:
        from launch.executors import heartbeat

        self._heard: Counter[str] = Counter()
        heartbeat.time = SimpleNamespace(monotonic=self._now)  # type: ignore[assignment]  # of this actor's process alone
        self._listener = heartbeat.Listener()

    def beat(self, worker: str) -> None:
        self._heard[worker] += 1
        self._listener.beat(worker)

    def silent(self, *question: object) -> list[str]:
        return self._listener.silent(*question)  # type: ignore[arg-type]

    def _now(self) -> float:
        """Beats of the worker that has sent most."""
        return float(max(self._heard.values(), default=0))


class LateListener(CountingListener):
    """Hears nothing for a while, as on a busy node; what workers sent meanwhile reaches it only if they still run."""

    def __init__(self) -> None:
        time.sleep(LATE_S)
        super().__init__()
