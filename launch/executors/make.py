"""From an executor's key to the executor; Ray is imported only if it is wanted."""

from nas.trial import Evaluator, Executor


def make_executor(key: str, evaluator: Evaluator, *, workers: int | None, address: str | None) -> Executor:
    """The executor called "serial" or "ray".

    Raises:
      ValueError: an address is given to the serial executor, or the cluster is too small.
    """
    if key == "ray":
        from launch.executors.ray import RayExecutor

        return RayExecutor(evaluator, workers=workers, address=address)
    from launch.executors.serial import SerialExecutor

    if address is not None or (workers or 1) > 1:
        raise ValueError(
            "the serial executor runs one trial at a time in this process; leave out --address and --workers"
        )
    return SerialExecutor(evaluator)
