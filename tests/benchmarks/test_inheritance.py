"""A wide network whose channels are sorted computes what it did, and its first channels are the important ones."""

import numpy as np
import torch

from benchmarks._inheritance import most_important_first
from nas.supernet.shared_weights import fresh, network
from tests.experiments.tiny import SPACE

LARGEST = tuple(len(choice.options) - 1 for choice in SPACE.choices)


def test_the_order_of_channels_changes_no_output() -> None:
    weights = fresh(SPACE, seed=0)
    found = most_important_first(SPACE.lower(LARGEST), weights.tensors)
    assert any(not torch.equal(found[name], tensor) for name, tensor in weights.tensors.items())
    as_it_was = weights.network(LARGEST).eval()
    sorted_one = network(SPACE, {name: tensor.numpy() for name, tensor in found.items()}, LARGEST).eval()
    pictures = torch.from_numpy(np.random.default_rng(0).random((2, *SPACE.input), dtype=np.float32))
    torch.testing.assert_close(sorted_one(pictures), as_it_was(pictures), rtol=1e-4, atol=1e-5)


def test_first_come_the_channels_with_the_larger_weights() -> None:
    weights = fresh(SPACE, seed=0)
    found = most_important_first(SPACE.lower(LARGEST), weights.tensors)
    written = [found[f"layers.deep_0_{part}.0.weight"].abs().sum((1, 2, 3)) for part in ("expand", "depthwise")]
    assert ((written[0] + written[1]).diff() <= 1e-6).all()
