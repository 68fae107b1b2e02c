"""A network as Python source that needs torch alone: what a user takes away.

Every operator is one line of the constructor and one of `forward`, in execution order, so the file reads like the
network's table. Weights have batch norms folded; their names are the attribute names in the file. torch.jit.script, by
which many a runtime is reached, reads less than Python: the file stays within that.
"""

from collections.abc import Mapping

import torch
from torch import nn

from nas.lowering.torch_module import BuiltNetwork, module_name
from nas.space import INPUT, Add, Conv, GlobalPool, Linear, Network, Node, Upsample

TEMPLATE = '''"""{title}

Input Float[n, {channels}, h, w]{given}, height and width multiples of {multiple}; searched at {height}x{width}.{gives}
{macs:,} multiply-accumulates at that size, {params:,} parameters (batch norms folded). Needs torch alone.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn


class Winner(nn.Module):
    def __init__(self):
        super().__init__()
{layers}

    def forward(self, image):
        height, width = image.shape[-2], image.shape[-1]
        if height % {multiple} or width % {multiple}:
            raise ValueError(f"height and width must be multiples of {multiple}, got ({{height}}, {{width}})")
{steps}


def load(weights=Path(__file__).with_suffix(".pt")):
    """The network with its weights, ready to run."""
    model = Winner()
    model.load_state_dict(torch.load(weights, weights_only=True))
    return model.eval()
'''


def source(network: Network, title: str, *, input: str = "", output: str = "") -> str:
    """Python source of the network, with quotes and backslashes of the texts made harmless.

    Args:
      title: its first line.
      input, output: what the network is given and what it gives, see `nas.record.TaskCard`; "" for unsaid.
    """
    layers = [
        f"        self.{attribute(node)} = {_constructor(node.op)}"
        for node in network.nodes
        if isinstance(node.op, Conv | Linear)
    ]
    return TEMPLATE.format(
        title=_harmless(title),
        given=f", {_harmless(input)}" if input else "",
        gives=f"\nOutput: {_harmless(output)}." if output else "",
        channels=network.input.channels,
        height=network.input.height,
        width=network.input.width,
        multiple=network.side_multiple,
        macs=network.macs,
        params=network.params,
        layers="\n".join(layers),
        steps="\n".join(f"        {line}" for line in _steps(network)),
    )


def state(folded: BuiltNetwork) -> dict[str, torch.Tensor]:
    """Weights of a folded network under the names that `source` gives them."""
    named: dict[str, torch.Tensor] = {}
    for node in folded.network.nodes:
        if isinstance(node.op, Conv | Linear):
            layers = folded.layers[module_name(node)].children()
            weighted = next(layer for layer in layers if isinstance(layer, nn.Conv2d | nn.Linear))
            named |= {f"{attribute(node)}.{key}": value for key, value in weighted.state_dict().items()}
    return named


def restored(network: Network, named: Mapping[str, torch.Tensor]) -> BuiltNetwork:
    """The folded network with the weights that `state` took from one.

    Raises:
      ValueError: they are another network's.
    """
    folded = BuiltNetwork(network, batch_norm=False).eval()
    own = state(folded)
    if fault := _other_network(own, named):
        raise ValueError(f"weights must be those of their architecture, and {fault}; give the two that belong together")
    for name, tensor in own.items():  # which shares the module's memory
        tensor.copy_(named[name])
    return folded


def attribute(node: Node) -> str:
    """An identifier: "2C.0.expand" becomes "s2C_0_expand"."""
    return f"s{module_name(node)}"


def _other_network(own: Mapping[str, torch.Tensor], named: Mapping[str, torch.Tensor]) -> str | None:
    """What tells that the weights are not this network's, as a clause."""
    for name, tensor in own.items():
        if name not in named:
            return f"{name} has none"
        if named[name].shape != tensor.shape:
            return f"{name} is {tuple(named[name].shape)} where the architecture has {tuple(tensor.shape)}"
    foreign = sorted(set(named) - set(own))
    return f"{foreign[0]} is no layer of it" if foreign else None


def _harmless(text: str) -> str:
    """A text that can stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'")


def _constructor(op: Conv | Linear) -> str:
    if isinstance(op, Linear):
        return f"nn.Linear({op.input.num_elements}, {op.width})"
    extra = "".join(
        f", {name}={value}"
        for name, value, default in (
            ("stride", op.stride, 1),
            ("padding", op.kernel // 2, 0),
            ("groups", op.groups, 1),
        )
        if value != default
    )
    return f"nn.Conv2d({op.input.channels}, {op.width}, {op.kernel}{extra})"


def _steps(network: Network) -> list[str]:
    """One assignment per node; a tensor that only the next node reads is called x."""
    readers: dict[str, list[int]] = {}
    for i, node in enumerate(network.nodes):
        for name in node.inputs:
            readers.setdefault(name, []).append(i)
    names = {INPUT: "image"}
    lines = []
    for i, node in enumerate(network.nodes):
        arguments = [names[name] for name in node.inputs]
        only_next = readers.get(node.name, [i + 1]) == [i + 1]
        names[node.name] = "x" if only_next else f"t{module_name(node)}"
        lines.append(f"{names[node.name]} = {_expression(node, arguments)}")
    return [*lines, f"return {names[network.nodes[-1].name]}"]


def _expression(node: Node, arguments: list[str]) -> str:
    match node.op:
        case Conv(activation="none"):
            return f"self.{attribute(node)}({arguments[0]})"
        case Conv(activation=activation):
            return f"F.{activation}(self.{attribute(node)}({arguments[0]}))"
        case GlobalPool():
            return f"F.adaptive_avg_pool2d({arguments[0]}, 1)"
        case Linear():
            return f"self.{attribute(node)}({arguments[0]}.flatten(1))"
        case Upsample(mode="nearest"):
            return f'F.interpolate({arguments[0]}, scale_factor=2.0, mode="nearest")'
        case Upsample(mode="bilinear"):
            return f'F.interpolate({arguments[0]}, scale_factor=2.0, mode="bilinear", align_corners=False)'
        case Add():
            return f"{arguments[0]} + {arguments[1]}"
    raise ValueError(f"operator {type(node.op).__name__} has no source form; add it to nas.lowering.standalone")
