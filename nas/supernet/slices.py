"""A network whose weights are copies of slices of larger tensors, run without modules for one training step.

To build the modules of a small network takes longer than its step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from nas.lowering.torch_module import module_name, plan
from nas.space import INPUT, Add, Conv, GlobalPool, Linear, Network, Node, Upsample

CONV_PARTS, LINEAR_PARTS = ("0.weight", "1.weight", "1.bias"), ("1.weight", "1.bias")
ACTIVATIONS = {"relu": functional.relu_, "relu6": functional.relu6}


class Slices:
    """A network of the space in training mode, without modules: copies of slices that take gradients.

    Batch norms go by their batch and keep nothing.
    """

    def __init__(self, network: Network, tensors: Mapping[str, Tensor]) -> None:
        self._network = network
        self._parameters = {
            name: tensors[name][places(tensors[name].shape, shape)]
            .clone(memory_format=torch.channels_last if len(shape) == 4 else torch.contiguous_format)
            .requires_grad_()
            for name, shape in _shapes(network)
        }

    def named_parameters(self) -> Iterable[tuple[str, Tensor]]:
        return self._parameters.items()

    def __call__(self, image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k *picture"]:
        """As the network's module in training mode."""
        live = {INPUT: image}
        for node, dead in plan(self._network):
            live[node.name] = self._run(node, [live[name] for name in node.inputs])
            for name in dead:
                del live[name]
        return live[self._network.nodes[-1].name]

    def _run(self, node: Node, inputs: Sequence[Tensor]) -> Tensor:
        name, x = f"layers.{module_name(node)}", inputs[0]
        match node.op:
            case Conv() as op:
                weight, scale, shift = (self._parameters[f"{name}.{part}"] for part in CONV_PARTS)
                x = functional.conv2d(x, weight, None, op.stride, op.kernel // 2, groups=op.groups)
                x = functional.batch_norm(x, None, None, scale, shift, training=True)
                return x if op.activation == "none" else ACTIVATIONS[op.activation](x)
            case Upsample() as op:
                return functional.interpolate(x, scale_factor=2, mode=op.mode)
            case Add():
                return x + inputs[1]
            case GlobalPool():
                return functional.adaptive_avg_pool2d(x, 1)
            case Linear():
                weight, bias = (self._parameters[f"{name}.{part}"] for part in LINEAR_PARTS)
                return functional.linear(x.flatten(1), weight, bias)
        raise ValueError(f"operator {type(node.op).__name__} cannot share weights; add it to nas.supernet")


def _shapes(network: Network) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Of every parameter, by the name that it has in the network's module."""
    for node in network.nodes:
        name, op = f"layers.{module_name(node)}", node.op
        if isinstance(op, Conv):
            shapes = ((op.width, op.input.channels // op.groups, op.kernel, op.kernel), (op.width,), (op.width,))
            yield from ((f"{name}.{part}", shape) for part, shape in zip(CONV_PARTS, shapes, strict=True))
        elif isinstance(op, Linear):
            both = ((op.width, op.input.num_elements), (op.width,))
            yield from ((f"{name}.{part}", shape) for part, shape in zip(LINEAR_PARTS, both, strict=True))


def places(whole: Sequence[int], part: Sequence[int]) -> tuple[slice, ...]:
    """The first channels; of a kernel its middle."""
    sides = [
        slice((all_of - size) // 2, (all_of - size) // 2 + size) if axis >= 2 else slice(0, size)
        for axis, (all_of, size) in enumerate(zip(whole, part, strict=True))
    ]
    return tuple(sides)
