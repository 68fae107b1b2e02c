"""ExecuTorch's runtime as devices use it: programs that run again and again on inputs that stay in place."""

import functools
import time

import torch
from executorch.extension.pybindings import portable_lib

from nas.lowering.executorch import METHOD, operator_program
from nas.space import Add, Shape

NUM_EMPTY_RUNS = 100
LEAST_MS = 1e-4  # of an operator that hides in the overhead of a run: no time is zero


class Loaded:
    """A loaded program with zeros for inputs; `overhead_ms` is taken off each run.

    Threads belong to the process: all programs run with as many as the one that was loaded last.
    """

    def __init__(self, program: bytes, num_threads: int, overhead_ms: float) -> None:
        if portable_lib._threadpool_get_thread_count() != num_threads:
            portable_lib._unsafe_reset_threadpool(num_threads)
        self._module = portable_lib._load_for_executorch_from_buffer(program)
        self._program = program  # the module reads it where it lies
        self._overhead_ms = overhead_ms
        self._module.run_method(METHOD, self._zeros(), clone_outputs=False)

    def run_ms(self) -> float:
        start = time.perf_counter()
        self._module.plan_execute(METHOD, clone_outputs=False)
        return max(LEAST_MS, 1e3 * (time.perf_counter() - start) - self._overhead_ms)

    def _zeros(self) -> list[torch.Tensor]:
        meta = self._module.method_meta(METHOD)
        inputs = [meta.input_tensor_meta(i) for i in range(meta.num_inputs())]
        return [torch.zeros(tuple(one.sizes()), dtype=_TYPES[one.dtype()]) for one in inputs]


@functools.cache  # writing even this program takes as long as that of a large operator
def empty_run_ms(num_threads: int) -> float:
    """Time of a run that adds two numbers: what it costs to enter the runtime and a delegate, and to leave them."""
    run = Loaded(operator_program(Add(input=Shape(1, 1, 1)), int8=False), num_threads, 0.0)
    return min(run.run_ms() for _ in range(NUM_EMPTY_RUNS))


_TYPES = {6: torch.float32, 1: torch.int8}  # by ExecuTorch's number
