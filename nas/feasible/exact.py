"""Exact optimum of an additive objective under limits on sums, with a proof: best-first search on elimination bounds.

It applies where the objective is a sum of small tables (a regression that is linear in the decisions or in groups of
them, say), at most two limits are on such sums too, and the tables hang together loosely enough to be worked through
one at a time (`nas.feasible.elimination`). There it takes the place of the genetic search, and it is the oracle in its
tests.

`nas.feasible.budgets` solves the problem with costs rounded down. Then architectures are built from its last layer
backward, the most promising first, and their costs are no longer rounded: a bound is optimistic only about what is
undecided, so the first architecture to be complete is the optimum. On the reference space under a limit on macs that
takes some tens of nodes and half a second, nearly all of it for the tables.

    node    a partial architecture: the decisions of the layers from `depth` on are made, -1 stands for the others
    bound   its value so far and the least of the rest within what is left of the budgets

Source: Kask and Dechter 2001, "A general scheme for automatic generation of search heuristics from specification
dependencies": best-first search on the bounds that elimination leaves.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from nas.costs import CostTable, Factor
from nas.feasible.bounds import Bound, InfeasibleError, check_alone, extremes, listed
from nas.feasible.budgets import Layer, relaxed, within
from nas.space import Architecture

NUM_CELLS = (2**11, 2**11, 2**14)  # under no, one and two limits
MAX_NODES = 200_000
MAX_LIMITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The best architecture found, and a certified bound.

    Attributes:
      value: its objective, in the objective's unit.
      lower_bound: no feasible architecture has less, up to the rounding of a sum; equal to `value` at the optimum.
      num_nodes: partial architectures that were looked at.
    """

    architecture: Architecture
    value: float
    lower_bound: float
    num_nodes: int

    @property
    def is_optimal(self) -> bool:
        return self.lower_bound >= self.value


def minimise_sum(
    num_options: Int[np.ndarray, " d"],
    objective: Sequence[Factor],
    bounds: Sequence[Bound] = (),
    *,
    num_cells: int | None = None,
    max_nodes: int = MAX_NODES,
) -> Exact:
    """The architecture with the least sum of `objective` that meets the bounds; decisions in no table take option 0.

    Args:
      num_cells: of all budgets together; more of them tighten the bounds, and the tables take longer in proportion.
        None takes `NUM_CELLS`.
      max_nodes: after so many the search ends with the best that it has and the bound that it has proved.

    Raises:
      InfeasibleError: no architecture meets the bounds.
      EntangledError: the tables hang together too closely.
      ValueError: a bound is not on a sum, there are more than two, or `max_nodes` were too few to find anything.
    """
    _check(num_options, bounds)
    problem = relaxed(num_options, objective, bounds, num_cells or NUM_CELLS[len(bounds)])
    undecided = (-1,) * len(num_options)
    root = _Node(bound=problem.least, value=0.0, budget=problem.budget, depth=len(problem.layers), decided=undecided)
    dive = _search(problem.layers, bounds, root, lambda node: (node.depth, node.bound), math.inf, max_nodes)
    if dive.node is None and math.isinf(dive.open_bound):
        raise InfeasibleError(f"infeasible: no architecture meets {listed(bounds)}; loosen one of them")
    if dive.node is None:
        raise ValueError(
            f"{max_nodes:,} partial architectures led to none that meets {listed(bounds)}; raise max_nodes or num_cells"
        )
    best = _search(problem.layers, bounds, root, lambda node: (node.bound, node.depth), dive.node.value, max_nodes)
    found = best.node or dive.node
    return Exact(
        architecture=found.architecture,
        value=found.value,
        lower_bound=min(found.value, best.open_bound),
        num_nodes=dive.num_nodes + best.num_nodes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """A partial architecture, see the module's docstring; `budget` is what is left."""

    bound: float
    value: float
    budget: Float[np.ndarray, " k"]
    depth: int
    decided: Architecture

    @property
    def architecture(self) -> Architecture:
        return tuple(max(option, 0) for option in self.decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """The first complete architecture, None if there was none, and the least bound of what was left open."""

    node: _Node | None
    open_bound: float
    num_nodes: int


def _search(
    layers: Sequence[Layer],
    bounds: Sequence[Bound],
    root: _Node,
    key: Callable[[_Node], tuple[float, ...]],
    less_than: float,
    max_nodes: int,
) -> _Outcome:
    """Open nodes in the order of `key` until one is complete; what cannot come below `less_than` is dropped."""
    count = itertools.count()
    heap = [(key(root), next(count), root)] if root.bound < less_than else []
    for num_nodes in range(max_nodes):
        if not heap:
            return _Outcome(node=None, open_bound=less_than, num_nodes=num_nodes)
        node = heapq.heappop(heap)[-1]
        if node.depth > 0:
            for child in _children(layers[node.depth - 1], node):
                if child.bound < less_than:
                    heapq.heappush(heap, (key(child), next(count), child))
        elif _holds(node, bounds):
            return _Outcome(node=node, open_bound=node.value, num_nodes=num_nodes)
    return _Outcome(
        node=None, open_bound=min((entry[-1].bound for entry in heap), default=less_than), num_nodes=max_nodes
    )


def _children(layer: Layer, node: _Node) -> list[_Node]:
    """Every way to settle the layer's decisions that the budgets allow."""
    step = layer.step
    option = {i: np.full(len(layer.gone), node.decided[i]) for i in step.after}
    option |= {i: layer.gone[:, j] for j, i in enumerate(step.gone)}
    place = tuple(option[i] for i in step.scope)
    budgets, values = node.budget - layer.costs[place], node.value + layer.values[place]
    bounds = values + within(layer.rest, tuple(option[i] for i in step.before), budgets)
    return [
        _Node(
            bound=float(bounds[row]),
            value=float(values[row]),
            budget=budgets[row],
            depth=node.depth - 1,
            decided=_with(node.decided, step.gone, layer.gone[row].tolist()),
        )
        for row in np.flatnonzero(np.isfinite(bounds))
    ]


def _with(decided: Architecture, decisions: Sequence[int], options: Sequence[int]) -> Architecture:
    settled = list(decided)
    for i, option in zip(decisions, options, strict=True):
        settled[i] = option
    return tuple(settled)


def _holds(node: _Node, bounds: Sequence[Bound]) -> bool:
    """Whether the real costs meet the limits; the last millionth of a cell is forgiven until then."""
    row = np.array([node.architecture], dtype=np.int8)
    return all(bool(bound.holds(row)[0]) for bound in bounds)


def _check(num_options: Int[np.ndarray, " d"], bounds: Sequence[Bound]) -> None:
    if len(bounds) > MAX_LIMITS:
        raise ValueError(
            f"the exact optimum is known under at most {MAX_LIMITS} limits, got {listed(bounds)}; use "
            "nas.genetic.minimise"
        )
    for bound in bounds:
        if not isinstance(bound.cost, CostTable):
            raise ValueError(
                f"the exact optimum is known under limits on sums over operators, and {bound.name} is none; use "
                "nas.genetic.minimise"
            )
        check_alone(bound, extremes(num_options, bound.cost))
