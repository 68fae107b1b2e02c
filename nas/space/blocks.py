"""Blocks: functions that lower one stage to operators, named by the stage's `op`.

A block is a function of the stage's name, its source (name and shape of the tensor that feeds it) and its settled
fields; it returns the stage's nodes in execution order. A space names blocks by the keys of `BLOCKS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from nas.space.ops import Activation, Add, Conv, GlobalPool, Linear, Node, Operator, Shape, Upsample, UpsampleMode

Resize = Literal["none"] | UpsampleMode
KEEP_SIZE: Literal["none"] = "none"
UPSAMPLE_OPTIONS: tuple[str, ...] = (KEEP_SIZE, *get_args(UpsampleMode))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFields:
    """A stage's fields with every choice settled. `expansion` multiplies the input width of each repeat."""

    width: int
    expansion: int
    kernel: int
    stride: int
    repeat: int
    upsample: Resize

    def resize(self, shape: Shape) -> Shape:
        """Shape after the stage; only its first repeat changes height and width."""
        factor = 1 if self.upsample == KEEP_SIZE else 2
        height, width = ((factor * side - 1) // self.stride + 1 for side in shape[1:])
        return Shape(self.width, height, width)


class Tensor(NamedTuple):
    """An intermediate tensor within a block: the node that made it, and its shape."""

    name: str
    shape: Shape


class _Chain:
    """Nodes under construction; `then` appends one operator fed by the latest tensor and by `also`."""

    def __init__(self, source: Tensor) -> None:
        self.nodes: list[Node] = []
        self.latest = source

    def then(self, name: str, op: Operator, *also: Tensor) -> None:
        self.nodes.append(Node(name=name, op=op, inputs=(self.latest.name, *(tensor.name for tensor in also))))
        self.latest = Tensor(name, op.output)


Block = Callable[[str, Tensor, BlockFields], tuple[Node, ...]]


def conv(name: str, source: Tensor, fields: BlockFields) -> tuple[Node, ...]:
    """`repeat` convolutions with ReLU; the first one carries the stride."""
    return _convolutions(name, source, fields, "relu")


def conv_relu6(name: str, source: Tensor, fields: BlockFields) -> tuple[Node, ...]:
    """`repeat` convolutions with ReLU6, as in the MobileNets; the first one carries the stride."""
    return _convolutions(name, source, fields, "relu6")


def _convolutions(name: str, source: Tensor, fields: BlockFields, activation: Activation) -> tuple[Node, ...]:
    chain = _Chain(source)
    for i in range(fields.repeat):
        stride, shape = fields.stride if i == 0 else 1, chain.latest.shape
        op = Conv(input=shape, width=fields.width, kernel=fields.kernel, stride=stride, activation=activation)
        chain.then(f"{name}.{i}.conv", op)
    return tuple(chain.nodes)


def head(name: str, source: Tensor, fields: BlockFields) -> tuple[Node, ...]:
    """One convolution without an activation: the network's output may be of either sign."""
    op = Conv(input=source.shape, width=fields.width, kernel=fields.kernel, stride=fields.stride)
    return (Node(name=f"{name}.head", op=op, inputs=(source.name,)),)


def classifier(name: str, source: Tensor, fields: BlockFields) -> tuple[Node, ...]:
    """Global average pooling, then a fully connected layer with one output for each of `width` classes."""
    chain = _Chain(source)
    chain.then(f"{name}.pool", GlobalPool(input=source.shape))
    chain.then(f"{name}.linear", Linear(input=chain.latest.shape, width=fields.width))
    return tuple(chain.nodes)


def trb(name: str, source: Tensor, fields: BlockFields) -> tuple[Node, ...]:
    """`repeat` inverted residual blocks after FBNet: expand, (upsample), depthwise, project, (add).

    The depthwise and projecting convolutions have no activation. Source: Wu et al., "FBNet", CVPR 2019, figure 3;
    Kopf et al., "One Shot 3D Photography", 2020, section 4.1.
    """
    chain = _Chain(source)
    for i in range(fields.repeat):
        _inverted_residual(chain, f"{name}.{i}", fields, first=i == 0)
    return tuple(chain.nodes)


def _inverted_residual(chain: _Chain, name: str, fields: BlockFields, *, first: bool) -> None:
    entry = chain.latest
    stride = fields.stride if first else 1
    upsample = fields.upsample if first else KEEP_SIZE
    expanded = fields.expansion * entry.shape.channels
    chain.then(f"{name}.expand", Conv(input=entry.shape, width=expanded, kernel=1, activation="relu"))
    if upsample != KEEP_SIZE:
        chain.then(f"{name}.upsample", Upsample(input=chain.latest.shape, mode=upsample))
    depthwise = Conv(input=chain.latest.shape, width=expanded, kernel=fields.kernel, stride=stride, groups=expanded)
    chain.then(f"{name}.depthwise", depthwise)
    chain.then(f"{name}.project", Conv(input=chain.latest.shape, width=fields.width, kernel=1))
    if chain.latest.shape == entry.shape and stride == 1 and upsample == KEEP_SIZE:
        chain.then(f"{name}.add", Add(input=entry.shape), entry)


def mbconv(name: str, source: Tensor, fields: BlockFields) -> tuple[Node, ...]:
    """`repeat` inverted residual blocks as in MobileNetV2: expand, depthwise, project, (add), with ReLU6.

    Unlike `trb`, the depthwise convolution has an activation, and with expansion 1 there is no expanding one.
    Source: Sandler et al., "MobileNetV2", CVPR 2018, table 1 and figure 3b.
    """
    chain = _Chain(source)
    for i in range(fields.repeat):
        _mobile_block(chain, f"{name}.{i}", fields, stride=fields.stride if i == 0 else 1)
    return tuple(chain.nodes)


def _mobile_block(chain: _Chain, name: str, fields: BlockFields, *, stride: int) -> None:
    entry = chain.latest
    expanded = fields.expansion * entry.shape.channels
    if fields.expansion > 1:
        chain.then(f"{name}.expand", Conv(input=entry.shape, width=expanded, kernel=1, activation="relu6"))
    depthwise = Conv(
        input=chain.latest.shape, width=expanded, kernel=fields.kernel, stride=stride, groups=expanded,
        activation="relu6",
    )  # fmt: skip
    chain.then(f"{name}.depthwise", depthwise)
    chain.then(f"{name}.project", Conv(input=chain.latest.shape, width=fields.width, kernel=1))
    if chain.latest.shape == entry.shape and stride == 1:
        chain.then(f"{name}.add", Add(input=entry.shape), entry)


BLOCKS: dict[str, Block] = {
    "classifier": classifier, "conv": conv, "conv_relu6": conv_relu6, "head": head, "mbconv": mbconv, "trb": trb
}  # fmt: skip
# Fields that a block does not read: a stage that sets one would say what it does not do.
UNREAD: dict[str, tuple[str, ...]] = {
    "classifier": ("expansion", "kernel", "stride", "repeat", "upsample"),
    "conv": ("expansion", "upsample"),
    "conv_relu6": ("expansion", "upsample"),
    "head": ("expansion", "repeat", "upsample"),
    "mbconv": ("upsample",),
}
# Blocks whose output is no picture any more: no other stage can read it.
FINAL: tuple[str, ...] = ("classifier",)
