"""Runs jobs on a Ray cluster, or on a Ray of its own on this machine.

One actor per slot keeps the evaluator (its data set lies once per node in Ray's shared memory) and takes one job at a
time. Actors and not tasks: Ray starts a new process for every GPU task. A worker that dies is replaced and its job
tried again; after `retries` the job has failed, which is data.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any

import ray
from ray import cloudpickle
from ray.exceptions import RayError

from launch.executors._shared import attempt, lost
from nas.plugins import loaded_files
from nas.trial import Evaluator, Job, Outcome

# Large activations are returned to the system and asked for again at every step unless glibc is told to keep them;
# worth up to 1.7 times the training speed on CPUs. glibc reads these at start, so they belong to the environment.
WORKER_ENV = {
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}


class Worker:
    """Lives in its own process and evaluates one job at a time."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def evaluate(self, job: Job) -> Outcome:
        return attempt(self._evaluator, job)


@dataclass(slots=True)
class _Running:
    job: Job
    worker: Any
    started: float
    num_attempts: int


class RayExecutor:
    """As many slots as `workers`, or as the cluster's CPUs allow.

    Args:
      address: of a running cluster; None starts Ray on this machine, bound to loopback, and stops it at the end.
      retries: how often a job is tried again after its worker died.

    Raises:
      ValueError: the cluster has too few CPUs for one worker.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        *,
        workers: int | None,
        address: str | None,
        cpus_per_trial: int = 1,
        retries: int = 2,
    ) -> None:
        _connect(address)
        self._cpus = cpus_per_trial
        self._retries = retries
        for module in loaded_files():
            cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]  # Ray leaves it so
        self._evaluator = ray.put(evaluator)
        available = int(ray.cluster_resources().get("CPU", 0)) // cpus_per_trial  # type: ignore[no-untyped-call]  # Ray leaves it so
        if available < 1:
            ray.shutdown()
            raise ValueError(
                f"a trial needs {cpus_per_trial} CPUs and the cluster has too few; add nodes or ask for less"
            )
        self._slots = min(workers or available, available)
        self._idle = [self._new_worker() for _ in range(self._slots)]
        self._running: dict[Any, _Running] = {}

    @property
    def slots(self) -> int:
        return self._slots

    def submit(self, job: Job) -> None:
        self._send(job, num_attempts=1)

    def wait(self, timeout_s: float) -> list[Outcome]:
        ready, _ = ray.wait(list(self._running), num_returns=1, timeout=timeout_s)
        outcomes = [self._collect(reference) for reference in ready]
        return [outcome for outcome in outcomes if outcome is not None]

    def close(self) -> None:
        ray.shutdown()

    def _send(self, job: Job, num_attempts: int) -> None:
        worker = self._idle.pop() if self._idle else self._new_worker()
        reference = worker.evaluate.remote(job)
        self._running[reference] = _Running(job, worker, time.monotonic(), num_attempts)

    def _collect(self, reference: Any) -> Outcome | None:
        running = self._running.pop(reference)
        try:
            outcome: Outcome = ray.get(reference)
        except RayError as error:
            return self._retry(running, error)
        self._idle.append(running.worker)
        return outcome

    def _retry(self, running: _Running, error: Exception) -> Outcome | None:
        ray.kill(running.worker)
        if running.num_attempts <= self._retries:
            self._send(running.job, running.num_attempts + 1)
            return None
        reason = f"the worker was lost {running.num_attempts} times; last: {type(error).__name__}: {error}"
        return lost(running.job, reason, time.monotonic() - running.started)

    def _new_worker(self) -> Any:
        options = {"num_cpus": self._cpus, "runtime_env": {"env_vars": WORKER_ENV}}
        return ray.remote(Worker).options(**options).remote(self._evaluator)


def _connect(address: str | None) -> None:
    """Join a cluster, or start one for this process alone; `launch.executors.make` has set the environment for it.

    A Ray that is started here makes a token and asks for it by itself; setting the mode by hand would only break that.
    """
    try:
        ray.init(
            address=address or "local",  # None would join any Ray that happens to run here
            include_dashboard=False if address is None else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (RayError, ConnectionError) as error:
        raise ConnectionError(f"cannot {'join' if address else 'start'} Ray: {error}") from error
