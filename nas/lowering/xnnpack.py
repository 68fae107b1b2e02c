"""XNNPACK's graph of some operators, as ExecuTorch stores it for its delegate: tensors NHWC, float32 or int8.

Nodes are those that ExecuTorch's lowering makes: ReLU is the lower bound of a convolution's output, ReLU6 in int8 a
node of its own, bilinear upsampling float32 between conversions, nearest upsampling reshapes and concatenations. In
int8, weights have one scale per output channel, and activations the constant ranges of `nas.lowering.random_weights`.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from executorch.backends.xnnpack.serialization import xnnpack_graph_schema as xnn
from executorch.backends.xnnpack.serialization.xnnpack_graph_serialize import serialize_xnnpack_binary
from executorch.exir._serialize._named_data_store import NamedDataStore

from nas.lowering.int8_constants import Scale
from nas.lowering.random_weights import RECTIFIED, SIGNED, Parameters, rounded
from nas.space import Add, Conv, GlobalPool, Linear, Operator, Shape, Upsample

ALIGNMENT = 16
ELSEWHERE = 0xFFFFFFFFFFFFFFFF  # offset of a constant that is stored by its name
INSIDE = 0xFFFFFFFF  # external id of a tensor that nobody outside the delegate sees
HIDDEN, INPUT, OUTPUT = 0, 1, 2  # flags of a tensor
KEEP_DIMS = 64  # flag of a pooling
TO_NHWC, TO_NCHW = [0, 2, 3, 1], [0, 3, 1, 2]

FLOAT, INT8 = xnn.XNNDatatype.xnn_datatype_fp32, xnn.XNNDatatype.xnn_datatype_qint8
WEIGHT, BIAS = xnn.XNNDatatype.xnn_datatype_qcint8, xnn.XNNDatatype.xnn_datatype_qcint32


class Tensor(NamedTuple):
    """A tensor of the graph. In int8 `scale` is how it is quantised, in float32 it says nothing."""

    id: int
    dims: list[int]
    scale: Scale


def nchw(shape: Shape) -> list[int]:
    return [1, *shape]


def nhwc(shape: Shape) -> list[int]:
    return [1, shape.height, shape.width, shape.channels]


class Delegate:
    """The graph under construction. Its arguments at run time are inputs and outputs in the order they were named.

    `constants` is the store of the program that the delegate belongs to.
    """

    def __init__(self, constants: NamedDataStore, *, int8: bool) -> None:
        self._store, self._int8 = constants, int8
        self._nodes: list[xnn.XNode] = []
        self._tensors: list[xnn.XValue] = []
        self._inputs: list[int] = []
        self._outputs: list[int] = []
        self._constants = [xnn.ConstantDataOffset(offset=0, size=0)]  # index 0 means none

    def enter(self, shape: Shape, scale: Scale) -> Tensor:
        """An input that comes from outside: float32 and NCHW."""
        tensor = self._input(nchw(shape), FLOAT, scale)
        if self._int8:
            tensor = self._convert(tensor, INT8)
        return self._transpose(tensor, TO_NHWC)

    def enter_native(self, shape: Shape, scale: Scale) -> Tensor:
        """An input that is already as tensors are inside."""
        return self._input(nhwc(shape), self._native, scale)

    def leave(self, tensor: Tensor) -> None:
        """Make it an output, float32 and NCHW."""
        outside = self._transpose(tensor, TO_NCHW) if len(tensor.dims) == 4 else tensor
        self.expose(self._convert(outside, FLOAT) if self._int8 else outside)

    def expose(self, tensor: Tensor) -> None:
        """Make it an output as it is."""
        stored = self._tensors[tensor.id].xvalue_union
        value = stored.tensor_value if isinstance(stored, xnn.XNNQuantizedTensorValue) else stored
        value.external_id, value.flags = len(self._inputs) + len(self._outputs), OUTPUT
        self._outputs.append(tensor.id)

    def apply(self, op: Operator, inputs: Sequence[Tensor], parameters: Parameters | None) -> Tensor:
        """Append an operator.

        Raises:
          ValueError: XNNPACK has none of this kind here.
        """
        source = inputs[0]
        match op:
            case Conv():
                assert parameters is not None
                return self._conv(op, source, parameters)
            case Linear():
                assert parameters is not None
                return self._linear(op, source, parameters)
            case Add():
                output = self._tensor(nhwc(op.output), self._native, SIGNED)
                self._node(xnn.XNNAdd(inputs[0].id, inputs[1].id, output.id, 0))
                return output
            case Upsample(mode="bilinear"):
                return self._bilinear(op, source)
            case Upsample(mode="nearest"):
                return self._nearest(op, source)
            case GlobalPool():
                output = self._tensor(nhwc(op.output), self._native, source.scale)
                self._node(xnn.XNNGlobalAvgPooling2d(source.id, output.id, KEEP_DIMS))
                return output
        raise ValueError(f"operator {type(op).__name__} has no XNNPACK form; add it to nas.lowering.xnnpack")

    def serialise(self) -> bytes:
        graph = xnn.XNNGraph(
            version="0",
            xnodes=self._nodes,
            xvalues=self._tensors,
            num_externs=len(self._inputs) + len(self._outputs),
            input_ids=self._inputs,
            output_ids=self._outputs,
            constant_data=self._constants,
        )
        data: bytes = serialize_xnnpack_binary(graph, bytearray())
        return data

    @property
    def _native(self) -> xnn.XNNDatatype:
        return INT8 if self._int8 else FLOAT

    def _conv(self, op: Conv, source: Tensor, parameters: Parameters) -> Tensor:
        weight, bias = parameters
        is_depthwise = op.groups == op.input.channels > 1
        order = (1, 2, 3, 0) if is_depthwise else (0, 2, 3, 1)
        weight_id, bias_id = self._parameters(weight, bias, source.scale, order)
        clips = op.activation == "relu6" and self._int8
        scale = SIGNED if op.activation == "none" else RECTIFIED
        output = self._tensor(nhwc(op.output), self._native, scale)
        padding = op.kernel // 2
        kind = xnn.XNNDepthwiseConv2d if is_depthwise else xnn.XNNConv2d
        node = kind(
            padding_top=padding,
            padding_right=padding,
            padding_bottom=padding,
            padding_left=padding,
            kernel_height=op.kernel,
            kernel_width=op.kernel,
            subsampling_height=op.stride,
            subsampling_width=op.stride,
            dilation_height=1,
            dilation_width=1,
            group_input_channels=op.input.channels // op.groups,
            group_output_channels=op.width // op.groups,
            groups=op.groups,
            adjustment_height=0,
            adjustment_width=0,
            input1_id=source.id,
            filter_id=weight_id,
            bias_id=bias_id,
            output_id=output.id,
            flags=0,
        )
        self._node(node, None if clips else _LIMITS[op.activation])
        return self._clip(output) if clips else output

    def _clip(self, source: Tensor) -> Tensor:
        output = self._tensor(source.dims, self._native, source.scale)
        self._node(xnn.XNNClamp(source.id, output.id, 0), _LIMITS["relu6"])
        return output

    def _linear(self, op: Linear, source: Tensor, parameters: Parameters) -> Tensor:
        planar = self._transpose(source, TO_NCHW)
        flat = self._reshape(planar, [1, op.input.num_elements])
        weight_id, bias_id = self._parameters(*parameters, source.scale, (0, 1))
        output = self._tensor([1, op.width], self._native, SIGNED)
        self._node(xnn.XNNFullyConnected(flat.id, weight_id, bias_id, output.id, 0))
        return output

    def _bilinear(self, op: Upsample, source: Tensor) -> Tensor:
        exact = self._convert(source, FLOAT) if self._int8 else source
        output = self._tensor(nhwc(op.output), FLOAT, source.scale)
        self._node(xnn.XNNStaticResizeBilinear2D(op.output.height, op.output.width, exact.id, output.id, 0))
        return self._convert(output, INT8) if self._int8 else output

    def _nearest(self, op: Upsample, source: Tensor) -> Tensor:
        """As `nas.lowering.repeat` says it and ExecuTorch lowers it: pixels and then rows are put beside themselves.

        In int8 ExecuTorch dequantises a tensor anew for each that reads it, and so transposes it twice.
        """
        channels, height, width = op.input
        planar = [self._transpose(source, TO_NCHW) for _ in range(2 if self._int8 else 1)]
        pixels = self._beside_itself(planar, [1, channels, height * width, 1])
        rows = self._beside_itself([pixels], [1, channels, height, 2 * width])
        return self._transpose(self._reshape(rows, nchw(op.output)), TO_NHWC)

    def _beside_itself(self, sources: Sequence[Tensor], dims: list[int]) -> Tensor:
        """Args: `sources` are one tensor, or two alike."""
        left, right = self._reshape(sources[0], dims), self._reshape(sources[-1], dims)
        output = self._tensor([*dims[:-1], 2 * dims[-1]], self._native, left.scale)
        none = INSIDE
        self._node(
            xnn.XNNConcatenate2(
                axis=len(dims) - 1,
                input1_id=left.id,
                input2_id=right.id,
                input3_id=none,
                input4_id=none,
                input5_id=none,
                output_id=output.id,
                flags=0,
            )
        )
        return output

    def _reshape(self, source: Tensor, dims: list[int]) -> Tensor:
        output = self._tensor(dims, self._native, source.scale)
        self._node(xnn.XNNStaticReshape(len(dims), dims, source.id, output.id, 0))
        return output

    def _convert(self, source: Tensor, kind: xnn.XNNDatatype) -> Tensor:
        output = self._tensor(source.dims, kind, source.scale)
        self._node(xnn.XNNConvert(source.id, output.id, 0))
        return output

    def _transpose(self, source: Tensor, order: list[int]) -> Tensor:
        kind = INT8 if isinstance(self._tensors[source.id].xvalue_union, xnn.XNNQuantizedTensorValue) else FLOAT
        output = self._tensor([source.dims[i] for i in order], kind, source.scale)
        self._node(xnn.XNNStaticTranspose(4, order, source.id, output.id, 0))
        return output

    def _parameters(
        self, weight: np.ndarray, bias: np.ndarray, scale: Scale, order: tuple[int, ...]
    ) -> tuple[int, int]:
        """Constants for weight and bias; `order` is how the weight's dimensions are stored."""
        if not self._int8:
            return self._constant(weight.transpose(order), FLOAT), self._constant(bias, FLOAT)
        integers, steps = rounded(weight)
        product_steps = (scale.step * steps).astype(np.float32)
        return (
            self._constant(integers.transpose(order), WEIGHT, steps, order.index(0)),
            self._constant(np.rint(bias / product_steps).astype(np.int32), BIAS, product_steps),
        )

    def _constant(
        self, array: np.ndarray, kind: xnn.XNNDatatype, steps: np.ndarray | None = None, channel_dim: int = 0
    ) -> int:
        value = self._value(list(array.shape), kind)
        value.constant_buffer_idx = self._keep(array.astype(np.float32) if kind == FLOAT else array)
        if steps is None:
            self._tensors.append(xnn.XValue(value))
        else:
            quantised = xnn.PerChannelQuant(
                scale=[], channel_dim=channel_dim, scale_buffer_idx=self._keep(steps), num_scales=len(steps)
            )
            self._tensors.append(xnn.XValue(xnn.XNNQuantizedTensorValue(value, quantised)))
        return len(self._tensors) - 1

    def _keep(self, array: np.ndarray) -> int:
        data = array.tobytes()
        name = hashlib.sha256(data).hexdigest()
        self._store.add_named_data(name, data, ALIGNMENT)
        self._constants.append(xnn.ConstantDataOffset(offset=ELSEWHERE, size=len(data), named_key=name))
        return len(self._constants) - 1

    def _input(self, dims: list[int], kind: xnn.XNNDatatype, scale: Scale) -> Tensor:
        tensor = self._tensor(dims, kind, scale, external_id=len(self._inputs), flags=INPUT)
        self._inputs.append(tensor.id)
        return tensor

    def _tensor(
        self, dims: list[int], kind: xnn.XNNDatatype, scale: Scale, external_id: int = INSIDE, flags: int = HIDDEN
    ) -> Tensor:
        value = self._value(dims, kind)
        value.external_id, value.flags = external_id, flags
        quantised = xnn.XNNQuantizedTensorValue(value, xnn.PerTensorQuant(scale.step, scale.zero))
        self._tensors.append(xnn.XValue(value if kind == FLOAT else quantised))
        return Tensor(value.id_out, dims, scale)

    def _value(self, dims: list[int], kind: xnn.XNNDatatype) -> xnn.XNNTensorValue:
        return xnn.XNNTensorValue(
            datatype=kind,
            num_dims=len(dims),
            dims=list(dims),
            constant_buffer_idx=0,
            external_id=INSIDE,
            flags=HIDDEN,
            id_out=len(self._tensors),
        )

    def _node(self, node: Any, limits: xnn.OutputMinMax | None = None) -> None:
        self._nodes.append(xnn.XNode(xnode_union=node, debug_handle=0, output_min_max=limits))


_LIMITS = {
    "none": None,
    "relu": xnn.OutputMinMax(output_min=0.0, output_max="+inf"),
    "relu6": xnn.OutputMinMax(output_min=0.0, output_max=6.0),
}
