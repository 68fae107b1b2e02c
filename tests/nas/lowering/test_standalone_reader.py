"""A network's source read back: the same network, and nothing but a network."""

import pytest
import torch

from nas.lowering.standalone import restored, source, state
from nas.lowering.standalone_reader import SourceError, read_source
from nas.space import Network
from tests.nas.lowering.test_standalone import networks, small, trained_like


@pytest.mark.parametrize("network", networks(), ids=lambda network: str(network.output))
def test_what_is_read_back_computes_the_same(network: Network) -> None:
    folded = trained_like(network)
    read = read_source(source(network, 'A "winner".', input="RGB", output="depth"))
    again = restored(read, state(folded))
    picture = torch.rand(1, *network.input)
    assert torch.equal(again(picture), folded(picture))
    assert (read.macs, read.params, read.side_multiple) == (network.macs, network.params, network.side_multiple)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    (
        ("return x", "return __import__('os').getcwd()", "is not as nas wrote it: return __import__"),
        ("F.relu(", "F.gelu(", "is not as nas wrote it: F.gelu"),
        ("nn.Conv2d(3, 4, 5", "nn.Conv2d(3, 4, open('x')", "is not as nas wrote it"),
        ("nn.Conv2d(3,", "nn.Conv2d(7,", "is not as nas wrote it: nn.Conv2d"),
        ("class Winner", "class Loser", "is not as nas wrote it"),
        ("searched at", "found at", "do not say what it was searched at"),
        ("def forward", "def backward(", "is not as nas wrote it"),
    ),
)
def test_what_was_changed_is_refused_and_not_executed(old: str, new: str, said: str) -> None:
    text = source(small("trb"), "A winner.")
    assert old in text
    with pytest.raises(SourceError) as refused:
        read_source(text.replace(old, new))
    assert said in str(refused.value)
