"""The process that trains: one job at a time, on the CPUs and GPUs that Ray gave it."""

import gc
import sys

import ray

from launch.executors._shared import attempt
from nas.trial import Evaluator, Job, Outcome

# Large activations are returned to the system and asked for again at every step unless glibc is told to keep them;
# worth up to 1.7 times the training speed on CPUs. glibc reads these at start, so they belong to the environment.
WORKER_ENV = {
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}
NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}
"""For a worker that was given none: Ray leaves it all of them to see, and every worker would train on the first."""


class Worker:
    """Lives in its own process. `evaluator` arrives through the node's shared memory: its arrays are not copied."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def hello(self) -> str:
        """The node's id; answering means that the process runs and has understood its evaluator."""
        return str(ray.get_runtime_context().get_node_id())

    def evaluate(self, job: Job) -> Outcome:
        try:
            return attempt(self._evaluator, job)
        finally:
            _release_gpu_memory()


def _release_gpu_memory() -> None:
    """Give back what torch keeps cached: another worker may share the GPU, and the next job needs other sizes."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()
