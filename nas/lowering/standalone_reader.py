"""Reads the source that `nas.lowering.standalone` writes back into a network, without executing any of it.

A person may hold winner.py and winner.pt alone. The file is parsed, and what it may say is what the template says:
layers with numbers, a step for each operator. Anything else is refused, for whoever sends a file could have written it.
"""

import ast
import re
from dataclasses import dataclass, field

from nas.space import INPUT, Activation, Add, Conv, GlobalPool, Linear, Network, Node, Operator, Shape, Upsample

CLASS, IMAGE, ACTIVATIONS = "Winner", "image", ("relu", "relu6")
NUM_CHECKS = 2  # statements of `forward` that look at the picture's sides


class SourceError(ValueError):
    """A file that is not as it was written."""


def read_source(text: str) -> Network:
    """The network of which `nas.lowering.standalone.source` made the text; its nodes bear the file's names.

    Raises:
      SourceError: the text says something else than `source` would.
    """
    try:
        tree = ast.parse(text)
        searched = re.search(r"Input Float\[n, (\d+), h, w\].*searched at (\d+)x(\d+)", ast.get_docstring(tree) or "")
        (found,) = (one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == CLASS)
        constructor, forward = (one for one in found.body if isinstance(one, ast.FunctionDef))
        if searched is None:
            raise ValueError("its first lines do not say what it was searched at")
        reader = _Reader(layers=dict(map(_layer, constructor.body[1:])))
        channels, height, width = map(int, searched.groups())
        return reader.network(Shape(channels, height, width), forward)
    except SourceError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, SyntaxError, RecursionError) as error:
        raise SourceError(f"it is not as nas wrote it ({error})") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Attributes: `layers` by attribute name; `tensors` by variable: which node made it, and its shape."""

    layers: dict[str, ast.Call]
    tensors: dict[str, tuple[str, Shape]] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def network(self, image: Shape, forward: ast.FunctionDef) -> Network:
        multiple = _multiple(forward.body[1])
        self.tensors[IMAGE] = INPUT, image
        *steps, last = forward.body[NUM_CHECKS:]
        for step in steps:
            match step:
                case ast.Assign(targets=[ast.Name(id=variable)], value=value):
                    node = self._node(value)
                    self.nodes.append(node)
                    self.tensors[variable] = node.name, node.op.output
                case _:
                    raise _strange(step)
        match last:
            case ast.Return(value=ast.Name(id=variable)) if self.tensors[variable][0] == self.nodes[-1].name:
                return Network(input=image, nodes=tuple(self.nodes), side_multiple=multiple)
        raise _strange(last)

    def _node(self, value: ast.expr) -> Node:
        match value:
            case ast.BinOp(left=ast.Name(id=left), op=ast.Add(), right=ast.Name(id=right)):
                return self._nameless(Add(input=self.tensors[left][1]), left, right)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="F"), attr=name)) if name in ACTIVATIONS:
                (inner,) = value.args
                return self._weighted(inner, "relu" if name == "relu" else "relu6")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="F"), attr="adaptive_avg_pool2d")):
                source = _variable(value.args[0])
                return self._nameless(GlobalPool(input=self.tensors[source][1]), source)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="F"), attr="interpolate")):
                source, mode = _variable(value.args[0]), ast.literal_eval(_keywords(value)["mode"])
                if mode not in ("nearest", "bilinear"):
                    raise _strange(value)
                return self._nameless(Upsample(input=self.tensors[source][1], mode=mode), source)
        return self._weighted(value, "none")

    def _nameless(self, op: Operator, *sources: str) -> Node:
        return Node(name=f"{len(self.nodes)}", op=op, inputs=tuple(self.tensors[source][0] for source in sources))

    def _weighted(self, value: ast.expr, activation: Activation) -> Node:
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name), args=[argument], keywords=[]):
                return self._layered(name, argument, activation)
        raise _strange(value)

    def _layered(self, name: str, argument: ast.expr, activation: Activation) -> Node:
        layer = self.layers[name]
        numbers = [_number(one) for one in layer.args]
        match argument:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=variable), attr="flatten")):
                source, shape = self.tensors[variable]
                op: Operator = Linear(input=shape, width=numbers[1])
            case ast.Name(id=variable):
                source, shape = self.tensors[variable]
                op = _convolution(layer, numbers, shape, activation)
            case _:
                raise _strange(argument)
        return Node(name=name.removeprefix("s"), op=op, inputs=(source,))


def _convolution(layer: ast.Call, numbers: list[int], shape: Shape, activation: Activation) -> Conv:
    channels, width, kernel = numbers
    more = {name: _number(value) for name, value in _keywords(layer).items()}
    if channels != shape.channels or more.pop("padding", 0) != kernel // 2 or not set(more) <= {"stride", "groups"}:
        raise _strange(layer)
    return Conv(input=shape, width=width, kernel=kernel, activation=activation, **more)


def _layer(statement: ast.stmt) -> tuple[str, ast.Call]:
    """A line of the constructor: the attribute, and what makes it."""
    match statement:
        case ast.Assign(
            targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)],
            value=ast.Call(func=ast.Attribute(value=ast.Name(id="nn"), attr="Conv2d" | "Linear")) as call,
        ):
            return name, call
    raise _strange(statement)


def _multiple(check: ast.stmt) -> int:
    """M of `if height % M or width % M`."""
    match check:
        case ast.If(test=ast.BoolOp(values=[ast.BinOp(op=ast.Mod(), right=number), _])):
            return _number(number)
    raise _strange(check)


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {str(one.arg): one.value for one in call.keywords}


def _variable(value: ast.expr) -> str:
    if not isinstance(value, ast.Name):
        raise _strange(value)
    return value.id


def _number(value: ast.expr) -> int:
    number = ast.literal_eval(value)
    if type(number) is not int or number < 1:
        raise _strange(value)
    return number


def _strange(found: ast.stmt | ast.expr) -> SourceError:
    return SourceError(f"line {found.lineno} is not as nas wrote it: {ast.unparse(found)[:60]}")
