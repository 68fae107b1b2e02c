"""A network drawn as text: one line for each stage, further in where the picture is smaller, so that a U-Net is a U."""

import math
from dataclasses import dataclass

from nas.space import INPUT, Add, Conv, Network, Node, Shape

INDENT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """Nodes that carry one stage's name before the first dot."""

    name: str
    output: Shape
    sources: tuple[str, ...]
    num_convolutions: int
    macs: int


def drawing(network: Network) -> str:
    """The stages in execution order, as a block of text."""
    stages = stages_of(network)
    rows = []
    for stage in stages:
        depth = max(0, round(math.log2(network.input.width / stage.output.width)))
        told = f"{stage.num_convolutions} conv" if stage.num_convolutions else "no conv"
        rows.append(
            (" " * INDENT * depth + stage.name, str(stage.output), told, f"{stage.macs:,}", " + ".join(stage.sources))
        )
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    header = f"{'input'.ljust(widths[0])}  {network.input!s}"
    lines = [
        f"{name.ljust(widths[0])}  {shape.ljust(widths[1])}  {told.rjust(widths[2])}  {macs.rjust(widths[3])} MACs  < "
        f"{sources}"
        for name, shape, told, macs, sources in rows
    ]
    return "\n".join([header, *lines])


def stages_of(network: Network) -> tuple[StageLine, ...]:
    """The network's stages in execution order, each with the stages that feed it."""
    members: dict[str, list[Node]] = {}
    for node in network.nodes:
        members.setdefault(_stage(node.name), []).append(node)
    lines = []
    for name, nodes in members.items():
        outer = dict.fromkeys(_stage(source) for node in nodes for source in node.inputs)
        convolutions = [node for node in nodes if isinstance(node.op, Conv)]
        lines.append(
            StageLine(
                name=name,
                output=nodes[-1].op.output,
                sources=tuple(source for source in outer if source != name),
                num_convolutions=len(convolutions),
                macs=sum(node.op.macs for node in nodes if not isinstance(node.op, Add)),
            )
        )
    return tuple(lines)


def _stage(node: str) -> str:
    return node if node == INPUT else node.split(".", 1)[0]
