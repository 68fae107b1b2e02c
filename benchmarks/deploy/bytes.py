"""Of what an exported file's bytes are: weights, biases, scales, and the program around them."""

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.deploy.graphs import delegate_graph
from nas.devices.runtimes.executorch import load_module


def account(path: Path) -> dict[str, int]:
    """Bytes by what they hold; "program" is all else, names of constants and padding included."""
    found = _onnx(path) if path.suffix == ".onnx" else _executorch(path)
    return {**found, "program": path.stat().st_size - sum(found.values())}


def _onnx(path: Path) -> dict[str, int]:
    import onnx

    found: Counter[str] = Counter({"weights": 0, "biases": 0, "scales": 0})
    for constant in onnx.load(path).graph.initializer:
        size = len(constant.raw_data)
        if constant.name.endswith((".steps", ".step")):
            found["scales"] += size
        elif ".weight" in constant.name:
            found["weights"] += size
        elif ".bias" in constant.name:
            found["biases"] += size
    return dict(found)


def _executorch(path: Path) -> dict[str, int]:
    program = load_module("executorch.exir._serialize._program").deserialize_pte_binary(path.read_bytes()).program
    found: Counter[str] = Counter({"weights": 0, "biases": 0, "scales": 0})
    for delegate in program.backend_delegate_data:
        graph = delegate_graph(bytes(delegate.data))
        constants, seen = graph["constant_data"], {0}  # index 0 means none
        for value in graph["xvalues"]:
            tensor = value["xvalue_union"].get("tensor_value", value["xvalue_union"])
            kind = "weights" if len(tensor["dims"]) > 1 else "biases"
            scales = value["xvalue_union"].get("quant_params", {}).get("scale_buffer_idx", 0)
            for place, index in ((kind, tensor["constant_buffer_idx"]), ("scales", scales)):
                found[place] += 0 if _known(constants, index, seen) else int(constants[index]["size"])
    return dict(found)


def _known(constants: list[dict[str, Any]], index: int, seen: set[Any]) -> bool:
    """Whether a constant counts already: equal ones are stored once."""
    name = constants[index].get("named_key") or index
    known = name in seen or index == 0
    seen.add(name)
    return known
