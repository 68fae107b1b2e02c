"""Runs jobs one after another in this process: for tests, debugging and single-machine runs without Ray."""

from collections import deque

from launch.executors._shared import attempt, divided, is_starved, of_divided, release_gpu_memory
from nas.record import Evaluator, Job, Outcome


class SerialExecutor:
    """One slot; a job runs inside `wait`."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._queue: deque[Job] = deque()

    @property
    def slots(self) -> int:
        return 1

    def submit(self, job: Job) -> None:
        self._queue.append(job)

    def wait(self, timeout_s: float) -> list[Outcome]:
        return [self._run(self._queue.popleft())] if self._queue else []

    def close(self) -> None:
        self._queue.clear()

    def _run(self, job: Job) -> Outcome:
        outcome = attempt(self._evaluator, job)
        if not is_starved(outcome) or (evaluator := divided(self._evaluator)) is None:
            return outcome
        release_gpu_memory()
        return of_divided(attempt(evaluator, job))
