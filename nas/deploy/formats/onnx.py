"""ONNX, for ONNX Runtime, OpenVINO, TensorRT and the like: the graph that `nas.lowering.onnx` writes.

There are two routes from a network to ONNX: torch's exporter, which reads back from Python what the module does, and
our own writer, which has the operators. Ours is taken, for it is the graph that devices have timed, to the last node:
then latency as predicted and file as shipped cannot drift apart. ONNX is an open format with a checker of its own.

In int8 that matters more: of a quantised graph as torch's exporter writes it, ONNX Runtime left 15 of 47 convolutions
in float32. Ours takes the numbers of the quantised graph (`nas.deploy.integers`); all convolutions are integers then.
"""

import importlib.metadata

import numpy as np
import onnx
import onnxruntime
from torch import fx

from nas.deploy.formats.exported import Answer, Exported, ExportError, Picture, Port
from nas.deploy.integers import int8_constants
from nas.lowering.onnx import onnx_model
from nas.lowering.torch_module import BuiltNetwork, parameters
from nas.space import INPUT, GlobalPool, Linear, Network

SIDE_MULTIPLE, SEARCHED_AT = "side_multiple", "searched_at"


def export(folded: BuiltNetwork, *, dynamic: bool) -> Exported:
    """The network as an ONNX model.

    Args:
      dynamic: for any number of pictures, of any height and width that the network takes.

    Raises:
      ExportError: an operator has no ONNX form.
    """
    network = folded.network
    try:
        model = onnx_model(network, int8=False, parameters=parameters(folded))
    except ValueError as error:
        raise ExportError(str(error)) from error
    if dynamic:
        _free(model, network)
    return _exported(model, network)


def export_graph(graph: fx.GraphModule, network: Network) -> Exported:
    """The network in int8, with the numbers of its converted graph.

    Raises:
      ExportError: an operator has no ONNX form.
    """
    try:
        return _exported(onnx_model(network, int8=True, constants=int8_constants(graph, network)), network)
    except ValueError as error:
        raise ExportError(str(error)) from error


def _exported(model: onnx.ModelProto, network: Network) -> Exported:
    onnx.helper.set_model_props(model, properties(network))
    model.producer_name, model.producer_version = "chamnas", importlib.metadata.version("chamnas")
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString()

    def run(picture: Picture) -> Answer:
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        return np.asarray(session.run(None, {INPUT: picture})[0])

    return Exported(
        content=content,
        input=_port(model.graph.input[0]),
        output=_port(model.graph.output[0]),
        runtime=f"onnxruntime {onnxruntime.__version__}",
        run=run,
        facts={
            "opset": model.opset_import[0].version,
            "operators": sorted({node.op_type for node in model.graph.node}),
        },
    )


def properties(network: Network) -> dict[str, str]:
    """What a file of free sides does not say of itself: what its sides must divide by, and what it was searched at."""
    height, width = network.input[1:]
    return {SIDE_MULTIPLE: str(network.side_multiple), SEARCHED_AT: f"{height}x{width}"}


def _free(model: onnx.ModelProto, network: Network) -> None:
    """Give the sides names in place of numbers; no node of ours knows a size."""
    flat = any(isinstance(node.op, GlobalPool | Linear) for node in network.nodes)
    first, last = model.graph.input[0], model.graph.output[0]
    for end in (first, last):
        dims = end.type.tensor_type.shape.dim
        dims[0].dim_param = "batch"
        if end is first or not flat:
            dims[2].dim_param, dims[3].dim_param = "height", "width"


def _port(end: onnx.ValueInfoProto) -> Port:
    dims = end.type.tensor_type.shape.dim
    return Port(name=end.name, shape=tuple(dim.dim_param or dim.dim_value for dim in dims))
