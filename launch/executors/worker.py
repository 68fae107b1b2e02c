"""Ray actor that trains: one job at a time, on the CPUs and GPUs that Ray gave it."""

import ray

from launch.executors._shared import attempt, divided, release_gpu_memory
from launch.executors.heartbeat import Beats
from launch.executors.parcel import Folders
from nas.record import Evaluator, Job, Outcome
from nas.record.checkpoints import CheckpointError, Checkpoints

NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}
"""For a worker that was given none: Ray leaves it all of them to see, and every worker would train on the first."""


Packed = tuple[Folders, Evaluator]
"""An evaluator as it travels."""


class Worker:
    """Runs jobs in its own process. `packed` arrives through the node's shared memory: its arrays are not copied."""

    def __init__(self, packed: Packed, beats: Beats) -> None:
        _, self._evaluator = packed
        beats.start()

    def hello(self) -> str:
        """The node's id; answering means that the process runs and has understood its evaluator."""
        return str(ray.get_runtime_context().get_node_id())

    def complaint(self, checkpoints: Checkpoints, mark: str) -> str | None:
        """Why this process cannot keep checkpoints where the driver left `mark`; None if it can."""
        try:
            checkpoints.prove(mark)
        except CheckpointError as error:
            return str(error)
        return None

    def evaluate(self, job: Job, with_divided: bool = False) -> Outcome:
        """Run a job; with divided batches if memory ran out before, and the evaluator is known to have that way."""
        evaluator = divided(self._evaluator) if with_divided else self._evaluator
        assert evaluator is not None
        try:
            return attempt(evaluator, job)
        finally:
            release_gpu_memory()
