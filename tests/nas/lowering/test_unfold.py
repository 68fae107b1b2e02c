from dataclasses import replace

import pytest
import torch

from nas.lowering.standalone import restored, state
from nas.lowering.torch_module import BuiltNetwork, build, fold
from nas.lowering.unfold import unfold
from nas.space import Network, Shape
from search_spaces import mobilenet, tiny

SPACE = replace(tiny.SPACE, input=Shape(3, 16, 16))
NETWORK = SPACE.lower(SPACE.reference("middle"))


def seen(network: Network) -> tuple[BuiltNetwork, torch.Tensor]:
    """A network whose batch norms have statistics of their own, and a batch."""
    torch.manual_seed(0)
    module, batch = build(network), torch.rand(8, *network.input)
    with torch.no_grad():
        for _ in range(20):
            module.train()(batch)
        for layer in module.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.weight.uniform_(0.5, 1.5)
                layer.bias.normal_()
    return module, batch


def small_classifier() -> Network:
    space = replace(mobilenet.SPACE, input=Shape(3, 32, 32))
    return space.lower((0,) * space.num_decisions)


@pytest.mark.parametrize("network", [NETWORK, small_classifier()], ids=["u-net", "classifier"])
def test_in_either_mode_it_gives_what_the_folded_one_gives(network: Network) -> None:
    module, batch = seen(network)
    folded = fold(module)
    wanted = folded(batch)
    again = unfold(folded, [batch])
    assert again.training
    with torch.no_grad():
        in_training = again(batch)  # normalised with the batch's own statistics, which are those it was unfolded with
        in_evaluation = unfold(folded, [batch]).eval()(batch)
    largest = wanted.abs().max()
    assert (in_evaluation - wanted).abs().max() < 1e-4 * largest
    assert (in_training - wanted).abs().max() < 1e-3 * largest


def test_it_is_the_inverse_of_folding() -> None:
    module, batch = seen(NETWORK)
    folded = fold(module)
    again = fold(unfold(folded, torch.split(batch, 3)))
    for name, value in folded.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=1e-4, atol=1e-4)


def test_a_silent_channel_stays_silent() -> None:
    module, batch = seen(NETWORK)
    folded = fold(module)
    convolution = next(layer for layer in folded.modules() if isinstance(layer, torch.nn.Conv2d))
    with torch.no_grad():
        convolution.weight[0] = 0
        again = unfold(folded, [batch])(batch)
    torch.testing.assert_close(again, folded(batch), rtol=1e-3, atol=1e-4)


def test_weights_find_back_to_their_architecture_only() -> None:
    folded = fold(seen(NETWORK)[0])
    named = state(folded)
    twin = restored(NETWORK, named)
    picture = torch.rand(1, *NETWORK.input)
    assert torch.equal(twin(picture), folded(picture))
    narrow = SPACE.lower(SPACE.architecture({**SPACE.references["middle"], "width": 4}))
    with pytest.raises(
        ValueError, match=r"stem_0_conv\.weight is \(8, 3, 3, 3\) where .* has \(4, 3, 3, 3\); give the two"
    ):
        restored(narrow, named)
    shallow = SPACE.lower(SPACE.architecture({**SPACE.references["middle"], "depth": 1}))
    with pytest.raises(ValueError, match=r"sdown_1_\w+\.\w+ is no layer of it"):
        restored(shallow, named)
    with pytest.raises(ValueError, match=r"sdown_1_\w+\.\w+ has none"):
        restored(NETWORK, state(restored(shallow, state(fold(build(shallow))))))
