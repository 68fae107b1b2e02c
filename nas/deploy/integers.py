"""The numbers of a network in int8, read out of the graph that torchao has converted.

    quantize_per_tensor(x, step, zero, ..)             how the tensor x is quantised
    dequantize_per_channel(weight, steps, zeros, ..)   a layer's weight, in integers

A layer's output can be quantised more than once, such as before and after ReLU6; the last is what others read. The
quantiser gives ReLU6 the scale of what comes before it, half of which may be for numbers below zero, which never come.
Here what is rectified starts at zero: its steps are finer, and a runtime can draw the activation into the layer.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np
from torch import fx

from nas.lowering.int8_constants import Int8Constants, IntegerLayer, Scale
from nas.lowering.random_weights import NUM_STEPS
from nas.lowering.torch_module import module_name
from nas.space import INPUT, Conv, Network, Node

LEAST, MOST = -128, 127
CAPS = {"relu": float("inf"), "relu6": 6.0}


def int8_constants(graph: fx.GraphModule, network: Network) -> Int8Constants:
    """Scales and integer layers of the network that the graph was made from.

    Raises:
      ValueError: the graph is not one of `nas.deploy.quantised.converted`, or not of this network.
    """
    nodes = {module_name(node): node for node in network.nodes}
    scales, layers = dict[str, Scale](), dict[str, IntegerLayer]()
    for call in graph.graph.nodes:
        target = str(call.target)
        if target.startswith("quantized_decomposed.quantize_per_tensor"):
            source, step, zero = call.args[:3]
            node = None if source.op == "placeholder" else _node(nodes, source)
            scales[node.name if node else INPUT] = _scale(node, Scale(float(step), int(zero)))
        elif target.startswith(("aten.conv2d", "aten.linear")):
            layers[_node(nodes, call).name] = _layer(graph, call)
    missing = [node.name for node in network.nodes if node.op.num_weights and node.name not in layers]
    if missing:
        raise ValueError(f"every layer of a quantised graph must be in integers, {missing[0]} is not; quantise it anew")
    return Int8Constants(scales=scales, layers=layers)


def owner(source: fx.Node) -> str:
    """The layer, by its module's name, that a tensor of a graph comes from; "" for none."""
    if source.op == "get_attr":
        return str(source.target).split(".")[1] if "." in str(source.target) else ""
    stack = source.meta.get("nn_module_stack") or {}
    paths = [str(path) for path, _ in stack.values()]
    return next((path.split(".")[1] for path in reversed(paths) if path.startswith("layers.")), "")


def _node(nodes: Mapping[str, Node], call: fx.Node) -> Node:
    try:
        return nodes[owner(call)]
    except KeyError:
        raise ValueError(
            f"a quantised graph must be of the network's layers, got {owner(call) or call}; quantise it anew"
        ) from None


def _scale(node: Node | None, given: Scale) -> Scale:
    if node is None or not isinstance(node.op, Conv) or node.op.activation == "none":
        return given
    highest = min((MOST - given.zero) * given.step, CAPS[node.op.activation])
    return Scale(max(highest, given.step) / NUM_STEPS, LEAST)


def _layer(graph: fx.GraphModule, call: fx.Node) -> IntegerLayer:
    dequantise, bias = call.args[1:3]
    assert isinstance(dequantise, fx.Node) and isinstance(bias, fx.Node)
    weight, steps = (_array(graph, one) for one in dequantise.args[:2])
    return IntegerLayer(weight, steps.astype(np.float32), _array(graph, bias))


def _array(graph: fx.GraphModule, source: Any) -> np.ndarray:
    array: np.ndarray = attrgetter(source.target)(graph).detach().cpu().numpy()
    return array
