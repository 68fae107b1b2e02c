"""Additive costs as factor tables: tabulated once for a space, then summed by look-up for whole populations at once.

A resource is a meter: what one operator costs, with a unit. A stage's share of a sum depends on few choices only (those
of its own fields, the widths that feed it, whatever sets its height and width), so it is tabulated once over them: on
the reference space 9,528 entries replace lowering. A population is then priced by one table look-up per stage.

    factor    scope: decisions (i, j, ...); values: Float[options_i, options_j, ...], in the resource's unit
    cost      constant + sum over factors of values[population[:, scope]]
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.space import Network, Operator, Space
from nas.space.variants import Variant, check_variants, stage_scope, variants

CHUNK = 8192  # rows priced at a time: index arrays of this length stay in the first-level cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An additive resource: a meter of operators, whose readings are summed over a network.

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
        """Cost of one lowered network, by walking it; slower than the tables, and equal to them."""
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
      EntangledError: a stage depends on more choices than can be tabulated.
      ValueError: a meter does not know an operator that the space can contain.
    """
    check_variants(space)
    entries = [[readings(variant, resources) for variant in variants(space, stage)] for stage in space.stages]
    return sum_tables(space, resources, entries)


def readings(variant: Variant, resources: Sequence[Resource]) -> list[float]:
    """What one variant of a stage costs, in each resource."""
    return [float(sum(resource.measure(node.op) for node in variant.nodes)) for resource in resources]


def sum_tables(
    space: Space, resources: Sequence[Resource], entries: Sequence[Sequence[Sequence[float]]]
) -> tuple[CostTable, ...]:
    """Tables from the readings of every stage's variants."""
    shares = [as_factors(space, stage_scope(space, s), rows) for s, rows in zip(space.stages, entries, strict=True)]
    return tuple(
        CostTable(resource=resource, factors=merge([share[i] for share in shares]))
        for i, resource in enumerate(resources)
    )


def as_factors(space: Space, scope: tuple[int, ...], entries: Sequence[Sequence[float]]) -> tuple[Factor, ...]:
    """One factor for each column of entries, whose rows are in the order of its flat index."""
    shape = tuple(len(space.choices[i].options) for i in scope)
    columns = np.array(entries, dtype=np.float64).T
    return tuple(Factor(scope=scope, values=column.reshape(shape)) for column in columns)


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
