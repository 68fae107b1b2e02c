"""A network in int8 by PyTorch's route: torch.export, torchao's preparation, ExecuTorch's XNNPACK quantiser.

Batch norms are folded before: preparing takes 2.8 s in place of 7, converting 1 s in place of 34, and what is converted
stands 24 dB above its difference to what was trained in place of 8 (48 blocks). Weights have a symmetric int8 scale for
each output channel, activations one int8 scale and zero for each tensor.

    prepared     a graph that rounds weights and activations as int8 will, and learns the ranges; it can be trained
    converted    the graph in int8 itself, which a runtime takes

What lasts of a prepared graph is its state: weights, ranges and scales. The graph is made anew from the network.
"""

import copy
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, fx, nn

from nas.deploy.formats.exported import signal_to_noise_db
from nas.deploy.formats.integers import owner
from nas.lowering.repeat import with_repeats
from nas.lowering.torch_module import BuiltNetwork, module_name

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # their imports use deprecated parts of Python and of torch
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
        XNNPACKQuantizer,
        get_symmetric_quantization_config,
    )
    from torchao.quantization.pt2e import FakeQuantizeBase
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_qat_pt2e

EXAMPLES = 2  # pictures that a graph is traced with; their number stays free


class _Graph(nn.Module):
    """A graph as a module: without batch norms and dropout it has one mode, and torch lets nobody switch it."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__()
        self.graph = graph

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k *picture"]:
        output: Tensor = self.graph(image)
        return output

    def train(self, mode: bool = True) -> "_Graph":
        """Note the mode alone."""
        self.training = mode
        return self


class Prepared(_Graph):
    """A prepared graph. Ranges are learned in training mode; in evaluation mode they stay as they are."""

    def train(self, mode: bool = True) -> "Prepared":
        """Let ranges be learned, or stay."""
        for rounding in self.roundings().values():
            rounding.enable_observer(mode)
        super().train(mode)
        return self

    def roundings(self) -> dict[str, FakeQuantizeBase]:
        """What rounds a tensor, by its name in the graph."""
        return {name: one for name, one in self.graph.named_modules() if isinstance(one, FakeQuantizeBase)}


class Rounded(_Graph):
    """A converted graph: it rounds, and learns nothing any more."""


def prepare(folded: BuiltNetwork) -> Prepared:
    """The network ready for quantisation-aware training at the size of its input; no range is known yet."""
    example = torch.zeros(EXAMPLES, *folded.network.input)
    free = ({0: torch.export.Dim("batch", min=1)},)
    with quiet():
        program = torch.export.export(with_repeats(folded), (example,), dynamic_shapes=free)
        quantiser = XNNPACKQuantizer()
        quantiser.set_global(get_symmetric_quantization_config(is_per_channel=True, is_qat=True))
        return Prepared(prepare_qat_pt2e(program.module(), quantiser))


def calibrate(prepared: Prepared, pictures: Iterable[Float[Tensor, "b c h w"]]) -> None:
    """Learn the ranges from pictures, with weights as they are: quantisation after training."""
    prepared.train()
    with only(prepared, ()), torch.no_grad():
        for batch in pictures:
            prepared(batch)
    prepared.eval()


def converted(prepared: Prepared) -> fx.GraphModule:
    """The graph in int8 itself, without the weights that it was made from; `prepared` stays as it is."""
    with quiet():
        graph: fx.GraphModule = convert_pt2e(copy.deepcopy(prepared.graph))
    read = {node.target for node in graph.graph.nodes if node.op == "get_attr"}
    for name in dict(graph.named_parameters()).keys() - read:
        place, _, last = name.rpartition(".")
        delattr(graph.get_submodule(place), last)
    return graph


def sensitivity(prepared: Prepared, folded: BuiltNetwork, pictures: Float[Tensor, "b c h w"]) -> dict[str, float]:
    """How much each convolution or addition in int8 costs: with all others exact, the decibels by which the output
    stands above its change. The costliest come first.

    Args:
      prepared: with its ranges known.
    """
    prepared.eval()
    layers = _layers(prepared, folded)
    with torch.inference_mode():
        with only(prepared, ()):
            exact = prepared(pictures).numpy()
        found = {}
        for layer, names in layers.items():
            with only(prepared, names):
                found[layer] = signal_to_noise_db(prepared(pictures).numpy(), exact)
    return dict(sorted(found.items(), key=lambda item: item[1]))


@contextmanager
def only(prepared: Prepared, names: Iterable[str]) -> Iterator[None]:
    """Context in which no others than the named roundings round."""
    chosen = set(names)
    roundings = prepared.roundings()
    for name, rounding in roundings.items():
        rounding.enable_fake_quant(name in chosen)
    try:
        yield
    finally:
        for rounding in roundings.values():
            rounding.enable_fake_quant(True)


@contextmanager
def quiet() -> Iterator[None]:
    """Context without the warnings of torchao and ExecuTorch, whose insides use deprecated parts of torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _layers(prepared: Prepared, folded: BuiltNetwork) -> dict[str, list[str]]:
    """The roundings of each layer's weights and output, by the layer's name in the network; "input" is the picture's.

    A rounding belongs to the layer whose weight or output it reads, or to the one before it.
    """
    names = {module_name(node): node.name for node in folded.network.nodes}
    roundings, layers = prepared.roundings(), dict[str, list[str]]()
    for node in prepared.graph.graph.nodes:
        if node.op == "call_module" and node.target in roundings:
            layer = names.get(owner(node.args[0]), "input")
            layers.setdefault(layer, []).append(node.target)
    return layers
