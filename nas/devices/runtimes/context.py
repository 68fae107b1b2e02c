"""Wraps an operator in cheap neighbouring layers, so that it is timed with the tensor layouts of a network.

A runtime keeps tensors in a layout of its own and converts them where a graph begins and ends. Of one operator those
conversions can be most of the time; of a network they are next to nothing. Between cheap neighbours the operator gets
its tensors as in a network; a device then times what lies between them.

The neighbours are depthwise 1x1 convolutions. Those before have an activation, without which a runtime would draw an
`Add` into them. A tensor of three channels is taken to be the image itself, with nothing before it: where conversion
of the image is due, it is its first reader's cost.
"""

from nas.space import INPUT, Activation, Add, Conv, Linear, Network, Node, Operator, Shape

BEFORE = ("before_left", "before_right")
AFTER = "after"
OPERATOR = "operator"
IMAGE_CHANNELS = 3


def input_shapes(op: Operator) -> tuple[Shape, ...]:
    shape: Shape = op.input  # type: ignore[attr-defined]  # all operators have one
    return (shape, shape) if isinstance(op, Add) else (shape,)


def in_context(op: Operator) -> Network:
    """The operator between neighbours; nothing comes after a `Linear`, which ends every network."""
    shapes = input_shapes(op)
    is_image = shapes[0].channels == IMAGE_CHANNELS
    sources = (INPUT,) * len(shapes) if is_image else BEFORE[: len(shapes)]
    before = () if is_image else tuple(_neighbour(name, shapes[0], INPUT, "relu") for name in sources)
    after = () if isinstance(op, Linear) else (_neighbour(AFTER, op.output, OPERATOR, "none"),)
    return Network(input=shapes[0], nodes=(*before, Node(name=OPERATOR, op=op, inputs=sources), *after))


def _neighbour(name: str, shape: Shape, source: str, activation: Activation) -> Node:
    op = Conv(input=shape, width=shape.channels, kernel=1, groups=shape.channels, activation=activation)
    return Node(name=name, op=op, inputs=(source,))
