"""Parallel replays, each in a process with one thread; what a file holds already is not run again."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, TypeVar

from launch.bench.question import Arena
from launch.bench.replay.entrants import code
from launch.bench.replay.replay import Course, Replay, replay
from launch.bench.replay.store import Store, key
from nas.processes import end_with_parent

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

T = TypeVar("T")
Run = tuple[str, int]
"""A strategy and a seed."""


def replay_all(
    arena: Arena,
    course: Course,
    runs: Sequence[Run],
    *,
    jobs: int,
    store: Store | None = None,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> list[Replay]:
    """The replay of every run, in the order given.

    Args:
      jobs: processes at once.
      store: where finished replays are looked for, and kept.
      watch: told how many are done, and of how many.

    Raises:
      PartError: a strategy refuses the task or fails; what was finished is kept.
    """
    codes = {strategy: code(strategy, course.predictor) for strategy, _ in runs}
    keys = [key(arena, course, strategy, seed, codes[strategy]) for strategy, seed in runs]
    kept: list[Replay | None] = store.find(keys) if store else [None] * len(runs)
    found = dict(zip(runs, kept, strict=True))
    key_of = dict(zip(runs, keys, strict=True))
    missing = [run for run in found if found[run] is None]
    num_done = len(found) - len(missing)
    watch(num_done, len(found))
    for place, fresh in finished(replay, [(arena, course, *run) for run in missing], jobs):
        found[missing[place]] = fresh
        if store:
            store.add(key_of[missing[place]], fresh)
        num_done += 1
        watch(num_done, len(found))
    return [done for run in runs if (done := found[run]) is not None]


def finished(work: Callable[..., T], calls: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[tuple[int, T]]:
    """`work(*call)` for every call, each in a process of one thread: the call's place and the result, as they end."""
    if not calls:
        return
    context = multiprocessing.get_context("spawn")  # a fork would take locks of our threads with it
    with _one_thread(), ProcessPoolExecutor(min(jobs, len(calls)), mp_context=context, initializer=_start) as pool:
        futures = {pool.submit(work, *call): place for place, call in enumerate(calls)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start() -> None:
    """Leave Ctrl-C to the parent, which keeps what is finished and stops the others."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Children started meanwhile have one thread for linear algebra: libraries read these variables when they load."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
