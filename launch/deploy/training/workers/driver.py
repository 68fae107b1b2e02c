"""A training on several workers, seen from the command: Ray Train starts them, and again when one is lost.

Ray Train's own checkpoints want a file system that all nodes share. Ours travel through the mailbox instead, in the
format of a training alone, so that any number of workers goes on from them.
"""

import tempfile
import threading
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import ray
from ray.exceptions import RayError
from ray.train.torch import TorchTrainer
from ray.train.v2.api.config import FailureConfig, LoggingConfig, RunConfig, ScalingConfig
from ray.train.v2.api.exceptions import WorkerGroupError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from launch.deploy.training.outcome import Outcome
from launch.deploy.training.workers.mailbox import Curve, Done, Ended, Failed, Kept, Mailbox, Message, Proposal
from launch.deploy.training.workers.member import Work, member
from launch.deploy.training.workers.options import WorkerOptions
from launch.executors import Terms
from launch.executors.join import join, node_resources
from launch.executors.parcel import put
from launch.executors.worker import NO_GPU
from launch.executors.worker_failures import of_worker
from nas.deploy import Row
from nas.deploy.course import Facts
from nas.processes import KEEP_HEAP

WAIT_S = 0.5
GRACE_S = 20.0  # for Ray Train to end by itself, once the training has
LOOPBACK = {"GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "lo"}


@runtime_checkable
class Listener(Protocol):
    """Whom the driver tells what comes from the workers."""

    def settle(self, steps: int, facts: Facts, step_s: float | None) -> str:
        """Settle how the training is done, before each attempt's first step; the training's key. See `Proposal`."""
        ...

    def keep(self, content: bytes) -> None: ...

    def step(self, done: int, loss: float) -> None: ...

    def row(self, rows: tuple[Row, ...]) -> None: ...

    def diverged(self, step: int) -> None: ...


def train_on_workers(work: Work, options: WorkerOptions, state: bytes | None, listener: Listener) -> Outcome:
    """Train, or go on from `state`.

    Raises:
      ConnectionError: the cluster cannot be joined.
      ValueError: it has no room for the workers, the work cannot be sent, or what another attempt would meet again.
      RuntimeError: workers were lost more often than the options allow.
    """
    join(options.address)
    try:
        each = options.per_worker([*node_resources().values()])
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        mailbox: Any = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=here).remote(state)
        place = {"work": put(work, what="training", far=options.address is not None), "mailbox": mailbox}
        with tempfile.TemporaryDirectory(prefix="chamnas-", ignore_cleanup_errors=True) as folder:
            fit = _Fit(_trainer(place, options, each, folder))
            return _listen(fit, mailbox, listener, each)
    finally:
        ray.shutdown()


def _trainer(place: dict[str, Any], options: WorkerOptions, each: Terms, folder: str) -> Any:
    variables = KEEP_HEAP if each.gpus else KEEP_HEAP | NO_GPU
    resources = {"CPU": each.cpus, "GPU": each.gpus, **({"memory": each.memory_bytes} if each.memory_bytes else {})}
    return TorchTrainer(
        member,
        train_loop_config=place,
        scaling_config=ScalingConfig(
            num_workers=options.number or 1, use_gpu=each.gpus > 0, resources_per_worker=resources
        ),
        run_config=RunConfig(  # type: ignore[arg-type]  # Ray hides its second version from the checker
            name="training",
            storage_path=folder,  # for what Ray Train writes of itself; no checkpoint comes there
            failure_config=FailureConfig(max_failures=each.retries),
            worker_runtime_env={"env_vars": variables | (LOOPBACK if _is_here() else {})},
            logging_config=LoggingConfig(log_level="CRITICAL"),  # what matters of it, we say
        ),
    )


def _is_here() -> bool:
    """Whether the cluster is bound to this machine's loopback, as a Ray of our own is."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]  # Ray leaves it so
    return {node["NodeManagerAddress"] for node in nodes if node["Alive"]} == {"127.0.0.1"}


@dataclass(slots=True, eq=False)
class _Fit:
    """Ray Train's call, in a thread: in the main one it would take Ctrl-C for itself."""

    trainer: Any
    error: Exception | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="ray train", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.trainer.fit()
        except Exception as error:
            self.error = error


def _listen(fit: _Fit, mailbox: Any, listener: Listener, each: Terms) -> Outcome:
    """Pass on what comes until the training has ended."""
    while True:
        goes_on = fit.thread.is_alive()  # asked first: what came before the end is still to be heard
        messages: list[Message] = ray.get(mailbox.take.remote(WAIT_S))
        for message in messages:
            if isinstance(message, Ended):
                fit.thread.join(GRACE_S)
                return message.outcome
            _pass_on(message, mailbox, listener)
        if not goes_on and not messages:
            raise RuntimeError(_story(fit.error, each.retries))


def _pass_on(message: Message, mailbox: Any, listener: Listener) -> None:
    match message:
        case Proposal():
            ray.get(mailbox.settle.remote(listener.settle(message.steps, message.facts, message.step_s)))
        case Done():
            listener.step(message.steps, message.loss)
        case Curve():
            listener.row(message.rows)
        case Kept():
            listener.keep(message.content)
        case Failed():
            if message.diverged_at is not None:
                listener.diverged(message.diverged_at)
            raise ValueError(message.reason)


def _story(error: Exception | None, retries: int) -> str:
    """Why Ray Train gave up, in a sentence."""
    kept = "the last checkpoint is kept: the same command goes on from there"
    if not isinstance(error, WorkerGroupError):
        return f"Ray Train has ended the training ({type(error).__name__}: {error}); {kept}"
    rank, failure = min(error.worker_failures.items())
    return (
        f"the training lost workers {retries + 1} time{'s' * (retries > 0)}, last number {rank} ({_reason(failure)}); "
        f"{kept}, with more --retries if nodes come and go"
    )


def _reason(failure: Exception) -> str:
    return of_worker(failure) if isinstance(failure, RayError) else str(failure).strip().splitlines()[-1]
