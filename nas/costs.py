"""Meters become factor tables, and factor tables price whole populations at once.

A resource is a meter: what one operator costs, with a unit. A stage's share of a sum depends on few choices only (those
of its own fields, the widths that feed it, whatever sets its height and width), so it is tabulated once over them: on
the reference space 9,528 entries replace lowering. A population is then priced by one table look-up per stage.

    factor    scope: decisions (i, j, ...); values: Float[options_i, options_j, ...], in the resource's unit
    cost      constant + sum over factors of values[population[:, scope]]
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.blocks import Tensor
from nas.ops import INPUT, Network, Node, Operator, Shape
from nas.space import Choice, Option, Space, Stage, lower_stage, settle

CHUNK = 8192  # rows priced at a time: index arrays of this length stay in the first-level cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A meter over operators whose readings add up over a network.

    Attributes:
      name: what limits call it, such as "macs" or "latency_ms.cpu".
      unit: of every reading, such as "MACs", "ms" or "bytes".
      measure: cost of one operator; raises for an operator it does not know rather than returning zero.
      constant: cost of a network before its first operator, in `unit`.
    """

    name: str
    unit: str
    measure: Callable[[Operator], float]
    constant: float = 0.0

    def of(self, network: Network) -> float:
        """Cost of one lowered network; the slow road, equal to the tables'."""
        return self.constant + sum(self.measure(node.op) for node in network.nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A share of a cost that depends on the decisions in `scope` alone; `values` has one axis for each of them."""

    scope: tuple[int, ...]
    values: Float[np.ndarray, "..."]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTable:
    """One resource on one space, ready to price populations; values are exact while below 2**53."""

    resource: Resource
    factors: tuple[Factor, ...]

    @property
    def num_entries(self) -> int:
        return sum(factor.values.size for factor in self.factors)

    def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """Price every row, in the resource's unit."""
        total = np.full(len(population), self.resource.constant, dtype=np.float64)
        for start in range(0, len(population), CHUNK):
            columns = np.ascontiguousarray(population[start : start + CHUNK].T).astype(np.intp)
            for factor in self.factors:
                total[start : start + CHUNK] += factor.values.ravel().take(flat_index(columns, factor))
        return total


def cost_tables(space: Space, resources: Sequence[Resource]) -> tuple[CostTable, ...]:
    """Tabulate several resources with one walk over the space's stages.

    Raises:
      ValueError: a meter does not know an operator that the space can contain.
    """
    factors: list[list[Factor]] = [[] for _ in resources]
    for stage in space.stages:
        scope = stage_scope(space, stage)
        entries = [
            [sum(resource.measure(node.op) for node in nodes) for resource in resources]
            for _, nodes in variants(space, stage)
        ]
        shape = tuple(len(space.choices[i].options) for i in scope)
        for i in range(len(resources)):
            values = np.array([entry[i] for entry in entries], dtype=np.float64).reshape(shape)
            factors[i].append(Factor(scope=scope, values=values))
    return tuple(
        CostTable(resource=resource, factors=merge(parts)) for resource, parts in zip(resources, factors, strict=True)
    )


def operators(space: Space) -> Iterator[Operator]:
    """Every operator that some architecture of the space contains; repeats included."""
    for stage in space.stages:
        for _, nodes in variants(space, stage):
            yield from (node.op for node in nodes)


def merge(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """Add each factor whose scope lies within another's to that one: fewer look-ups, the same sum."""
    merged: list[Factor] = []
    for factor in sorted(factors, key=lambda factor: -len(factor.scope)):
        for i, host in enumerate(merged):
            if set(factor.scope) <= set(host.scope):
                merged[i] = Factor(scope=host.scope, values=np.asarray(host.values + _spread(factor, host.scope)))
                break
        else:
            merged.append(factor)
    return tuple(merged)


def stage_scope(space: Space, stage: Stage) -> tuple[int, ...]:
    """Decisions that a stage's operators depend on, in the space's order."""
    by_name = {other.name: other for other in space.stages}
    names = {choice.name for choice in stage.choices()}
    for source in stage.inputs:
        names |= _width_choices(by_name, source) | _size_choices(by_name, source)
    return tuple(i for i, choice in enumerate(space.choices) if choice.name in names)


def output_scope(space: Space, name: str) -> tuple[int, ...]:
    """Decisions that the shape of a stage's output, or of the image, depends on."""
    by_name = {stage.name: stage for stage in space.stages}
    names = _width_choices(by_name, name) | _size_choices(by_name, name)
    return tuple(i for i, choice in enumerate(space.choices) if choice.name in names)


def options_of(space: Space, scope: Sequence[int]) -> Iterator[dict[str, Option]]:
    """Every combination of options of some decisions, in the order of a factor's flat index."""
    choices = [space.choices[i] for i in scope]
    for options in itertools.product(*(choice.options for choice in choices)):
        yield {choice.name: option for choice, option in zip(choices, options, strict=True)}


def variants(space: Space, stage: Stage) -> Iterator[tuple[dict[str, Option], tuple[Node, ...]]]:
    """The stage's nodes for each combination of options in its scope, in the order of the factor's flat index."""
    for decisions in options_of(space, stage_scope(space, stage)):
        sources = [Tensor(name, output_shape(space, name, decisions)) for name in stage.inputs]
        yield decisions, lower_stage(stage, sources, decisions)


def output_shape(space: Space, name: str, decisions: Mapping[str, Option]) -> Shape:
    """Shape of a stage's output under decisions that may leave out choices it does not depend on."""
    if name == INPUT:
        return space.input
    stage = next(stage for stage in space.stages if stage.name == name)
    known = {choice.name: decisions.get(choice.name, choice.options[0]) for choice in stage.choices()}
    return settle(stage, known).resize(output_shape(space, stage.inputs[0], decisions))


def _width_choices(by_name: Mapping[str, Stage], name: str) -> set[str]:
    width = by_name[name].width if name != INPUT else None
    return {width.name} if isinstance(width, Choice) else set()


def _size_choices(by_name: Mapping[str, Stage], name: str) -> set[str]:
    """Choices that set a tensor's height and width: strides and upsampling on the way to it."""
    if name == INPUT:
        return set()
    stage = by_name[name]
    own = {value.name for value in (stage.stride, stage.upsample) if isinstance(value, Choice)}
    return own.union(*(_size_choices(by_name, source) for source in stage.inputs))


def _spread(factor: Factor, scope: tuple[int, ...]) -> Float[np.ndarray, "..."]:
    """The factor's values with an axis of length one for every decision of `scope` that it lacks."""
    order = [factor.scope.index(i) for i in scope if i in factor.scope]
    shape = [factor.values.shape[factor.scope.index(i)] if i in factor.scope else 1 for i in scope]
    return factor.values.transpose(order).reshape(shape)


def flat_index(columns: Int[np.ndarray, "d n"], factor: Factor) -> Int[np.ndarray, " n"]:
    index = columns[factor.scope[0]] if factor.scope else np.zeros(columns.shape[1], dtype=np.intp)
    for decision, length in zip(factor.scope[1:], factor.values.shape[1:], strict=True):
        index = index * length + columns[decision]
    return index
