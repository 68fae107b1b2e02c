"""A lowered network as an ExecuTorch program for XNNPACK, in float32 or in int8, made directly from its operators.

ExecuTorch's own way (torch.export, quantise, lower) takes half a second for an operator and 15 to 50 seconds for a
network; this takes milliseconds. It writes the nodes that ExecuTorch's lowering arrives at. It is for timing: what is
shipped is made by ExecuTorch itself (`nas.deploy.formats.executorch`), and tests see that the nodes are the same.

The network is one delegate, a graph that XNNPACK executes as a whole (`nas.lowering.xnnpack`). Inside it tensors are
NHWC; at its ends they are float32 and NCHW, so it transposes (and in int8 converts) there.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from executorch.exir import schema
from executorch.exir._serialize._named_data_store import NamedDataStore
from executorch.exir._serialize._program import PTEFile, serialize_pte_binary
from executorch.exir.scalar_type import ScalarType

from nas.lowering.random_weights import SEED, SIGNED, Parameters, drawn
from nas.lowering.xnnpack import Delegate, nchw, nhwc
from nas.space import INPUT, Add, Linear, Network, Operator, Shape

METHOD = "forward"
ALIGNMENT = 16


def network_program(network: Network, *, int8: bool, parameters: dict[str, Parameters] | None = None) -> bytes:
    """The network for one image, from float32 NCHW to the same.

    Args:
      parameters: weight and bias, shaped as in torch, by the node's name; None draws them, always the same.
    """
    program, rng = _Program(), np.random.default_rng(SEED)
    delegate = Delegate(program.constants, int8=int8)
    inside = {INPUT: delegate.enter(network.input, SIGNED)}
    for node in network.nodes:
        given = parameters[node.name] if parameters and node.name in parameters else drawn(node.op, rng)
        inside[node.name] = delegate.apply(node.op, [inside[name] for name in node.inputs], given)
    last = network.nodes[-1]
    delegate.leave(inside[last.name])
    flat = isinstance(last.op, Linear)
    ends = [
        program.tensor(nchw(network.input)),
        program.tensor([1, last.op.output.channels] if flat else nchw(last.op.output)),
    ]
    program.call(delegate.serialise(), ends)
    return program.serialise(ends[:1], ends[1:])


def operator_program(op: Operator, *, int8: bool) -> bytes:
    """What an operator adds to a network: its nodes alone, on tensors as they are inside the delegate."""
    program = _Program()
    native = ScalarType.CHAR if int8 else ScalarType.FLOAT
    shape: Shape = op.input  # type: ignore[attr-defined]  # all operators have one
    inputs = [program.tensor(nhwc(shape), native) for _ in range(2 if isinstance(op, Add) else 1)]
    delegate = Delegate(program.constants, int8=int8)
    tensors = [delegate.enter_native(shape, SIGNED) for _ in inputs]
    result = delegate.apply(op, tensors, drawn(op, np.random.default_rng(SEED)))
    delegate.expose(result)
    output = program.tensor(result.dims, native)
    program.call(delegate.serialise(), [*inputs, output])
    return program.serialise(inputs, [output])


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

    def serialise(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        inline = schema.DataLocation.INLINE
        plan = schema.ExecutionPlan(
            name=METHOD,
            container_meta_type=schema.ContainerMetadata(encoded_inp_str="", encoded_out_str=""),
            values=self._values,
            inputs=list(inputs),
            outputs=list(outputs),
            chains=[schema.Chain(inputs=[], outputs=[], instructions=self._instructions, stacktrace=None)],
            operators=[],
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
