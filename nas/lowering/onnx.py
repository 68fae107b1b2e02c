"""A lowered network as an ONNX graph, in float32 or in int8, made directly from its operators: some milliseconds each.

In int8 the graph is in QDQ form, as runtimes want it: every tensor is quantised and dequantised, weights are stored as
int8 with one scale per output channel, biases as int32. A runtime fuses dequantise > operator > quantise to its integer
kernel. Activations are uint8, in the ranges that the network was quantised with, or in the constant ones of
`nas.lowering.random_weights`: what is rectified has a zero point of 0, with which clipping is the activation. Zero
points of a convolution's weights and biases are 0, and so are not stored.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from jaxtyping import Float
from onnx import TensorProto, helper, numpy_helper

from nas.lowering.int8_constants import Int8Constants, IntegerLayer, Scale
from nas.lowering.random_weights import RECTIFIED, SEED, SIGNED, Parameters, drawn, rounded
from nas.space import INPUT, Add, Conv, GlobalPool, Linear, Network, Node, Upsample

OPSET = 17
IR_VERSION = 8  # the one that came with this opset
UNSIGNED = 128  # what is added to an int8 to store it as uint8


def onnx_model(
    network: Network,
    *,
    int8: bool,
    parameters: Mapping[str, Parameters] | None = None,
    constants: Int8Constants | None = None,
) -> onnx.ModelProto:
    """The network for one image, from float32 "input" to float32; the output is named after the last node.

    Args:
      parameters: weight and bias, shaped as in torch, of every convolution and matrix product by its node's name;
        None draws them, always the same, such that tensors keep their scale from layer to layer.
      constants: of a network that has been quantised, in place of `parameters`; None for constant ranges.

    Raises:
      ValueError: an operator has no ONNX form here.
    """
    graph = _Graph(int8=int8, constants=constants)
    graph.enter()
    rng = np.random.default_rng(SEED)
    for node in network.nodes:
        graph.append(node, parameters[node.name] if parameters and node.name in parameters else drawn(node.op, rng))
    return graph.model(network)


class _Graph:
    """Nodes and constants under construction. Tensors are named after the network's nodes."""

    def __init__(self, *, int8: bool, constants: Int8Constants | None) -> None:
        self._int8, self._given = int8, constants
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._scales: dict[str, Scale] = {}

    def enter(self) -> None:
        self._settle(INPUT, SIGNED)

    def append(self, node: Node, parameters: Parameters | None) -> None:
        """Add a network's node, whose inputs are there already."""
        name, op, inputs = node.name, node.op, [self._readable(source) for source in node.inputs]
        scale = self._scales[node.inputs[0]]  # what neither filters nor adds keeps its input's scale
        match op:
            case Conv():
                assert parameters is not None
                constants = self._parameters(name, parameters, scale)
                scale = SIGNED if op.activation == "none" else RECTIFIED
                filtered = name if op.activation == "none" else f"{name}.filtered"
                self._emit("Conv", [*inputs, *constants], filtered, **_geometry(op))
                if op.activation == "relu":
                    self._emit("Relu", [filtered], name)
                elif op.activation == "relu6":
                    ends = [self._constant(f"{name}.{end}", np.array(end, np.float32)) for end in (0, 6)]
                    self._emit("Clip", [filtered, *ends], name)
            case Linear():
                assert parameters is not None
                self._emit("Flatten", inputs, f"{name}.flat")
                self._settle(f"{name}.flat", scale)
                constants = self._parameters(name, parameters, scale, zeros=True)  # else it is left in float32
                self._emit("Gemm", [self._readable(f"{name}.flat"), *constants], name, transB=1)
                scale = SIGNED
            case Add():
                self._emit("Add", inputs, name)
                scale = SIGNED
            case Upsample():
                factors = self._constant(f"{name}.factors", np.array([1, 1, 2, 2], np.float32))
                self._emit("Resize", [*inputs, "", factors], name, **_RESIZE[op.mode])
            case GlobalPool():
                self._emit("GlobalAveragePool", inputs, name)
            case _:
                raise ValueError(f"operator {type(op).__name__} has no ONNX form; add it to nas.lowering.onnx")
        self._settle(name, scale)

    def model(self, network: Network) -> onnx.ModelProto:
        last = network.nodes[-1]
        shape = [1, last.op.output.channels] if isinstance(last.op, Linear) else [1, *last.op.output]
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, *network.input])],
            [helper.make_tensor_value_info(self._readable(last.name), TensorProto.FLOAT, shape)],
            self._constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)

    def _readable(self, tensor: str) -> str:
        return f"{tensor}.read" if self._int8 else tensor

    def _settle(self, tensor: str, scale: Scale) -> None:
        """Quantise and dequantise a finished tensor: as the network was quantised, else by `scale`."""
        scale = self._given.scales.get(tensor, scale) if self._given else scale
        self._scales[tensor] = scale
        if self._int8:
            step = self._constant(f"{tensor}.step", np.array(scale.step, np.float32))
            zero = self._zero(scale.zero + UNSIGNED)
            self._emit("QuantizeLinear", [tensor, step, zero], f"{tensor}.uint8")
            self._emit("DequantizeLinear", [f"{tensor}.uint8", step, zero], self._readable(tensor))

    def _parameters(self, name: str, parameters: Parameters, scale: Scale, *, zeros: bool = False) -> list[str]:
        """Constants for a layer's weight and bias; `scale` is that of the tensor that the layer reads.

        Args:
          zeros: whether zero points, which are 0, are written out, as ONNX Runtime wants them of a matrix product.
        """
        weight, bias = parameters
        if not self._int8:
            return [
                self._constant(f"{name}.weight", weight.astype(np.float32)),
                self._constant(f"{name}.bias", bias.astype(np.float32)),
            ]
        layer = self._given.layers[name] if self._given else IntegerLayer(*rounded(weight), bias)
        product_steps = scale.step * layer.steps
        return [
            self._per_channel(f"{name}.weight", layer.weight, layer.steps, zeros),
            self._per_channel(
                f"{name}.bias", np.rint(layer.bias / product_steps).astype(np.int32), product_steps, zeros
            ),
        ]

    def _per_channel(self, tensor: str, integers: np.ndarray, steps: Float[np.ndarray, " width"], zeros: bool) -> str:
        inputs = [
            self._constant(f"{tensor}.integers", integers),
            self._constant(f"{tensor}.steps", steps.astype(np.float32)),
        ]
        if zeros:
            inputs.append(self._constant(f"{tensor}.zeros", np.zeros(len(steps), integers.dtype)))
        self._emit("DequantizeLinear", inputs, tensor, axis=0)
        return tensor

    def _zero(self, value: int) -> str:
        """A zero point: most tensors have the same."""
        name = f"zero.{value}"
        if all(constant.name != name for constant in self._constants):
            self._constant(name, np.array(value, np.uint8))
        return name

    def _constant(self, tensor: str, value: np.ndarray) -> str:
        self._constants.append(numpy_helper.from_array(value, tensor))
        return tensor

    def _emit(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))


# The pixels that torch's upsampling reads: nearest repeats each twice, bilinear weighs between the pixels' centres.
_RESIZE: dict[str, dict[str, str]] = {
    "nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    "bilinear": {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
}


def _geometry(op: Conv) -> dict[str, Any]:
    return {
        "kernel_shape": [op.kernel] * 2,
        "strides": [op.stride] * 2,
        "pads": [op.kernel // 2] * 4,
        "group": op.groups,
    }
