"""What each stage contributes to the costs that are sums: the tables by which a page tells what makes a network slow.

A stage's share depends on few decisions (`nas.space.variants`), so a page is given one row for each combination of
these that its trials have, not one for each trial: 10,000 trials of the reference space have at most 9,528.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int8

from launch.report.facts.facts import Facts
from nas.costs import CostTable, Resource
from nas.record import rows
from nas.resources import macs, weight_bytes
from nas.space import INPUT, Node, Shape, Space, Stage, Tensor, lower_stage
from nas.space.variants import output_scope, output_shape, stage_scope

MAX_ROWS = 20_000
ALIKE = 1e-9  # relative
ALWAYS = (*macs.RESOURCES, *(one for one in weight_bytes.RESOURCES if one.name.endswith("int8")))


def shares(facts: Facts) -> Mapping[str, Any]:
    """By stage: the decisions that it depends on, and for each combination of options its output and its costs.

    Resources that are a multiple of another are left out; all are where the trials have too many combinations.
    """
    space, trials = facts.pricing.space, [*facts.search, *facts.finals]
    scopes = [stage_scope(space, stage) for stage in space.stages]
    found = [_distinct(rows(trials), scope) if trials else [] for scope in scopes]
    resources = _resources(facts)
    if sum(map(len, found)) > MAX_ROWS:
        return {"resources": [], "stages": []}
    lowered = [
        _lowered(space, stage, scope, some) for stage, scope, some in zip(space.stages, scopes, found, strict=True)
    ]
    readings = [[_readings(nodes, resources) for nodes in some] for some in lowered]
    kept = _independent(np.array([row for some in readings for row in some]).reshape(-1, len(resources)))
    return {
        "resources": [
            {"key": resources[i].name, "unit": resources[i].unit, "constant": resources[i].constant} for i in kept
        ],
        "stages": [
            {
                "scope": list(scope),
                "rows": {
                    ",".join(map(str, options)): [*nodes[-1].op.output, *(row[i] for i in kept)]
                    for options, nodes, row in zip(some, nodes_of, costs, strict=True)
                },
            }
            for scope, some, nodes_of, costs in zip(scopes, found, lowered, readings, strict=True)
        ],
    }


def _resources(facts: Facts) -> list[Resource]:
    """The run's own sums, and MACs and bytes of weights where it has none."""
    own = [table.resource for table in facts.pricing.tables.values() if isinstance(table, CostTable)]
    return [*(one for one in ALWAYS if one.name not in facts.pricing.tables), *own]


def _distinct(population: Int8[np.ndarray, "n d"], scope: Sequence[int]) -> list[tuple[int, ...]]:
    """Combinations of options that occur, of the decisions in a scope."""
    return sorted(set(map(tuple, population[:, list(scope)].tolist())))


def _lowered(
    space: Space, stage: Stage, scope: Sequence[int], found: Sequence[tuple[int, ...]]
) -> list[tuple[Node, ...]]:
    shapes = {name: _Shapes(space, name) for name in stage.inputs}
    lowered = []
    for options in found:
        decisions = {space.choices[i].name: space.choices[i].options[at] for i, at in zip(scope, options, strict=True)}
        sources = [Tensor(name, shapes[name].under(decisions)) for name in stage.inputs]
        lowered.append(lower_stage(stage, sources, decisions))
    return lowered


class _Shapes:
    """Shapes of a stage's output, each worked out once."""

    def __init__(self, space: Space, name: str) -> None:
        self._space, self._name = space, name
        self._names = [] if name == INPUT else [space.choices[i].name for i in output_scope(space, name)]
        self._known: dict[tuple[Any, ...], Shape] = {}

    def under(self, decisions: Mapping[str, Any]) -> Shape:
        key = tuple(decisions[name] for name in self._names)
        if key not in self._known:
            self._known[key] = output_shape(self._space, self._name, decisions)
        return self._known[key]


def _readings(nodes: Sequence[Node], resources: Sequence[Resource]) -> list[float]:
    return [float(sum(resource.measure(node.op) for node in nodes)) for resource in resources]


def _independent(readings: Float[np.ndarray, "v r"]) -> list[int]:
    """Columns that are no multiple of one before them."""
    kept: list[int] = []
    for i, column in enumerate(readings.T):
        if not any(_is_multiple(column, readings[:, other]) for other in kept):
            kept.append(i)
    return kept


def _is_multiple(column: Float[np.ndarray, "v"], other: Float[np.ndarray, "v"]) -> bool:
    size, other_size = float(np.linalg.norm(column)), float(np.linalg.norm(other))
    if not size or not other_size:
        return size == other_size
    return bool(np.allclose(column / size, other / other_size, rtol=ALIKE, atol=0.0))
