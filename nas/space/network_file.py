"""A lowered network as plain values, for JSON: whoever has the file needs neither the space nor the code behind it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_args

from nas.space.ops import (
    INPUT,
    Activation,
    Add,
    Conv,
    GlobalPool,
    Linear,
    Network,
    Node,
    Operator,
    Shape,
    Upsample,
    UpsampleMode,
)

FORMAT = 1
KINDS: Mapping[str, type] = {kind.__name__: kind for kind in (Add, Conv, GlobalPool, Linear, Upsample)}
WORDS: Mapping[str, tuple[str, ...]] = {"activation": get_args(Activation), "mode": get_args(UpsampleMode)}


class NetworkFileError(ValueError):
    """A record that holds no network."""


def network_record(network: Network) -> dict[str, Any]:
    """The network as JSON takes it; an operator's input shape is its source's output and is not repeated.

    Raises:
      NetworkFileError: an operator is none of this version's own.
    """
    return {
        "format": FORMAT,
        "input": list(network.input),
        "side_multiple": network.side_multiple,
        "nodes": [_node_record(node) for node in network.nodes],
    }


def read_network(record: Mapping[str, Any]) -> Network:
    """The network of which `network_record` made this.

    Raises:
      NetworkFileError: it is no such record, or of another version.
    """
    if record.get("format") != FORMAT:
        raise NetworkFileError(
            f"a network's record must have format {FORMAT}, got {record.get('format')!r}; read it with the version of "
            "chamnas that wrote it"
        )
    try:
        return _network(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NetworkFileError(
            f"a network's record must name its input and its nodes, and this cannot be read ({error}); restore it "
            "from a copy"
        ) from error


def at_size(network: Network, height: int, width: int) -> Network:
    """The same network for pictures of another size.

    Raises:
      ValueError: its skip connections would not meet, or its matrix products would read other sizes.
    """
    multiple = network.side_multiple
    if height < 1 or width < 1 or height % multiple or width % multiple:
        nearest = "x".join(str(max(multiple, round(side / multiple) * multiple)) for side in (height, width))
        raise ValueError(
            f"height and width must be multiples of {multiple}, which this network's strides divide them by, got "
            f"{height}x{width}; the nearest is {nearest}"
        )
    resized = _linked(network.nodes, Shape(network.input.channels, height, width))
    for old, new in zip(network.nodes, resized, strict=True):
        if isinstance(old.op, Linear) and old.op.num_weights != new.op.num_weights:
            raise ValueError(f"{old.name} reads all pixels, so the size must stay {network.input}; leave it as it is")
    return replace(network, input=Shape(network.input.channels, height, width), nodes=resized)


def _node_record(node: Node) -> dict[str, Any]:
    kind = type(node.op).__name__
    if KINDS.get(kind) is not type(node.op):
        raise NetworkFileError(f"operator {kind} cannot be written down; add it to nas.space.network_file")
    settled = {field.name: getattr(node.op, field.name) for field in fields(KINDS[kind]) if field.name != "input"}
    return {"name": node.name, "inputs": list(node.inputs), "kind": kind, **settled}


def _network(record: Mapping[str, Any]) -> Network:
    channels, height, width = (int(side) for side in record["input"])
    shape = Shape(channels, height, width)
    nodes = tuple(
        Node(name=str(one["name"]), op=_operator(one, shape), inputs=tuple(map(str, one["inputs"])))
        for one in record["nodes"]
    )
    if not nodes:
        raise ValueError("it has no nodes")
    return Network(input=shape, nodes=_linked(nodes, shape), side_multiple=int(record["side_multiple"]))


def _operator(record: Mapping[str, Any], shape: Shape) -> Operator:
    """The operator, its input still to be linked."""
    values = {name: value for name, value in record.items() if name not in ("name", "inputs", "kind")}
    for name, value in values.items():
        if name in WORDS and value not in WORDS[name]:
            raise ValueError(f"{name} must be one of {', '.join(WORDS[name])}, got {value!r}")
        if name not in WORDS and (type(value) is not int or value < 1):
            raise ValueError(f"{name} must be a whole number from 1, got {value!r}")
    operator: Operator = KINDS[record["kind"]](input=shape, **values)
    return operator


def _linked(nodes: tuple[Node, ...], image: Shape) -> tuple[Node, ...]:
    """The nodes, each with the shape that its first source gives it."""
    shapes, linked = {INPUT: image}, []
    for node in nodes:
        op = replace(node.op, input=shapes[node.inputs[0]])  # type: ignore[type-var]  # operators are dataclasses
        if any(shapes[name] != op.input for name in node.inputs):  # type: ignore[attr-defined]  # all have an input
            raise ValueError(f"{node.name} adds tensors of two shapes")
        linked.append(replace(node, op=op))
        shapes[node.name] = op.output
    return tuple(linked)
