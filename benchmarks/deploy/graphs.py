"""The operators of an exported file, in order, as its runtime will execute them."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nas.devices.runtimes.executorch import load_module


def operators(path: Path) -> Sequence[Any]:
    """Of an ONNX file its optimised nodes with their attributes; of an ExecuTorch program its delegates' nodes."""
    return _onnx(path) if path.suffix == ".onnx" else _executorch(path)


def _onnx(path: Path) -> list[str]:
    import onnx

    from nas.devices.runtimes.onnx_session import optimise

    nodes = optimise(onnx.load(path)).graph.node
    return [f"{node.op_type} {sorted(str(one) for one in node.attribute)}" for node in nodes]


def _executorch(path: Path) -> list[Any]:
    """Kinds of nodes, with the bounds of their outputs; constants and ids may be numbered otherwise."""
    program = load_module("executorch.exir._serialize._program").deserialize_pte_binary(path.read_bytes()).program
    delegates = [delegate_graph(bytes(one.data))["xnodes"] for one in program.backend_delegate_data]
    return [[(node["xnode_union_type"], node.get("output_min_max")) for node in nodes] for nodes in delegates]


def delegate_graph(data: bytes) -> dict[str, Any]:
    """XNNPACK's graph, as its schema names things."""
    serialiser = load_module("executorch.backends.xnnpack.serialization.xnnpack_graph_serialize")
    flatbuffer = load_module("executorch.exir._serialize._flatbuffer")
    header = serialiser.XNNHeader.from_bytes(data[: serialiser.XNNHeader.EXPECTED_LENGTH])
    start = header.flatbuffer_offset
    with tempfile.TemporaryDirectory() as folder:
        schema, binary = Path(folder, "schema.fbs"), Path(folder, "schema.bin")
        schema.write_bytes(serialiser._get_schema_bytes())
        binary.write_bytes(data[start : start + header.flatbuffer_size])
        flatbuffer._flatc_decompile(folder, str(schema), str(binary), ["--raw-binary"])
        text = Path(folder, "schema.json").read_text()
    graph: dict[str, Any] = json.loads(re.sub(r":\s*([+-]?inf)", r': "\1"', text))
    return graph
