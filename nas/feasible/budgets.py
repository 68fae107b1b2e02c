"""Minimum of an additive objective within every budget of cost: the relaxed problem that guides the exact search.

Each limit's cost is cut into cells and rounded down, table by table; then a message over the frontier and the budgets
is worked through one table at a time, as in `nas.feasible.elimination`, with a minimum in place of a sum. What it says
of a budget is never too much, since rounding only makes architectures cheaper.

    layer    one step of the elimination, with its tables over the step's scope
    rest     Float[options of before..., cells...]   least objective of all layers before this one, within a budget
    budget   Float[k]   what is left of each limit above its cost's least possible sum, in cells
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from nas.costs import CostTable, Factor, merge
from nas.feasible.bounds import Bound, scaled
from nas.feasible.elimination import Step, plan
from nas.space.variants import EntangledError

MAX_KEPT = 2**27  # numbers in all messages of one problem: a gigabyte
FORGIVEN = 1e-6  # of a cell: more than the rounding of a sum, so that a budget is never cut short by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """An elimination step with its tables.

    Attributes:
      values: of the objective, over the step's scope.
      costs: of each limit, above the least of its table, in cells and not rounded.
      rest: see the module's docstring.
      gone: every combination of options of the decisions that the step settles, a row each.
    """

    step: Step
    values: Float[np.ndarray, "..."]
    costs: Float[np.ndarray, "... k"]
    rest: Float[np.ndarray, "..."]
    gone: Int[np.ndarray, "g j"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """The solved relaxation: its layers in order, the least objective over them, and the budget that it may use."""

    layers: tuple[Layer, ...]
    least: float
    budget: Float[np.ndarray, " k"]


def relaxed(
    num_options: Int[np.ndarray, " d"], objective: Sequence[Factor], bounds: Sequence[Bound], num_cells: int
) -> Relaxed:
    """Solve the relaxed problem by elimination; every bound is on a sum.

    Raises:
      EntangledError: the messages would be too large.
    """
    tables, *costs = _aligned(num_options, [objective, *(_factors(bound) for bound in bounds)])
    budgets = [_budget(bound, factors) for bound, factors in zip(bounds, costs, strict=True)]
    along = max(1, math.floor(num_cells ** (1 / max(1, len(bounds)))))
    cells = [budget / along or 1.0 for budget in budgets]
    budget = np.array([budget / cell for budget, cell in zip(budgets, cells, strict=True)])
    shape = tuple(int(most) + 1 for most in np.floor(budget + FORGIVEN))
    steps = plan(num_options, [factor.scope for factor in tables], cells=math.prod(shape))
    _check_size(num_options, steps, shape)
    rest, layers = np.zeros(shape), []
    for step in steps:
        layer = Layer(
            step=step,
            values=tables[step.factor].values,
            costs=_in_cells(tables[step.factor], [factors[step.factor] for factors in costs], cells),
            rest=rest,
            gone=np.array(list(np.ndindex(*(int(num_options[i]) for i in step.gone))), dtype=np.intp),
        )
        layers.append(layer)
        rest = _advance(layer, num_options)
    return Relaxed(layers=tuple(layers), least=float(within(rest, (), budget[None])[0]), budget=budget)


def within(
    rest: Float[np.ndarray, "..."], place: tuple[Int[np.ndarray, " g"], ...], budgets: Float[np.ndarray, "g k"]
) -> Float[np.ndarray, " g"]:
    """Entries of `rest` at the options `place`, one for each row of budgets; infinite where one is overdrawn."""
    cells = np.floor(budgets + FORGIVEN).astype(np.intp)
    tops = np.array(rest.shape[len(place) :], dtype=np.intp) - 1
    found = np.broadcast_to(rest[(*place, *np.clip(cells, 0, tops).T)], len(budgets))
    return np.where((cells >= 0).all(axis=1), found, np.inf)


def _factors(bound: Bound) -> tuple[Factor, ...]:
    """Factors of a cost that must not exceed a limit; "at least" is turned around."""
    assert isinstance(bound.cost, CostTable), "the caller checks it"
    return scaled(bound.cost.factors, 1.0 if bound.relation == "<=" else -1.0)


def _budget(bound: Bound, factors: Sequence[Factor]) -> float:
    """What a limit leaves above the least sum, and no more than can be spent; in the cost's unit."""
    assert isinstance(bound.cost, CostTable), "the caller checks it"
    limit = (bound.value - bound.cost.resource.constant) * (1.0 if bound.relation == "<=" else -1.0)
    left = limit - sum(float(factor.values.min()) for factor in factors)
    return max(0.0, min(left, sum(float(np.ptp(factor.values)) for factor in factors)))


def _aligned(num_options: Int[np.ndarray, " d"], sums: Sequence[Sequence[Factor]]) -> list[tuple[Factor, ...]]:
    """The same sums, each over the same scopes in the same order."""
    scopes = {(0,), *(factor.scope for factors in sums for factor in factors)}
    blank = [Factor(scope=scope, values=np.zeros([int(num_options[i]) for i in scope])) for scope in sorted(scopes)]
    return [merge([*blank, *factors]) for factors in sums]


def _in_cells(table: Factor, costs: Sequence[Factor], cells: Sequence[float]) -> Float[np.ndarray, "... k"]:
    raised = [(cost.values - cost.values.min()) / cell for cost, cell in zip(costs, cells, strict=True)]
    return np.stack(raised, axis=-1) if raised else np.zeros((*table.values.shape, 0))


def _advance(layer: Layer, num_options: Int[np.ndarray, " d"]) -> Float[np.ndarray, "..."]:
    """One step: the least over what it settles; what an entry costs, in whole cells, is taken off the budget."""
    step, shape = layer.step, layer.rest.shape[len(layer.step.before) :]
    after = np.full((*(int(num_options[i]) for i in step.after), *shape), np.inf)
    shifts = np.minimum(np.floor(layer.costs), shape).astype(np.intp)
    for options in np.ndindex(layer.values.shape):
        settled = dict(zip(step.scope, options, strict=True))
        kept = [slice(n - int(shift)) for n, shift in zip(shape, shifts[options], strict=True)]
        moved = [slice(int(shift), None) for shift in shifts[options]]
        source = layer.rest[_index(settled, step.before, kept)]
        target = after[_index(settled, step.after, moved)]
        np.minimum(target, source + layer.values[options], out=target)
    return after


def _index(settled: Mapping[int, int], decisions: Sequence[int], cells: Sequence[slice]) -> tuple[Any, ...]:
    """Place of a message's part; `...` makes it a view even where that is a single number."""
    return (*(settled.get(i, slice(None)) for i in decisions), ..., *cells)


def _check_size(num_options: Int[np.ndarray, " d"], steps: Sequence[Step], shape: tuple[int, ...]) -> None:
    kept = math.prod(shape) * sum(math.prod(int(num_options[i]) for i in step.before) for step in steps)
    if kept > MAX_KEPT:
        raise EntangledError(
            f"the exact optimum would need tables of {kept:.3g} numbers, and at most {MAX_KEPT:.3g} are kept; lower "
            "num_cells, drop a limit, or use nas.genetic.minimise"
        )
