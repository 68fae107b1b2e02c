"""What the benchmark of deployment takes for a network that one would take without a search."""

import pytest
import torch

from benchmarks.deploy.networks import mobile_unet
from nas.lowering.torch_module import build, fold
from nas.space import Conv, Shape

PUBLISHED_MACS = 6_831_333_504


def test_the_yardstick_has_the_published_networks_macs() -> None:
    network = mobile_unet(Shape(3, 384, 288), PUBLISHED_MACS)
    assert network.macs == pytest.approx(PUBLISHED_MACS, rel=0.03)
    assert network.nodes[-1].op.output == Shape(1, 384, 288)
    plain = {node.name.rsplit(".")[-1] for node in network.nodes if getattr(node.op, "activation", "relu6") == "none"}
    assert plain == {"project", "head"}
    assert all(node.op.width % 8 == 0 for node in network.nodes[:-1] if isinstance(node.op, Conv))


def test_the_yardstick_computes() -> None:
    module = fold(build(mobile_unet(Shape(3, 64, 32), 10_000_000)))
    with torch.inference_mode():
        assert module(torch.rand(2, 3, 64, 32)).shape == (2, 1, 64, 32)
