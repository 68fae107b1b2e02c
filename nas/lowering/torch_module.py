"""A lowered network as a torch module: the only place that makes torch modules.

`build(network)` gives the module that is trained: every convolution without bias, followed by batch norm.
`fold(module)` gives the module that is counted, timed and shipped: the batch norms are absorbed into the convolutions'
weights and biases. Submodules are named after the network's nodes, so a state dict reads like the table of the space.
"""

import copy
import warnings

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from nas.space import INPUT, Add, Conv, GlobalPool, Linear, Network, Node, Operator, Upsample


class BuiltNetwork(nn.Module):
    """Runs a network's nodes in order, dropping each tensor after its last use.

    Input Float[n, c, h, w] of any height and width that divide by the network's `side_multiple`; output
    Float[n, k, h, w], or Float[n, k] of a classifier.
    """

    def __init__(self, network: Network, *, batch_norm: bool) -> None:
        super().__init__()
        self.network = network
        self.layers = nn.ModuleDict({module_name(node): make_layer(node.op, batch_norm) for node in network.nodes})
        self._plan = plan(network)

    def forward(self, image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n k *picture"]:
        check_sides(image, self.network.side_multiple)
        live = {INPUT: image}
        for node, dead in self._plan:
            live[node.name] = self.layers[module_name(node)](*(live[name] for name in node.inputs))
            for name in dead:
                del live[name]
        return live[self.network.nodes[-1].name]


class Sum(nn.Module):
    """Element-wise sum of two tensors as a module, so that it has a name, a cost and a time like any layer."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right


def build(network: Network) -> BuiltNetwork:
    """The module to train: batch norms unfolded, weights drawn for ReLU networks from torch's global generator."""
    module = BuiltNetwork(network, batch_norm=True)
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return module


def fold(module: BuiltNetwork) -> BuiltNetwork:
    """A copy in evaluation mode whose batch norms are folded into its convolutions; same outputs up to rounding."""
    source = copy.deepcopy(module).eval()
    folded = BuiltNetwork(module.network, batch_norm=False).eval()
    for name, layer in source.layers.items():
        if isinstance(layer, nn.Sequential) and isinstance(layer[1], nn.BatchNorm2d):
            convolution, target = layer[0], folded.layers[name]
            assert isinstance(convolution, nn.Conv2d) and isinstance(target, nn.Sequential)
            fused = fuse_conv_bn_eval(convolution, layer[1])
            target[0].load_state_dict(fused.state_dict())
        else:
            folded.layers[name].load_state_dict(layer.state_dict())
    return folded


def make_layer(op: Operator, batch_norm: bool) -> nn.Module:
    """The torch layer of one operator.

    Raises:
      ValueError: the operator has no layer here.
    """
    match op:
        case Conv():
            return _conv(op, batch_norm)
        case Upsample(mode="nearest"):
            return nn.Upsample(scale_factor=2, mode="nearest")
        case Upsample(mode="bilinear"):
            return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        case Add():
            return Sum()
        case GlobalPool():
            return nn.AdaptiveAvgPool2d(1)
        case Linear():
            return nn.Sequential(nn.Flatten(), nn.Linear(op.input.num_elements, op.width))
    raise ValueError(f"operator {type(op).__name__} has no torch layer; add it to nas.lowering.torch_module.make_layer")


def module_name(node: Node) -> str:
    """Torch forbids dots in a submodule's name; "2C.0.expand" becomes "2C_0_expand"."""
    return node.name.replace(".", "_")


def check_sides(image: Tensor, multiple: int) -> None:
    """Refuse an image whose skip connections would not meet.

    Raises:
      ValueError: height or width does not divide by `multiple`.
    """
    height, width = image.shape[-2:]
    if height % multiple or width % multiple:
        nearest = tuple(max(multiple, round(side / multiple) * multiple) for side in (height, width))
        raise ValueError(
            f"height and width must be multiples of {multiple}, got {height}x{width}; "
            f"resize or pad the image to {nearest[0]}x{nearest[1]}"
        )


def parameters(folded: BuiltNetwork) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Weight and bias of every convolution and matrix product of a folded network, by its node's name."""
    found = {}
    for node in folded.network.nodes:
        for layer in folded.layers[module_name(node)].children():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                assert layer.bias is not None
                found[node.name] = (layer.weight.detach().cpu().numpy(), layer.bias.detach().cpu().numpy())
    return found


def count_params(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def count_macs(module: BuiltNetwork) -> int:
    """Multiply-accumulates of convolutions and matrix products at the module's input shape, as fvcore counts them."""
    with warnings.catch_warnings():
        # fvcore traces with torch.jit, which torch calls deprecated, and tracing warns of every Python condition.
        warnings.simplefilter("ignore")
        from fvcore.nn import FlopCountAnalysis  # heavy, and only wanted when a finished network is checked

        image = torch.zeros(1, *module.network.input)
        counter = FlopCountAnalysis(module, image).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        counts = counter.by_operator()
    return int(sum(counts[name] for name in ("conv", "linear", "addmm")))  # a Counter: 0 where it has no such operator


def _conv(op: Conv, batch_norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(
            op.input.channels,
            op.width,
            op.kernel,
            stride=op.stride,
            padding=op.kernel // 2,
            groups=op.groups,
            bias=not batch_norm,
        )
    ]
    if batch_norm:
        layers.append(nn.BatchNorm2d(op.width))
    if op.activation != "none":
        layers.append(nn.ReLU(inplace=True) if op.activation == "relu" else nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


def plan(network: Network) -> tuple[tuple[Node, tuple[str, ...]], ...]:
    """Each node with the tensors that nobody needs after it."""
    last_use = {name: i for i, node in enumerate(network.nodes) for name in node.inputs}
    return tuple(
        (node, tuple(name for name in dict.fromkeys(node.inputs) if last_use[name] == i))
        for i, node in enumerate(network.nodes)
    )
