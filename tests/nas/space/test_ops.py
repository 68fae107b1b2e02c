"""Shapes and counts of single operators against torch and hand counts."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.lowering.torch_module import count_params, make_layer
from nas.space.ops import Activation, Add, Conv, GlobalPool, Linear, Network, Node, Operator, Shape, Upsample


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3, 5]), st.sampled_from([1, 2, 3]), st.integers(3, 9),
    st.integers(3, 9), st.booleans(),
)  # fmt: skip
def test_a_convolution_is_torchs(
    channels: int, width: int, kernel: int, stride: int, height: int, side: int, depthwise: bool
) -> None:
    groups, width = (channels, channels) if depthwise else (1, width)
    op = Conv(input=Shape(channels, height, side), width=width, kernel=kernel, stride=stride, groups=groups)
    layer = make_layer(op, batch_norm=False)
    assert tuple(layer(torch.zeros(1, *op.input)).shape[1:]) == op.output
    assert count_params(layer) == op.num_weights + op.num_biases
    assert op.macs == op.num_weights * op.output.height * op.output.width


def test_a_convolution_counts_as_by_hand() -> None:
    op = Conv(input=Shape(3, 384, 288), width=48, kernel=3)
    assert (op.num_weights, op.num_biases, op.macs) == (1296, 48, 1296 * 384 * 288)
    strided = Conv(input=Shape(8, 9, 7), width=8, kernel=3, stride=2, groups=8)
    assert strided.output == Shape(8, 5, 4)
    assert strided.macs == 8 * 9 * 5 * 4


@pytest.mark.parametrize(
    ("op", "output"),
    [
        (Upsample(input=Shape(4, 3, 5), mode="nearest"), Shape(4, 6, 10)),
        (Upsample(input=Shape(4, 3, 5), mode="bilinear"), Shape(4, 6, 10)),
        (Add(input=Shape(4, 3, 5)), Shape(4, 3, 5)),
        (GlobalPool(input=Shape(4, 3, 5)), Shape(4, 1, 1)),
    ],
)
def test_the_rest_has_a_shape_and_costs_nothing(op: Operator, output: Shape) -> None:
    tensors = [torch.zeros(1, 4, 3, 5)] * (2 if isinstance(op, Add) else 1)
    assert tuple(make_layer(op, batch_norm=False)(*tensors).shape[1:]) == output == op.output
    assert (op.macs, op.num_weights, op.num_biases) == (0, 0, 0)


@pytest.mark.parametrize("shape", [Shape(6, 1, 1), Shape(2, 3, 4)])
def test_a_linear_operator_is_torchs(shape: Shape) -> None:
    op = Linear(input=shape, width=5)
    layer = make_layer(op, batch_norm=False)
    assert layer(torch.zeros(2, *shape)).shape == (2, 5)
    assert op.output == Shape(5, 1, 1)
    assert count_params(layer) == op.num_weights + op.num_biases == 5 * shape.num_elements + 5
    assert op.macs == 5 * shape.num_elements


@pytest.mark.parametrize(("activation", "top"), [("none", 9.0), ("relu", 9.0), ("relu6", 6.0)])
def test_an_activation_is_torchs(activation: Activation, top: float) -> None:
    op = Conv(input=Shape(1, 1, 1), width=1, kernel=1, activation=activation)
    layer = make_layer(op, batch_norm=False)
    torch.nn.init.ones_(layer[0].weight)  # type: ignore[index]  # a convolution comes in a Sequential
    torch.nn.init.zeros_(layer[0].bias)  # type: ignore[index]  # as above
    bottom = -9.0 if activation == "none" else 0.0
    assert layer(torch.tensor([-9.0, 9.0]).reshape(2, 1, 1, 1)).flatten().tolist() == [bottom, top]


def test_keys_tell_apart_what_a_device_times_differently() -> None:
    shape = Shape(8, 16, 12)
    ops = [
        Conv(input=shape, width=8, kernel=3),
        Conv(input=shape, width=8, kernel=3, activation="relu"),
        Conv(input=shape, width=8, kernel=3, activation="relu6"),
        Conv(input=shape, width=8, kernel=3, groups=8),
        Conv(input=shape, width=8, kernel=3, stride=2),
        Conv(input=shape, width=8, kernel=1),
        Conv(input=shape, width=16, kernel=1),
        Conv(input=Shape(8, 12, 16), width=8, kernel=3),
        Upsample(input=shape, mode="nearest"),
        Upsample(input=shape, mode="bilinear"),
        Add(input=shape),
        GlobalPool(input=shape),
        Linear(input=shape, width=8),
    ]
    assert len({op.key for op in ops}) == len(ops)
    assert ops[0].key == Conv(input=shape, width=8, kernel=3).key


def test_a_network_sums_its_nodes() -> None:
    first = Conv(input=Shape(3, 8, 8), width=4, kernel=3)
    second = Conv(input=first.output, width=2, kernel=1)
    nodes = (Node(name="a", op=first, inputs=("input",)), Node(name="b", op=second, inputs=("a",)))
    network = Network(input=Shape(3, 8, 8), nodes=nodes)
    assert network.macs == first.macs + second.macs
    assert network.params == 108 + 4 + 8 + 2
    assert network.output == Shape(2, 8, 8)
    assert str(network.output) == "2x8x8"
    assert network.output.num_elements == 128
