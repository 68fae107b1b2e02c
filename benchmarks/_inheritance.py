"""One wide network's weights with the most important channels first, for narrower ones to take a part of.

A channel is as important as the weights that make it, by their absolute sum over all convolutions that write it. What
is added up elsewhere has one order: the tensors between blocks of a level, and both sides of a skip connection.

Source: Cai et al. 2020, "Once for all", for channels sorted by the absolute sum of their weights.
"""

from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import Tensor

from nas.space import INPUT, Add, Conv, Network


def most_important_first(network: Network, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, by the names of the module's parameters, in an order with which the network computes the same.

    The network's input and output keep their channels.
    """
    group = _groups(network)
    weight_of = {node.name: f"layers.{node.name.replace('.', '_')}.0.weight" for node in network.nodes}
    importance: dict[str, Tensor] = defaultdict(lambda: torch.zeros(()))
    convolutions = [node for node in network.nodes if isinstance(node.op, Conv)]
    for node in convolutions:
        importance[group[node.name]] = importance[group[node.name]] + tensors[weight_of[node.name]].abs().sum((1, 2, 3))
    order = {name: torch.argsort(found, descending=True, stable=True) for name, found in importance.items()}
    for fixed in (INPUT, network.nodes[-1].name):
        order.pop(group[fixed], None)
    found = dict(tensors)
    for node in convolutions:
        assert isinstance(node.op, Conv)
        outputs, inputs = order.get(group[node.name]), order.get(group[node.inputs[0]])
        name = weight_of[node.name]
        if outputs is not None:
            for part in (name, name.replace(".0.weight", ".1.weight"), name.replace(".0.weight", ".1.bias")):
                found[part] = found[part][outputs]
        if inputs is not None and node.op.groups == 1:
            found[name] = found[name][:, inputs]
    return found


def _groups(network: Network) -> dict[str, str]:
    """By tensor, the first of those whose channels stand in the same order."""
    leader = {INPUT: INPUT}

    def of(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for node in network.nodes:
        is_mixing = isinstance(node.op, Conv) and node.op.groups == 1
        leader[node.name] = node.name if is_mixing else of(node.inputs[0])
        if isinstance(node.op, Add):
            leader[of(node.inputs[1])] = of(node.inputs[0])
    return {name: of(name) for name in leader}
