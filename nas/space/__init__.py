"""What can be built, as a table that a person can read: operators, blocks, spaces. Imports nothing else of ours.

`variants` is imported by name: it holds a function of the same name.
"""

from nas.space.blocks import Tensor
from nas.space.network_file import NetworkFileError, at_size, network_record, read_network
from nas.space.ops import INPUT, Activation, Add, Conv, GlobalPool, Linear, Network, Node, Operator, Shape, Upsample
from nas.space.space import Architecture, Choice, Option, Space, Stage, lower_stage, settle
from nas.space.structure import Cell, Structure

__all__ = [
    "INPUT",
    "Activation",
    "Add",
    "Architecture",
    "Cell",
    "Choice",
    "Conv",
    "GlobalPool",
    "Linear",
    "Network",
    "NetworkFileError",
    "Node",
    "Operator",
    "Option",
    "Shape",
    "Space",
    "Stage",
    "Structure",
    "Tensor",
    "Upsample",
    "at_size",
    "lower_stage",
    "network_record",
    "read_network",
    "settle",
]
