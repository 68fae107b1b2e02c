"""A lowered network as an ExecuTorch program for XNNPACK, in float32 or in int8, made directly from its operators.

ExecuTorch's own way (torch.export, quantise, lower) takes half a second for an operator and 15 to 50 seconds for a
network; this takes milliseconds. It writes the nodes that ExecuTorch's lowering arrives at. It is for timing: what is
shipped is made by ExecuTorch itself.

    delegate    a graph that XNNPACK executes as a whole (`nas.lowering.xnnpack`); inside it tensors are NHWC
    boundary    a tensor between delegates: float32 and NCHW, so delegates transpose (and in int8 convert) at their ends
    portable    XNNPACK has no nearest upsampling: a portable kernel of ExecuTorch does it, between two delegates
"""

import warnings
from collections.abc import Sequence

import numpy as np
from executorch.exir import schema
from executorch.exir._serialize._named_data_store import NamedDataStore
from executorch.exir._serialize._program import PTEFile, serialize_pte_binary
from executorch.exir.scalar_type import ScalarType

from nas.lowering.random_weights import SEED, Parameters, drawn
from nas.lowering.xnnpack import SIGNED, Delegate, nchw, nhwc
from nas.space import INPUT, Add, Linear, Network, Node, Operator, Shape, Upsample

METHOD = "forward"
ALIGNMENT = 16
UPSAMPLE = schema.Operator(name="aten::upsample_nearest2d", overload="vec_out")


def network_program(network: Network, *, int8: bool, parameters: dict[str, Parameters] | None = None) -> bytes:
    """The network for one image, from float32 NCHW to the same.

    Args:
      parameters: weight and bias, shaped as in torch, by the node's name; None draws them, always the same.
    """
    program, rng = _Program(), np.random.default_rng(SEED)
    shapes = {INPUT: network.input} | {node.name: node.op.output for node in network.nodes}
    scales, boundary = {INPUT: SIGNED}, {INPUT: program.tensor(nchw(network.input))}
    last = network.nodes[-1]
    for nodes in _stages(network):
        if _is_portable(nodes[0].op):
            for node in nodes:
                boundary[node.name] = program.upsample(boundary[node.inputs[0]], node.op.output)
                scales[node.name] = scales[node.inputs[0]]
            continue
        own = {node.name for node in nodes}
        read_later = {name for node in network.nodes if node.name not in own for name in node.inputs} | {last.name}
        sources = list(dict.fromkeys(name for node in nodes for name in node.inputs if name not in own))
        ends = [node for node in nodes if node.name in read_later]
        delegate = Delegate(program.constants, int8=int8)
        inside = {name: delegate.enter(shapes[name], scales[name]) for name in sources}
        for node in nodes:
            given = parameters[node.name] if parameters and node.name in parameters else drawn(node.op, rng)
            inside[node.name] = delegate.apply(node.op, [inside[name] for name in node.inputs], given)
            scales[node.name] = inside[node.name].scale
        for node in ends:
            delegate.leave(inside[node.name])
            flat = isinstance(node.op, Linear)
            boundary[node.name] = program.tensor([1, node.op.output.channels] if flat else nchw(node.op.output))
        program.call(delegate.serialise(), [boundary[name] for name in (*sources, *(node.name for node in ends))])
    return program.serialise([boundary[INPUT]], [boundary[last.name]])


def operator_program(op: Operator, *, int8: bool) -> bytes:
    """What an operator adds to a network: its nodes alone, on tensors as they are inside a delegate.

    Of a nearest upsampling that is the kernel and the ends of the delegates on its two sides.
    """
    program = _Program()
    native = ScalarType.CHAR if int8 else ScalarType.FLOAT
    shape: Shape = op.input  # type: ignore[attr-defined]  # all operators have one
    inputs = [program.tensor(nhwc(shape), native) for _ in range(2 if isinstance(op, Add) else 1)]
    if _is_portable(op):
        output = _portable(program, inputs[0], op, int8=int8)
    else:
        delegate = Delegate(program.constants, int8=int8)
        tensors = [delegate.enter_native(shape, SIGNED) for _ in inputs]
        result = delegate.apply(op, tensors, drawn(op, np.random.default_rng(SEED)))
        delegate.expose(result)
        output = program.tensor(result.dims, native)
        program.call(delegate.serialise(), [*inputs, output])
    return program.serialise(inputs, [output])


def _portable(program: "_Program", source: int, op: Operator, *, int8: bool) -> int:
    native = ScalarType.CHAR if int8 else ScalarType.FLOAT
    shape: Shape = op.input  # type: ignore[attr-defined]  # all operators have one
    before, after = (Delegate(program.constants, int8=int8) for _ in range(2))
    before.leave(before.enter_native(shape, SIGNED))
    small = program.tensor(nchw(shape))
    program.call(before.serialise(), [source, small])
    large = program.upsample(small, op.output)
    after.expose(after.enter(op.output, SIGNED))
    output = program.tensor(nhwc(op.output), native)
    program.call(after.serialise(), [large, output])
    return output


def _is_portable(op: Operator) -> bool:
    return isinstance(op, Upsample) and op.mode == "nearest"


def _stages(network: Network) -> list[list[Node]]:
    """Nodes that run together, in order: those of one delegate, then the nearest upsamplings that it feeds, and so on.

    A node belongs to the first delegate that can have its inputs.
    """
    stage = {INPUT: 0}
    for node in network.nodes:
        latest = max(stage[name] for name in node.inputs)  # even: a delegate's; odd: a portable kernel's
        stage[node.name] = latest + (latest % 2 != _is_portable(node.op))
    stages = range(max(stage.values()) + 1)
    return [nodes for i in stages if (nodes := [node for node in network.nodes if stage[node.name] == i])]


class _Program:
    """ExecuTorch's program under construction; values are indices of its one method's tensors."""

    def __init__(self) -> None:
        self.constants = NamedDataStore()
        self._values: list[schema.EValue] = []
        self._instructions: list[schema.Instruction] = []
        self._delegates: list[bytes] = []
        self._num_bytes = 0

    def tensor(self, dims: Sequence[int], kind: ScalarType = ScalarType.FLOAT) -> int:
        place = schema.AllocationDetails(memory_id=1, memory_offset_low=self._num_bytes, memory_offset_high=0)
        num_bytes = int(np.prod(dims)) * (4 if kind == ScalarType.FLOAT else 1)
        self._num_bytes += -(-num_bytes // ALIGNMENT) * ALIGNMENT
        return self._value(
            schema.Tensor(
                scalar_type=kind,
                storage_offset=0,
                sizes=list(dims),
                dim_order=list(range(len(dims))),
                requires_grad=False,
                layout=0,
                data_buffer_idx=0,
                allocation_info=place,
                shape_dynamism=schema.TensorShapeDynamism.STATIC,
            )
        )

    def call(self, delegate: bytes, tensors: Sequence[int]) -> None:
        """Execute a delegate on its inputs and outputs, in the order in which they entered and left it."""
        call = schema.DelegateCall(delegate_index=len(self._delegates), args=list(tensors))
        self._delegates.append(delegate)
        self._instructions.append(schema.Instruction(call))

    def upsample(self, source: int, output: Shape) -> int:
        result = self.tensor(nchw(output))
        no_size, factors = self._value(schema.Null()), self._value(schema.DoubleList(items=[2.0, 2.0]))
        call = schema.KernelCall(op_index=0, args=[source, no_size, factors, result, result])
        self._instructions.append(schema.Instruction(call))
        return result

    def serialise(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        inline = schema.DataLocation.INLINE
        plan = schema.ExecutionPlan(
            name=METHOD,
            container_meta_type=schema.ContainerMetadata(encoded_inp_str="", encoded_out_str=""),
            values=self._values,
            inputs=list(inputs),
            outputs=list(outputs),
            chains=[schema.Chain(inputs=[], outputs=[], instructions=self._instructions, stacktrace=None)],
            operators=[UPSAMPLE],
            delegates=[
                schema.BackendDelegate("XnnpackBackend", schema.BackendDelegateDataReference(inline, i), [])
                for i in range(len(self._delegates))
            ],
            non_const_buffer_sizes=[0, self._num_bytes],
        )
        program = schema.Program(
            version=0,
            execution_plan=[plan],
            constant_buffer=[schema.Buffer(storage=b"")],  # stands for no constant
            backend_delegate_data=[schema.BackendDelegateInlineData(data) for data in self._delegates],
            segments=[],
            constant_segment=schema.SubsegmentOffsets(segment_index=0, offsets=[]),
        )
        constants = self.constants.get_named_data_store_output()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "read_binary is deprecated", DeprecationWarning)  # its way to its schema
            return bytes(
                serialize_pte_binary(PTEFile(program=program, named_data=constants), extract_delegate_segments=True)
            )

    def _value(self, value: schema.KernelTypes) -> int:
        self._values.append(schema.EValue(value))
        return len(self._values) - 1
