"""One set of weights for all networks of a space: each uses the first channels of every tensor.

The tensors are those of the space's largest network, in which every choice takes its largest option. A network of the
space has copies of slices for its weights; a training step on it is written back. A step so costs what the network's
own step costs, and some copies: autograd through slices of the large tensors took 2.6 times as long. It runs without
modules, which take longer to build than a small network's step. AdamW's moments are shared in the same way.

Batch norms have no statistics here: those of one network's channels are no other's. `recalibrate` takes them from
pictures for each network before it is scored.

Source: Yu et al. 2019, "Slimmable neural networks", for the first channels and statistics of each network's own;
Guo et al. 2020, "Single path one-shot NAS", for one network a step.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from nas.lowering.torch_module import BuiltNetwork, build
from nas.space import Architecture, Space
from nas.supernet.slices import Slices, places

BETAS = (0.9, 0.95)
EPS = 1e-8
STATE = ("tensors", "first_moments", "second_moments", "counts")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWeights:
    """The full tensors by the names of a module's parameters, and AdamW's state for each.

    Attributes:
      counts: steps taken, by tensor; a tensor that a network lacks (such as of a stage's third repeat) takes none.
    """

    space: Space
    tensors: Mapping[str, Tensor]
    first_moments: Mapping[str, Tensor]
    second_moments: Mapping[str, Tensor]
    counts: Mapping[str, Tensor] = field(repr=False)

    def network(self, architecture: Architecture) -> BuiltNetwork:
        """A network of its own with copies of its slices, channels last, in training mode."""
        return network(self.space, {name: tensor.numpy() for name, tensor in self.tensors.items()}, architecture)

    def state(self) -> dict[str, dict[str, Tensor]]:
        """All tensors, as `restore` takes them."""
        return {name: dict(getattr(self, name)) for name in STATE}

    def restore(self, state: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Take over what `state` gave, in place.

        Raises:
          KeyError, RuntimeError: it is of another space.
        """
        for name in STATE:
            for key, tensor in getattr(self, name).items():
                tensor.copy_(state[name][key])

    def slices(self, architecture: Architecture) -> Slices:
        """The same network for one training step."""
        return Slices(network=self.space.lower(architecture), tensors=self.tensors)

    def update(self, network: Slices | nn.Module, *, learning_rate: float, weight_decay: float) -> None:
        """One step of AdamW by the gradients, on the slices; weight decay is on convolutions' weights only."""
        named = [(name, p) for name, p in network.named_parameters() if p.grad is not None]
        for decay, some in (
            (weight_decay, [one for one in named if one[1].ndim > 1]),
            (0.0, [one for one in named if one[1].ndim <= 1]),
        ):
            self._step(some, learning_rate, decay)

    @torch.no_grad()
    def _step(self, named: list[tuple[str, Tensor]], learning_rate: float, weight_decay: float) -> None:
        slices = [_slices(self.tensors[name], parameter) for name, parameter in named]
        first, second = (
            [
                moments[name][at].clone(memory_format=torch.contiguous_format)
                for (name, _), at in zip(named, slices, strict=True)
            ]
            for moments in (self.first_moments, self.second_moments)
        )
        parameters = [parameter.detach().clone(memory_format=torch.contiguous_format) for _, parameter in named]
        adamw(
            parameters,
            [parameter.grad.contiguous() for _, parameter in named if parameter.grad is not None],
            first,
            second,
            [],
            [self.counts[name] for name, _ in named],
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=learning_rate,
            weight_decay=weight_decay,
            eps=EPS,
            maximize=False,
        )
        for i, (name, _) in enumerate(named):
            self.tensors[name][slices[i]] = parameters[i]
            self.first_moments[name][slices[i]] = first[i]
            self.second_moments[name][slices[i]] = second[i]


def network(space: Space, tensors: Mapping[str, np.ndarray], architecture: Architecture) -> BuiltNetwork:
    """A network of its own with copies of its slices of the full tensors, channels last, in training mode."""
    module = empty(space, architecture)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(torch.from_numpy(tensors[name][_slices(tensors[name], parameter)].copy()))
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub has no such overload
    return module.train()


def fresh(space: Space, *, seed: int) -> SharedWeights:
    """Untrained weights, drawn as `nas.lowering.torch_module.build` draws those of the largest network."""
    largest = tuple(_largest(choice.options) for choice in space.choices)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tensors = {name: parameter.detach() for name, parameter in build(space.lower(largest)).named_parameters()}
    return SharedWeights(
        space=space,
        tensors=tensors,
        first_moments={name: torch.zeros_like(tensor) for name, tensor in tensors.items()},
        second_moments={name: torch.zeros_like(tensor) for name, tensor in tensors.items()},
        counts={name: torch.zeros(()) for name in tensors},
    )


def recalibrate(
    module: BuiltNetwork, pictures: Iterable[Tensor], run: Callable[[BuiltNetwork, Tensor], object]
) -> None:
    """Give every batch norm the mean statistics of these batches, in place; the module ends in evaluation mode.

    Args:
      pictures: batches of input.
      run: calls the module on one.
    """
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for the plain mean over batches
    module.train()
    with torch.no_grad():
        for batch in pictures:
            run(module, batch)
    module.eval()


def empty(space: Space, architecture: Architecture) -> BuiltNetwork:
    """The module without a value in its weights: drawing them takes as long as a small step."""
    with torch.device("meta"):
        module = BuiltNetwork(space.lower(architecture), batch_norm=True)
    module.to_empty(device="cpu")
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    return module


def _slices(full: Tensor | np.ndarray, part: Tensor) -> tuple[slice, ...]:
    """The first channels; of a kernel its middle."""
    return places(full.shape, part.shape)


def _largest(options: tuple[object, ...]) -> int:
    """The place of the largest number; of names, the first."""
    numbers = [option for option in options if isinstance(option, int | float)]
    return options.index(max(numbers)) if len(numbers) == len(options) else 0
