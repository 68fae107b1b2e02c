import pytest
import torch

from nas.lowering.repeat import Repeat, with_repeats
from nas.lowering.torch_module import build, fold
from nas.space import Shape
from search_spaces import tiny


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 4, 5), (1, 8, 7, 2)])
def test_it_is_nearest_upsampling_to_the_bit(shape: tuple[int, ...]) -> None:
    image = torch.randn(shape)
    wanted = torch.nn.functional.interpolate(image, scale_factor=2, mode="nearest")
    assert torch.equal(Repeat()(image), wanted)
    for_layout = image.contiguous(memory_format=torch.channels_last)
    assert torch.equal(Repeat()(for_layout), wanted)


def test_a_network_with_it_is_the_same_network() -> None:
    folded = fold(build(tiny.SPACE.lower(tiny.SPACE.reference("middle"))))
    image = torch.rand(2, *Shape(3, 32, 32))
    twin = with_repeats(folded)
    assert torch.equal(twin(image), folded(image))
    assert any(isinstance(layer, Repeat) for layer in twin.layers.values())
    assert not any(isinstance(layer, Repeat) for layer in folded.layers.values())
