"""Costs that are a maximum over time: what is alive at the worst moment of a forward pass.

While one stage runs, the outputs of earlier stages that a later one still reads lie in memory unchanged. So the worst
moment within a stage depends on few choices and is tabulated like any share of a cost; what is held beside it is a sum
of the sizes of earlier outputs, and the peak is the largest of these sums.

    peak    max over stages of (inside[population[:, scope]] + sum over held outputs of their size)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from nas.costs import (
    CHUNK,
    CostTable,
    Factor,
    Resource,
    cost_tables,
    flat_index,
    options_of,
    output_scope,
    output_shape,
    stage_scope,
    variants,
)
from nas.ops import INPUT, Network, Node, Shape
from nas.space import Space, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakResource:
    """A meter over tensors whose readings add up over those that are alive together; a network costs its worst moment.

    Attributes:
      name: what limits call it, such as "peak_activation_bytes.int8".
      unit: of every reading.
      measure: cost of one tensor.
    """

    name: str
    unit: str
    measure: Callable[[Shape], float]

    def of(self, network: Network) -> float:
        """Cost of one lowered network, by walking it; the slow road, equal to the tables'."""
        return max(self.moments(network))

    def moments(self, network: Network) -> list[float]:
        """What is alive while each node runs: its inputs, its output, and all that a later node reads."""
        return _walk(network.nodes, {INPUT: network.input}, self.measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakTable:
    """One peak resource on one space, ready to price populations.

    Attributes:
      inside: for each stage, its own worst moment.
      outputs: size of each tensor that some stage finds held: the image, or an earlier stage's output.
      held: for each stage, which of `outputs` lie beside it while it runs.
    """

    resource: PeakResource
    inside: tuple[Factor, ...]
    outputs: tuple[Factor, ...]
    held: tuple[tuple[int, ...], ...]

    @property
    def moments(self) -> tuple[tuple[Factor, ...], ...]:
        """The factors whose sum is alive at each stage's worst moment."""
        return tuple(
            (inside, *(self.outputs[i] for i in held)) for inside, held in zip(self.inside, self.held, strict=True)
        )

    def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """Price every row, in the resource's unit."""
        peak = np.zeros(len(population))
        for start in range(0, len(population), CHUNK):
            columns = np.ascontiguousarray(population[start : start + CHUNK].T).astype(np.intp)
            sizes = [factor.values.ravel().take(flat_index(columns, factor)) for factor in self.outputs]
            worst = peak[start : start + CHUNK]
            for inside, held in zip(self.inside, self.held, strict=True):
                moment = inside.values.ravel().take(flat_index(columns, inside))
                for i in held:
                    moment += sizes[i]
                np.maximum(worst, moment, out=worst)
        return peak


def tabulate(space: Space, resources: Sequence[Resource | PeakResource]) -> tuple[CostTable | PeakTable, ...]:
    """Tabulate resources of either kind; tables in the order of the resources.

    Raises:
      ValueError: a meter does not know an operator that the space can contain.
    """
    sums = iter(cost_tables(space, [resource for resource in resources if isinstance(resource, Resource)]))
    peaks = iter(peak_tables(space, [resource for resource in resources if isinstance(resource, PeakResource)]))
    return tuple(next(sums) if isinstance(resource, Resource) else next(peaks) for resource in resources)


def peak_tables(space: Space, resources: Sequence[PeakResource]) -> tuple[PeakTable, ...]:
    """Tabulate several peak resources with one walk over the space's stages."""
    last_use = {name: i for i, stage in enumerate(space.stages) for name in stage.inputs}
    names = [INPUT, *(stage.name for stage in space.stages)]
    held = [[name for name in names[: i + 1] if last_use.get(name, -1) > i] for i in range(len(space.stages))]
    kept = [name for name in names if any(name in row for row in held)]
    inside = [_inside(space, stage, held[i], resources) for i, stage in enumerate(space.stages)]
    outputs = [_output(space, name, resources) for name in kept]
    return tuple(
        PeakTable(
            resource=resource,
            inside=tuple(factors[k] for factors in inside),
            outputs=tuple(factors[k] for factors in outputs),
            held=tuple(tuple(kept.index(name) for name in row) for row in held),
        )
        for k, resource in enumerate(resources)
    )


def _inside(space: Space, stage: Stage, held: Sequence[str], resources: Sequence[PeakResource]) -> list[Factor]:
    """The stage's worst moment for each resource; held tensors are left out, for they are added later."""
    scope = stage_scope(space, stage)
    entries = []
    for decisions, nodes in variants(space, stage):
        sources = {name: output_shape(space, name, decisions) for name in stage.inputs if name not in held}
        entries.append([max(_walk(nodes, sources, resource.measure)) for resource in resources])
    return _factors(space, scope, entries)


def _output(space: Space, name: str, resources: Sequence[PeakResource]) -> list[Factor]:
    """Size of a stage's output, or of the image, for each resource."""
    scope = output_scope(space, name)
    shapes = [output_shape(space, name, decisions) for decisions in options_of(space, scope)]
    return _factors(space, scope, [[resource.measure(shape) for resource in resources] for shape in shapes])


def _factors(space: Space, scope: tuple[int, ...], entries: Sequence[Sequence[int | float]]) -> list[Factor]:
    shape = tuple(len(space.choices[i].options) for i in scope)
    columns = np.array(entries, dtype=np.float64).T
    return [Factor(scope=scope, values=column.reshape(shape)) for column in columns]


def _walk(nodes: Sequence[Node], sources: Mapping[str, Shape], measure: Callable[[Shape], float]) -> list[float]:
    """Sum of live tensors while each node runs; names that are neither sources nor nodes are counted elsewhere."""
    last_use = {name: i for i, node in enumerate(nodes) for name in node.inputs}
    live = {name: measure(shape) for name, shape in sources.items()}
    moments = []
    for i, node in enumerate(nodes):
        live[node.name] = measure(node.op.output)
        moments.append(float(sum(live.values())))
        for name in {*node.inputs, node.name}:
            if last_use.get(name, -1) <= i:
                live.pop(name, None)
    return moments
