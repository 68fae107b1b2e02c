"""Peak costs, such as peak memory: the maximum over a forward pass of what the tensors alive at once cost together.

While one stage runs, the outputs of earlier stages that a later one still reads lie in memory unchanged. So the worst
moment within a stage depends on few choices and is tabulated like any share of a cost; what is held beside it is a sum
of the sizes of earlier outputs, and the peak is the largest of these sums.

    peak    max over stages of (inside[population[:, scope]] + sum over held outputs of their size)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from nas.costs.tables import CHUNK, Factor, as_factors, flat_index
from nas.space import INPUT, Network, Node, Shape, Space
from nas.space.variants import Variant, check_variants, options_of, output_scope, output_shape, stage_scope, variants


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakResource:
    """A meter of tensors: readings of those alive at once are summed, and the largest sum is the network's cost.

    Attributes:
      name: what limits call it, such as "peak_activation_bytes.int8".
      unit: of every reading.
      measure: cost of one tensor.
    """

    name: str
    unit: str
    measure: Callable[[Shape], float]

    def of(self, network: Network) -> float:
        """Cost of one lowered network, by walking it; slower than the tables, and equal to them."""
        return max(self.moments(network))

    def moments(self, network: Network) -> list[float]:
        """What is alive while each node runs: its inputs, its output, and all that a later node reads."""
        shapes, moments = _alive(network.nodes, {INPUT: network.input})
        return [float(sum(self.measure(shapes[name]) for name in alive)) for alive in moments]


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


def peak_tables(space: Space, resources: Sequence[PeakResource]) -> tuple[PeakTable, ...]:
    """Tabulate several peak resources.

    Raises:
      EntangledError: a stage depends on more choices than can be tabulated.
    """
    check_variants(space)
    entries = [
        [worst_moments(variant, held, resources) for variant in variants(space, stage)]
        for stage, held in zip(space.stages, held_beside(space), strict=True)
    ]
    return moment_tables(space, resources, entries)


def held_beside(space: Space) -> list[list[str]]:
    """For each stage, the tensors (the image, or outputs of earlier stages) that a later stage still reads."""
    last_use = {name: i for i, stage in enumerate(space.stages) for name in stage.inputs}
    names = [INPUT, *(stage.name for stage in space.stages)]
    return [[name for name in names[: i + 1] if last_use.get(name, -1) > i] for i in range(len(space.stages))]


def worst_moments(variant: Variant, held: Sequence[str], resources: Sequence[PeakResource]) -> list[float]:
    """A stage's own worst moment, for each resource; held tensors are left out, for they are added later."""
    sources = {name: shape for name, shape in variant.sources.items() if name not in held}
    shapes, moments = _alive(variant.nodes, sources)
    return [_worst(resource, shapes, moments) for resource in resources]


def moment_tables(
    space: Space, resources: Sequence[PeakResource], entries: Sequence[Sequence[Sequence[float]]]
) -> tuple[PeakTable, ...]:
    """Tables from the worst moments of every stage's variants."""
    held = held_beside(space)
    kept = [name for name in (INPUT, *(stage.name for stage in space.stages)) if any(name in row for row in held)]
    inside = [as_factors(space, stage_scope(space, s), rows) for s, rows in zip(space.stages, entries, strict=True)]
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


def _output(space: Space, name: str, resources: Sequence[PeakResource]) -> tuple[Factor, ...]:
    """Size of a stage's output, or of the image, for each resource."""
    scope = output_scope(space, name)
    shapes = [output_shape(space, name, decisions) for decisions in options_of(space, scope)]
    return as_factors(space, scope, [[float(resource.measure(shape)) for resource in resources] for shape in shapes])


def _worst(resource: PeakResource, shapes: Mapping[str, Shape], moments: Sequence[Sequence[str]]) -> float:
    sizes = {name: resource.measure(shape) for name, shape in shapes.items()}
    return float(max(sum([sizes[name] for name in alive]) for alive in moments))


def _alive(nodes: Sequence[Node], sources: Mapping[str, Shape]) -> tuple[dict[str, Shape], list[tuple[str, ...]]]:
    """Every tensor's shape, and which of them are alive while each node runs.

    Names that are neither sources nor nodes are counted elsewhere.
    """
    last_use = {name: i for i, node in enumerate(nodes) for name in node.inputs}
    shapes, alive, moments = dict(sources), dict.fromkeys(sources), list[tuple[str, ...]]()
    for i, node in enumerate(nodes):
        shapes[node.name] = node.op.output
        alive[node.name] = None
        moments.append(tuple(alive))
        for name in (*node.inputs, node.name):
            if last_use.get(name, -1) <= i:
                alive.pop(name, None)
    return shapes, moments
