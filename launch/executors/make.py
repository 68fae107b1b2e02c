"""Makes the executor of a key; Ray is imported only if it is wanted."""

import os

from launch.executors.trial_resources import Terms
from nas.record import Evaluator, Executor
from nas.record.checkpoints import Checkpoints


def make_executor(
    key: str,
    evaluator: Evaluator,
    *,
    workers: int | None,
    address: str | None,
    terms: Terms | None = None,
    checkpoints: Checkpoints | None = None,
) -> Executor:
    """The executor called "serial" or "ray".

    Args:
      checkpoints: where the evaluator keeps its trainings, if it does; a worker is asked whether it sees the place.

    Raises:
      ConnectionError: the cluster cannot be joined.
      ValueError: the serial executor is given what only Ray can do, the cluster is too small, or its workers do not
        see `checkpoints`.
    """
    if key == "ray":
        set_ray_environment(local=address is None)
        from launch.executors.ray import RayExecutor

        return RayExecutor(evaluator, workers=workers, address=address, terms=terms or Terms(), checkpoints=checkpoints)
    from launch.executors.serial import SerialExecutor

    _check_serial(workers, address, terms or Terms())
    return SerialExecutor(evaluator)


def plan_slots(key: str, *, workers: int | None, address: str | None, terms: Terms) -> int:
    """How many trials at once a search should be planned for; a cluster is joined, and refused if it is too small.

    More workers than the cluster has now are fine: nodes may join later.

    Raises:
      ConnectionError: the cluster cannot be joined.
      ValueError: as for `make_executor`.
    """
    if key == "serial":
        _check_serial(workers, address, terms)
        return 1
    if address is None:  # a Ray of our own is started late: idle or not, it would disturb what is timed first
        return workers or max(1, int((os.cpu_count() or 1) // terms.cpus))
    set_ray_environment(local=False)
    from launch.executors.join import join, node_resources

    join(address)
    available = terms.check_fits(list(node_resources().values()))
    return workers or available


def set_ray_environment(*, local: bool) -> None:
    """No telemetry; for a Ray of our own, every port on loopback. Ray reads this while it is imported, not later."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    os.environ.setdefault("RAY_prestart_worker_first_driver", "0")  # ours have an environment of their own: they idle
    if local:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # the switch by which every port binds 127.0.0.1
        os.environ.setdefault(
            "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER", "0"
        )  # nobody takes this machine back: a process less


def _check_serial(workers: int | None, address: str | None, terms: Terms) -> None:
    if address is not None or (workers or 1) > 1:
        raise ValueError(
            "the serial executor runs one trial at a time in this process; leave out --address and --workers"
        )
    if terms != Terms():
        raise ValueError(
            "the serial executor runs trials in this process and can neither set anything aside for one nor stop it; "
            "leave out --cpus-per-trial, --gpus-per-trial, --memory-per-trial, --retries and --trial-timeout, "
            "or use --executor ray"
        )
