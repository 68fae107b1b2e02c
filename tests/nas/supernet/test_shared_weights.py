"""Shared weights: a network's own step is the step on its slices, and leaves every other channel alone."""

import numpy as np
import pytest
import torch

from nas.lowering.torch_module import build
from nas.space import Architecture
from nas.supernet.shared_weights import SharedWeights, empty, fresh, recalibrate
from search_spaces import mobilenet
from tests.experiments.tiny import SPACE

LARGEST = tuple(len(choice.options) - 1 for choice in SPACE.choices)
SMALL: Architecture = (0,) * SPACE.num_decisions


def loss(output: torch.Tensor) -> torch.Tensor:
    """Against noise: by a mean of squares what a batch norm gives out could not tell weights apart."""
    target = torch.rand(output.shape, generator=torch.Generator().manual_seed(5))
    return (output - target).square().mean()


def stepped(weights: SharedWeights, architecture: Architecture, *, seed: int = 0) -> torch.Tensor:
    """One step; the module's output before it."""
    module = weights.network(architecture)
    torch.manual_seed(seed)
    output = module(torch.rand(4, *SPACE.input))
    loss(output).backward()
    weights.update(module, learning_rate=1e-2, weight_decay=1e-2)
    return output.detach()


@pytest.mark.slow
def test_every_network_of_the_space_fits_into_the_tensors() -> None:
    weights = fresh(SPACE, seed=0)
    for row in SPACE.sample(20, np.random.default_rng(0)).tolist():
        module = weights.network(tuple(row))
        assert module(torch.rand(2, *SPACE.input)).shape == (2, 1, *SPACE.input[1:])
        for name, parameter in module.named_parameters():
            part = weights.tensors[name][tuple(slice(0, n) for n in parameter.shape)]
            torch.testing.assert_close(parameter.detach(), part, rtol=0, atol=0)


def test_the_largest_is_drawn_as_it_is_alone() -> None:
    torch.manual_seed(3)
    alone = build(SPACE.lower(LARGEST))
    for name, parameter in fresh(SPACE, seed=3).network(LARGEST).named_parameters():
        torch.testing.assert_close(parameter, alone.get_parameter(name), rtol=0, atol=0)


def test_a_step_is_the_step_of_adamw_on_the_network_alone() -> None:
    weights, row = fresh(SPACE, seed=0), tuple(SPACE.sample(1, np.random.default_rng(1))[0].tolist())
    alone = weights.network(row)
    groups = [
        {"params": [p for p in alone.parameters() if p.ndim > 1], "weight_decay": 1e-2},
        {"params": [p for p in alone.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95), fused=True)
    for seed in range(3):
        torch.manual_seed(seed)
        optimiser.zero_grad()
        output = alone(torch.rand(4, *SPACE.input))
        loss(output).backward()
        optimiser.step()
        torch.testing.assert_close(stepped(weights, row, seed=seed), output.detach(), rtol=1e-4, atol=1e-5)
    shared = dict(weights.network(row).named_parameters())
    for name, parameter in alone.named_parameters():
        torch.testing.assert_close(shared[name], parameter, rtol=1e-4, atol=1e-5)


def test_its_slices_answer_and_learn_as_its_module_does() -> None:
    """The conv stem, expansion, depthwise, upsampling, addition and head are all in this space."""
    for row in SPACE.sample(3, np.random.default_rng(2)).tolist():
        weights = fresh(SPACE, seed=0)
        module, slices = weights.network(tuple(row)), weights.slices(tuple(row))
        image = torch.rand(4, *SPACE.input)
        for network in (module, slices):
            loss(network(image)).backward()
        torch.testing.assert_close(slices(image), module(image), rtol=1e-5, atol=1e-6)
        found, wanted = dict(slices.named_parameters()), dict(module.named_parameters())
        assert found.keys() == wanted.keys()
        for name, parameter in wanted.items():
            torch.testing.assert_close(found[name], parameter, rtol=0, atol=0)
            torch.testing.assert_close(found[name].grad, parameter.grad, rtol=1e-3, atol=1e-6)
        weights.update(slices, learning_rate=1e-2, weight_decay=1e-2)
        twin = fresh(SPACE, seed=0)
        twin.update(module, learning_rate=1e-2, weight_decay=1e-2)
        for name, tensor in twin.tensors.items():
            torch.testing.assert_close(weights.tensors[name], tensor, rtol=1e-4, atol=1e-5)


def test_networks_that_end_in_classes_share_weights_too() -> None:
    space = mobilenet.SPACE
    weights, row = fresh(space, seed=0), tuple(space.sample(1, np.random.default_rng(0))[0].tolist())
    module, slices, image = weights.network(row), weights.slices(row), torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(slices(image), module(image), rtol=1e-3, atol=1e-4)


def test_channels_that_a_network_does_not_use_stay_as_they_are() -> None:
    weights = fresh(SPACE, seed=0)
    before = {name: tensor.clone() for name, tensor in weights.tensors.items()}
    stepped(weights, SMALL)
    used = dict(empty(SPACE, SMALL).named_parameters())
    changed = 0
    for name, tensor in weights.tensors.items():
        inside = torch.zeros_like(tensor, dtype=torch.bool)
        inside[tuple(slice(0, n) for n in used[name].shape)] = True
        assert torch.equal(tensor[~inside], before[name][~inside])
        changed += int((tensor != before[name]).sum())
    assert changed > 0.9 * sum(parameter.numel() for parameter in used.values())


def test_what_one_network_learns_another_has() -> None:
    weights = fresh(SPACE, seed=0)
    before = weights.network(SMALL).get_parameter("layers.stem_0_conv.0.weight").clone()
    stepped(weights, LARGEST)
    assert not torch.equal(before, weights.network(SMALL).get_parameter("layers.stem_0_conv.0.weight"))


def test_batch_norms_take_the_mean_statistics_of_the_pictures() -> None:
    module = fresh(SPACE, seed=0).network(SMALL)
    torch.manual_seed(0)
    batches = [torch.rand(8, *SPACE.input) for _ in range(3)]
    recalibrate(module, batches, lambda network, batch: network(batch))
    norm, convolution = module.layers["stem_0_conv"][1], module.layers["stem_0_conv"][0]
    assert isinstance(norm, torch.nn.BatchNorm2d) and not module.training
    means = torch.stack([convolution(batch).mean(dim=(0, 2, 3)) for batch in batches])
    torch.testing.assert_close(norm.running_mean, means.mean(dim=0).detach(), rtol=1e-4, atol=1e-5)
