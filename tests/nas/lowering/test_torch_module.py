"""Built modules: they train, they fold without changing their answer, and they count what the table says."""

from dataclasses import dataclass, replace
from typing import cast

import pytest
import torch

from nas.lowering.torch_module import build, count_params, fold, make_layer, module_name
from nas.space import Network, Operator, Shape
from search_spaces.tiefenrausch import SPACE

SMALL = replace(SPACE, input=Shape(3, 64, 32))


def smallest() -> Network:
    return SMALL.lower((0,) * SMALL.num_decisions)


def test_one_training_step_lowers_the_loss_of_its_batch() -> None:
    torch.manual_seed(0)
    module = build(smallest()).train()
    image, target = torch.rand(2, 3, 64, 32), torch.rand(2, 1, 64, 32)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.05)
    losses = []
    for _ in range(3):
        loss = torch.nn.functional.mse_loss(module(image), target)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()
        losses.append(loss.item())
    assert all(parameter.grad is not None for parameter in module.parameters())
    assert losses[-1] < losses[0]


def test_the_output_has_the_inputs_size() -> None:
    module = build(smallest()).eval()
    for height, width in ((64, 32), (32, 96)):
        assert module(torch.zeros(1, 3, height, width)).shape == (1, 1, height, width)


def test_sides_that_do_not_divide_are_refused() -> None:
    module = build(smallest()).eval()
    with pytest.raises(ValueError, match="must be multiples of 32, got 64x50; resize or pad the image to 64x64"):
        module(torch.zeros(1, 3, 64, 50))


def test_folding_keeps_the_answer() -> None:
    torch.manual_seed(0)
    module = build(smallest())
    module.train()
    with torch.no_grad():
        module(torch.rand(4, 3, 64, 32))  # gives the batch norms statistics of their own
    module.eval()
    folded = fold(module)
    image = torch.rand(2, 3, 64, 32)
    with torch.no_grad():
        assert torch.allclose(module(image), folded(image), rtol=1e-4, atol=1e-5)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded.modules())
    assert any(isinstance(layer, torch.nn.BatchNorm2d) for layer in module.modules())


def test_parameters_are_torchs() -> None:
    network = SMALL.lower(SMALL.reference("published"))
    assert network.params == 3_550_841
    unfolded, folded = build(network), fold(build(network))
    assert count_params(folded) == network.params
    # A batch norm holds two numbers per channel, where the folded convolution has one bias.
    assert count_params(unfolded) == network.params + sum(node.op.num_biases for node in network.nodes)


def test_submodules_read_like_the_network() -> None:
    network = smallest()
    module = build(network)
    assert list(module.layers) == [module_name(node) for node in network.nodes]
    assert "layers.2C_0_expand.0.weight" in module.state_dict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """An operator that no builder knows."""

    input: Shape


def test_an_operator_without_a_layer_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"operator Softmax has no torch layer; add it to nas\.lowering\.torch_module\.make_layer"
    ):
        make_layer.__wrapped__(cast(Operator, Softmax(input=Shape(1, 1, 1))), False)  # type: ignore[attr-defined]
