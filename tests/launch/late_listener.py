"""A listener that is long in starting, as on a busy node. Tests load this file by its path, as they do `probing.py`."""

import time

LATE_S = 8.0  # longer than a worker takes to its first job


class LateListener:
    """Hears nothing for a while; what workers sent meanwhile reaches it only if they still run.

    It holds the true one and does not inherit: a test puts it in that one's place, where pickle looks for bases.
    """

    def __init__(self) -> None:
        time.sleep(LATE_S)
        from launch.executors.beats import Listener

        self._listener = Listener()

    def beat(self, worker: str) -> None:
        self._listener.beat(worker)

    def silent(self, *question: object) -> list[str]:
        return self._listener.silent(*question)  # type: ignore[arg-type]
