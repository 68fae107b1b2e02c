"""The operator vocabulary: every layer that a network can hold, its output shape and what it costs.

One class per operator, and nothing else in the project knows a formula for a shape or a cost: meters, modules, latency
tables and exports all start from these objects, so they cannot drift apart. No torch here.

Counting: batch norms are folded, so a convolution has a bias per output channel and no other parameter (torchvision
counts a batch norm's weight and bias instead: one number per channel more); `macs` are multiply-accumulates of
convolutions and matrix products (what fvcore prints as flops); activations, additions, resampling and pooling have
none, and say so.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

Activation = Literal["none", "relu", "relu6"]
UpsampleMode = Literal["nearest", "bilinear"]


class Shape(NamedTuple):
    """Extent of one image's tensor; the batch is left out."""

    channels: int
    height: int
    width: int

    @property
    def num_elements(self) -> int:
        return self.channels * self.height * self.width

    def __str__(self) -> str:
        return f"{self.channels}x{self.height}x{self.width}"


@runtime_checkable  # the test run checks the types of arguments
class Operator(Protocol):
    """Protocol of an operator: output shape, macs, parameters and latency key; all counts are for one image."""

    @property
    def output(self) -> Shape: ...

    @property
    def macs(self) -> int: ...

    @property
    def num_weights(self) -> int: ...

    @property
    def num_biases(self) -> int: ...

    @property
    def key(self) -> str:
        """Key of the operator's row in a latency table: equal keys cost the same time on one device."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv:
    """Convolution with `kernel // 2` padding, batch norm (folded when counted) and an optional activation.

    `groups == input.channels == width` makes it depthwise.
    """

    input: Shape
    width: int
    kernel: int
    stride: int = 1
    groups: int = 1
    activation: Activation = "none"

    @property
    def output(self) -> Shape:
        return Shape(self.width, (self.input.height - 1) // self.stride + 1, (self.input.width - 1) // self.stride + 1)

    @property
    def macs(self) -> int:
        _, height, width = self.output
        return self.num_weights * height * width

    @property
    def num_weights(self) -> int:
        return self.width * (self.input.channels // self.groups) * self.kernel**2

    @property
    def num_biases(self) -> int:
        return self.width

    @property
    def key(self) -> str:
        return (
            f"conv k{self.kernel} s{self.stride} g{self.groups} {self.activation} "
            f"{self.input.channels}>{self.width} @{self.input.height}x{self.input.width}"
        )


class _Weightless:
    """Base of resampling, adding and pooling: by the counting above they have no macs and no parameters, only time."""

    __slots__ = ()

    @property
    def macs(self) -> int:
        return 0

    @property
    def num_weights(self) -> int:
        return 0

    @property
    def num_biases(self) -> int:
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsample(_Weightless):
    """Doubles height and width. The mode is part of the key: runtimes time nearest and bilinear very differently."""

    input: Shape
    mode: UpsampleMode

    @property
    def output(self) -> Shape:
        return Shape(self.input.channels, 2 * self.input.height, 2 * self.input.width)

    @property
    def key(self) -> str:
        return f"upsample {self.mode} {self.input.channels} @{self.input.height}x{self.input.width}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(_Weightless):
    """Element-wise sum of two tensors of one shape: a residual, or the join of a skip connection."""

    input: Shape

    @property
    def output(self) -> Shape:
        return self.input

    @property
    def key(self) -> str:
        return f"add {self.input.channels} @{self.input.height}x{self.input.width}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalPool(_Weightless):
    """Global average pooling: the mean of each channel over height and width; the output is one pixel."""

    input: Shape

    @property
    def output(self) -> Shape:
        return Shape(self.input.channels, 1, 1)

    @property
    def key(self) -> str:
        return f"global_pool {self.input.channels} @{self.input.height}x{self.input.width}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Fully connected layer: product of all of the input's elements, plus a bias. The tensor is flat, [n, width]."""

    input: Shape
    width: int

    @property
    def output(self) -> Shape:
        return Shape(self.width, 1, 1)

    @property
    def macs(self) -> int:
        return self.num_weights

    @property
    def num_weights(self) -> int:
        return self.width * self.input.num_elements

    @property
    def num_biases(self) -> int:
        return self.width

    @property
    def key(self) -> str:
        return f"linear {self.input.num_elements}>{self.width}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operator in a network's graph: `inputs` are names of earlier nodes, or `INPUT` for the image."""

    name: str
    op: Operator
    inputs: tuple[str, ...]


INPUT = "input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A lowered architecture: operators with shapes, in execution order; the last node's tensor is the output.

    `side_multiple` is what height and width of any input must divide by for skip connections to meet.
    """

    input: Shape
    nodes: tuple[Node, ...]
    side_multiple: int = 1

    @property
    def output(self) -> Shape:
        return self.nodes[-1].op.output

    @property
    def macs(self) -> int:
        return sum(node.op.macs for node in self.nodes)

    @property
    def params(self) -> int:
        return sum(node.op.num_weights + node.op.num_biases for node in self.nodes)
