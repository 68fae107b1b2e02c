"""One network in one runtime, in a process of its own: `benchmarks.deploy` tells it when to run.

    python -m benchmarks.deploy.session RUNTIME FILE HEIGHT WIDTH

It prints what it holds in memory once it is ready, then, for each line "N" that it reads, the milliseconds of N runs.
Memory is the process's resident set, which Linux counts with its peak (/proc/self/status): `loaded` is what loading and
the first runs have left beside what was there with the runtime imported, `peak` the most that there was meanwhile.
"""

import gc
import importlib
import importlib.util
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

FIRST_RUNS = 3  # before timing: caches fill, allocators settle, torch compiles
Run = Callable[[], None]


def main() -> None:
    runtime, path, height, width = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    warnings.simplefilter("ignore")  # libraries of theirs use deprecated parts of torch
    torch.set_num_threads(1)
    load = LOADERS[runtime]()
    picture = np.random.default_rng(0).random((1, 3, height, width), dtype=np.float32)
    gc.collect()
    before = _memory()["VmRSS"]
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    run = load(path, picture)
    for _ in range(FIRST_RUNS):
        run()
    memory = _memory()
    _tell({"loaded": memory["VmRSS"] - before, "peak": memory["VmHWM"] - before})
    for line in sys.stdin:
        _tell([_milliseconds(run) for _ in range(int(line))])


def _tell(what: object) -> None:
    print(json.dumps(what), flush=True)


def _milliseconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)


def _memory() -> dict[str, int]:
    """Bytes of the resident set and of its peak."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {words[0][:-1]: 1024 * int(words[1]) for words in lines if words and words[0] in ("VmRSS:", "VmHWM:")}


def _eager() -> Callable[[Path, np.ndarray], Run]:
    return lambda path, picture: _torch_run(_module(path), picture)


def _compiled() -> Callable[[Path, np.ndarray], Run]:
    for module in ("torch._dynamo", "torch._inductor.compile_fx"):
        importlib.import_module(module)  # what is imported is not the network's memory
    return lambda path, picture: _torch_run(torch.compile(_module(path), mode="default"), picture)


def _module(path: Path) -> torch.nn.Module:
    """A winner's Python file, or a program of torch.export."""
    if path.suffix == ".pt2":
        importlib.import_module("torch.ao.quantization.fx._decomposed")  # it knows the words of a quantised program
        return torch.export.load(path).module()
    spec = importlib.util.spec_from_file_location("measured", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    loaded: torch.nn.Module = module.load()
    return loaded.to(memory_format=torch.channels_last)


def _torch_run(module: torch.nn.Module, picture: np.ndarray) -> Run:
    image = torch.from_numpy(picture).contiguous(memory_format=torch.channels_last)

    def run() -> None:
        with torch.inference_mode():
            module(image)

    return run


def _onnx() -> Callable[[Path, np.ndarray], Run]:
    import onnxruntime

    from nas.devices.runtimes.onnx_session import Loaded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3

    def load(path: Path, picture: np.ndarray) -> Run:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        loaded = Loaded(session, {session.get_inputs()[0].name: picture}, 0.0)
        return lambda: _discard(loaded.run_ms())

    return load


def _executorch() -> Callable[[Path, np.ndarray], Run]:
    from executorch.extension.pybindings import portable_lib

    portable_lib._unsafe_reset_threadpool(1)

    def load(path: Path, picture: np.ndarray) -> Run:
        module = portable_lib._load_for_executorch(str(path))
        module.run_method("forward", [torch.from_numpy(picture)], clone_outputs=False)
        return lambda: module.plan_execute("forward", clone_outputs=False)

    return load


def _discard(_: float) -> None:
    """A run's own timing leaves out next to nothing; here all count alike."""


LOADERS = {"eager": _eager, "compile": _compiled, "onnx": _onnx, "executorch": _executorch}

if __name__ == "__main__":
    main()
