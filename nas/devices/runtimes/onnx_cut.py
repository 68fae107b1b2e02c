"""An operator cut out of ONNX Runtime's own optimised graph, to be timed without the conversions at a graph's ends.

ONNX Runtime rewrites a graph when it loads it: activations and additions are drawn into convolutions, float32 tensors
get a blocked layout (NCHWc) and int8 tensors channels last, with conversions at both ends. The operator is optimised
between neighbours (`context`), and whatever the runtime has put between those is cut out with the tensors
that reach it, as a graph that is not optimised again. So conversions count where a network has them as well, such as
before a convolution of fewer channels than a block.

An `Add` is the exception: in float32 most are drawn into the convolution before them and cost next to nothing, but the
same operator can be one that is not. It is cut out as a node of its own, some 4 % of a small network.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from nas.devices.runtimes.context import AFTER, BEFORE, in_context
from nas.devices.runtimes.onnx_session import open_session, optimise
from nas.lowering.onnx import onnx_model
from nas.space import INPUT, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A graph in the runtime's own operators, and arrays for its inputs."""

    model: onnx.ModelProto
    inputs: dict[str, np.ndarray]


def cut_out(op: Operator, *, int8: bool) -> Cut:
    """What ONNX Runtime executes for an operator between its neighbours."""
    network = in_context(op)
    whole = optimise(onnx_model(network, int8=int8))
    graph = whole.graph
    nodes = _between(list(graph.node))
    constants = {constant.name for constant in graph.initializer}
    read = {name for node in nodes for name in node.input}
    made = {name for node in nodes for name in node.output}
    read_elsewhere = {name for node in graph.node if node not in nodes for name in node.input}
    starts = sorted(read - made - constants - {""})
    ends = sorted(made & (read_elsewhere | {output.name for output in graph.output}))
    inputs = _tensors(whole, starts, np.zeros((1, *network.input), np.float32))
    part = helper.make_graph(
        nodes,
        "operator",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
            for name, array in inputs.items()
        ],
        _untyped(ends),
        [constant for constant in graph.initializer if constant.name in read],
    )
    model = helper.make_model(part, opset_imports=whole.opset_import, ir_version=whole.ir_version)
    return Cut(model=model, inputs=inputs)


def _between(nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Nodes, in order of execution, of which none leads to a neighbour before and none starts at the one after."""
    upstream: set[str] = set()
    for node in reversed(nodes):
        if _is_neighbour(node, BEFORE) or upstream & set(node.output):
            upstream |= {*node.input, *node.output}
    downstream: set[str] = set()
    for node in nodes:
        if _is_neighbour(node, (AFTER,)) or downstream & set(node.input):
            downstream |= set(node.output)
    return [node for node in nodes if not (upstream | downstream) & set(node.output)]


def _is_neighbour(node: onnx.NodeProto, names: Collection[str]) -> bool:
    """Whether a node is one of the neighbours: the runtime keeps the start of a convolution's name."""
    return "Conv" in node.op_type and node.name.startswith(tuple(names))


def _tensors(model: onnx.ModelProto, names: Sequence[str], image: np.ndarray) -> dict[str, np.ndarray]:
    """Inner tensors of an optimised graph, in whatever type and layout the runtime has given them."""
    inner = [name for name in names if name != INPUT]
    arrays = {INPUT: image} if INPUT in names else {}
    if inner:
        opened = onnx.ModelProto()
        opened.CopyFrom(model)
        del opened.graph.output[:]
        opened.graph.output.extend(_untyped(inner))
        arrays |= dict(zip(inner, open_session(opened, 1, optimised=False).run(inner, {INPUT: image}), strict=True))
    return arrays


def _untyped(names: Iterable[str]) -> list[onnx.ValueInfoProto]:
    return [onnx.ValueInfoProto(name=name) for name in names]
