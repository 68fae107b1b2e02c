"""ONNX Runtime's sessions as devices use them: sequential, on the CPU, with inputs and outputs that stay in place."""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from nas.lowering.onnx import IR_VERSION, OPSET

NUM_EMPTY_RUNS = 100
LEAST_MS = 1e-4  # of an operator that hides in the overhead of a run: no time is zero


class Loaded:
    """A loaded graph with its inputs; `overhead_ms` is taken off each run."""

    def __init__(self, session: onnxruntime.InferenceSession, inputs: Mapping[str, np.ndarray], overhead_ms: float):
        self._session = session
        self._overhead_ms = overhead_ms
        self._binding = session.io_binding()
        for name, array in inputs.items():
            self._binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        self._keep_outputs()

    def run_ms(self) -> float:
        start = time.perf_counter()
        self._session.run_with_iobinding(self._binding)
        return max(LEAST_MS, 1e3 * (time.perf_counter() - start) - self._overhead_ms)

    def _keep_outputs(self) -> None:
        """Run once, and let all later runs write to the same memory."""
        names = [output.name for output in self._session.get_outputs()]
        for name in names:
            self._binding.bind_output(name, "cpu")
        self._session.run_with_iobinding(self._binding)
        outputs = self._binding.get_outputs()
        self._binding.clear_binding_outputs()
        for name, value in zip(names, outputs, strict=True):
            self._binding.bind_ortvalue_output(name, value)


def open_session(
    model: onnx.ModelProto, num_threads: int, *, optimised: bool, save: Path | None = None
) -> onnxruntime.InferenceSession:
    """Load a graph, with all of the runtime's optimisations or with none; `save` keeps what it makes of the graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3  # it warns that a saved graph fits this machine only, which is what we want
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimised else level.ORT_DISABLE_ALL
    if save is not None:
        options.optimized_model_filepath = str(save)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def optimise(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph as ONNX Runtime executes it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "optimised.onnx")
        open_session(model, 1, optimised=True, save=path)
        return onnx.load(path)


def empty_run_ms(num_threads: int) -> float:
    """Time of a run that computes nothing: what it costs to enter the runtime and to leave it."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("input", "output")]
    graph = helper.make_graph([helper.make_node("Identity", ["input"], ["output"])], "empty", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    run = Loaded(open_session(model, num_threads, optimised=False), {"input": np.zeros(1, np.float32)}, 0.0)
    return min(run.run_ms() for _ in range(NUM_EMPTY_RUNS))
