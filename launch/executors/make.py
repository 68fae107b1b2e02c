"""From an executor's key to the executor; Ray is imported only if it is wanted."""

import os

from nas.trial import Evaluator, Executor


def make_executor(key: str, evaluator: Evaluator, *, workers: int | None, address: str | None) -> Executor:
    """The executor called "serial" or "ray".

    Raises:
      ValueError: an address is given to the serial executor, or the cluster is too small.
    """
    if key == "ray":
        set_ray_environment(local=address is None)
        from launch.executors.ray import RayExecutor

        return RayExecutor(evaluator, workers=workers, address=address)
    from launch.executors.serial import SerialExecutor

    if address is not None or (workers or 1) > 1:
        raise ValueError(
            "the serial executor runs one trial at a time in this process; leave out --address and --workers"
        )
    return SerialExecutor(evaluator)


def set_ray_environment(*, local: bool) -> None:
    """No telemetry; for a Ray of our own, every port on loopback. Ray reads this while it is imported, not later."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    if local:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # the switch by which every port binds 127.0.0.1
