"""Processes of a pool that end with the process that made them, also when that is killed; else they wait for ever."""

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """For a pool's `initializer`; the pool must spawn its processes, not fork them."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = parent_process()
    assert parent is not None, "only a process that another one has spawned has a parent to end with"
    parent.join()
    os._exit(1)
