"""The way back from a folded network, as a search leaves it, to one that can be trained further.

`nas.lowering.torch_module.fold` absorbs batch norms into the convolutions; a network without them trains badly. Here
each convolution gets one again, of which the output is what it was. With y the convolution without its bias b, and
m, v the mean and variance of y over some pictures:

    running mean m, running variance v, scale sqrt(v + eps), shift b + m    =>    (y - m) + m + b = y + b

In evaluation mode that is the same function whatever m and v are. In training mode a batch has statistics near m and
v, so the first steps start from the function that the search has found, not from noise.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nas.lowering.torch_module import BuiltNetwork


def unfold(folded: BuiltNetwork, pictures: Iterable[Float[Tensor, "_ c h w"]]) -> BuiltNetwork:
    """A network in training form, in training mode, with the function of `folded`.

    Args:
      pictures: batches of inputs whose statistics the batch norms take; at least one.
    """
    moments = _moments(folded, pictures)
    module = BuiltNetwork(folded.network, batch_norm=True)
    for name, layer in module.layers.items():
        if isinstance(layer, nn.Sequential) and isinstance(layer[1], nn.BatchNorm2d):
            source = folded.layers[name]
            assert isinstance(source, nn.Sequential)
            _fill(layer[0], layer[1], source[0], moments[name])
        else:
            layer.load_state_dict(folded.layers[name].state_dict())
    return module.train()


@dataclass(slots=True, kw_only=True, eq=False)
class _Moments:
    """Sums over pixels and pictures, by channel."""

    count: int = 0
    total: Float[Tensor, " c"] | float = 0.0
    squares: Float[Tensor, " c"] | float = 0.0

    def see(self, values: Float[Tensor, "_ c _ _"]) -> None:
        exact = values.double()
        self.count += exact.numel() // exact.shape[1]
        self.total = self.total + exact.sum((0, 2, 3))
        self.squares = self.squares + exact.square().sum((0, 2, 3))

    def mean_and_variance(self) -> tuple[Float[Tensor, " c"], Float[Tensor, " c"]]:
        mean = torch.as_tensor(self.total) / self.count
        return mean, (torch.as_tensor(self.squares) / self.count - mean.square()).clamp(min=0)


def _moments(folded: BuiltNetwork, pictures: Iterable[Float[Tensor, "_ c h w"]]) -> dict[str, _Moments]:
    """Statistics of each convolution's output without its bias."""
    moments: dict[str, _Moments] = {}
    hooks = []
    for name, layer in folded.layers.items():
        if isinstance(layer, nn.Sequential) and isinstance(layer[0], nn.Conv2d):
            seen = moments[name] = _Moments()

            def look(convolution: nn.Module, _: object, output: Tensor, seen: _Moments = seen) -> None:
                assert isinstance(convolution, nn.Conv2d) and convolution.bias is not None
                seen.see(output - convolution.bias.view(-1, 1, 1))

            hooks.append(layer[0].register_forward_hook(look))
    try:
        with torch.inference_mode():
            for batch in pictures:
                folded(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return moments


def _fill(convolution: nn.Module, norm: nn.BatchNorm2d, source: nn.Module, moments: _Moments) -> None:
    assert isinstance(convolution, nn.Conv2d) and isinstance(source, nn.Conv2d) and source.bias is not None
    mean, variance = moments.mean_and_variance()
    with torch.no_grad():
        convolution.weight.copy_(source.weight)
        assert norm.running_mean is not None and norm.running_var is not None
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.copy_(source.bias + mean)
