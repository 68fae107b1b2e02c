"""What a stage's `op` stands for: each block lowers one stage to operators.

A block is a function of the stage's name, its source (name and shape of the tensor that feeds it) and its settled
fields; it returns the stage's nodes in execution order. A space names blocks by the keys of `BLOCKS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from nas.ops import Add, Conv, Node, Operator, Shape, Upsample, UpsampleMode

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
    """A tensor on its way through a block: the node that made it, and its shape."""

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
    chain = _Chain(source)
    for i in range(fields.repeat):
        stride = fields.stride if i == 0 else 1
        op = Conv(input=chain.latest.shape, width=fields.width, kernel=fields.kernel, stride=stride, activation="relu")
        chain.then(f"{name}.{i}.conv", op)
    return tuple(chain.nodes)


def head(name: str, source: Tensor, fields: BlockFields) -> tuple[Node, ...]:
    """One convolution without an activation: the network's answer may be of either sign."""
    op = Conv(input=source.shape, width=fields.width, kernel=fields.kernel, stride=fields.stride)
    return (Node(name=f"{name}.head", op=op, inputs=(source.name,)),)


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


BLOCKS: dict[str, Block] = {"conv": conv, "head": head, "trb": trb}
# Fields that a block does not read: a stage that sets one would say what it does not do.
UNREAD: dict[str, tuple[str, ...]] = {"conv": ("expansion", "upsample"), "head": ("expansion", "repeat", "upsample")}
