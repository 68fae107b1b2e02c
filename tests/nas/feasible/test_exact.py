"""The exact optimum against brute force on small spaces, its certificate, and the genetic search against it."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float, Int, Int8

from nas.costs import CostTable, Factor, Resource
from nas.feasible import budgets
from nas.feasible.bounds import Bound, InfeasibleError
from nas.feasible.exact import Exact, minimise_sum
from nas.feasible.feasible import certify
from nas.genetic import Problem, minimise
from nas.space.variants import EntangledError
from search_spaces.tiefenrausch import SPACE


def table(factors: Sequence[Factor], constant: float = 0.0) -> CostTable:
    resource = Resource(name="cost", unit="units", measure=lambda op: 0.0, constant=constant)
    return CostTable(resource=resource, factors=tuple(factors))


def bound(cost: CostTable, relation: str, value: float) -> Bound:
    return Bound(name="cost", unit="units", cost=cost, relation=relation, value=value)  # type: ignore[arg-type]


def everything(num_options: Int[np.ndarray, " d"]) -> Int8[np.ndarray, "n d"]:
    return np.array(list(itertools.product(*(range(n) for n in num_options))), dtype=np.int8)


def total(factors: Sequence[Factor], rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    return table(factors).cost(rows)


def random_factors(num_options: Int[np.ndarray, " d"], rng: np.random.Generator, *, whole: bool) -> tuple[Factor, ...]:
    """Up to six tables over up to three decisions each, perhaps none."""
    factors = []
    for _ in range(rng.integers(0, 7)):
        width = int(rng.integers(0, min(3, len(num_options)) + 1))
        scope = tuple(rng.choice(len(num_options), size=width, replace=False).tolist())
        values = 10 * rng.standard_normal(num_options[list(scope)])
        factors.append(Factor(scope=scope, values=np.asarray(np.rint(values) if whole else values)))
    return tuple(factors)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    relations=st.lists(st.sampled_from(["<=", ">="]), max_size=2),
    share=st.floats(0.02, 0.98),
    num_cells=st.sampled_from([1, 9, 400]),
    whole=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_it_is_the_best_of_everything_feasible(
    sizes: list[int], relations: list[str], share: float, num_cells: int, whole: bool, seed: int
) -> None:
    rng, num_options = np.random.default_rng(seed), np.array(sizes, dtype=np.int64)
    rows, objective = everything(num_options), random_factors(num_options, rng, whole=whole)
    bounds = []
    for relation in relations:
        cost = table(random_factors(num_options, rng, whole=whole), constant=3.0)
        limit = np.quantile(cost.cost(rows), share if relation == "<=" else 1 - share, method="nearest")
        bounds.append(bound(cost, relation, float(limit)))
    feasible = rows[np.all([one.holds(rows) for one in bounds], axis=0)] if bounds else rows
    if len(feasible) == 0:
        with pytest.raises(InfeasibleError, match="infeasible: no architecture meets cost"):
            minimise_sum(num_options, objective, bounds, num_cells=num_cells)
        return
    found = minimise_sum(num_options, objective, bounds, num_cells=num_cells)
    best = total(objective, feasible).min()
    assert found.is_optimal
    assert found.value == pytest.approx(best, abs=1e-9)
    assert tuple(found.architecture) in set(map(tuple, feasible.tolist()))
    assert total(objective, np.array([found.architecture], dtype=np.int8))[0] == pytest.approx(best, abs=1e-9)


NUM_OPTIONS = np.array([4] * 9)


def knapsack(seed: int = 0) -> tuple[tuple[Factor, ...], Bound]:
    """Rewards and costs that are independent, one table for each decision."""
    rng = np.random.default_rng(seed)
    objective, cost = (tuple(Factor(scope=(i,), values=rng.random(4)) for i in range(9)) for _ in range(2))
    return objective, bound(table(cost), "<=", float(np.quantile(total(cost, everything(NUM_OPTIONS)), 0.05)))


def test_stopped_early_it_still_brackets_the_optimum() -> None:
    objective, limit = knapsack()
    rows = everything(NUM_OPTIONS)
    best = total(objective, rows[limit.holds(rows)]).min()
    early = [minimise_sum(NUM_OPTIONS, objective, [limit], num_cells=2, max_nodes=n) for n in (40, 100, 400)]
    assert not early[0].is_optimal
    for found in early:
        assert found.lower_bound <= best + 1e-9 and best <= found.value + 1e-9
        assert limit.holds(np.array([found.architecture], dtype=np.int8)).all()


def test_more_cells_need_fewer_nodes() -> None:
    objective, limit = knapsack()
    coarse, fine = (minimise_sum(NUM_OPTIONS, objective, [limit], num_cells=n) for n in (2, 2000))
    assert coarse.value == pytest.approx(fine.value) and coarse.num_nodes > 2 * fine.num_nodes


def test_too_few_nodes_to_find_anything_are_refused() -> None:
    objective, limit = knapsack()
    with pytest.raises(ValueError, match=r"5 partial architectures led to none that meets cost <= .*; raise max_nodes"):
        minimise_sum(NUM_OPTIONS, objective, [limit], max_nodes=5)


def test_a_limit_below_the_least_names_it() -> None:
    cost = table([Factor(scope=(0,), values=np.array([5.0, 7.0]))])
    with pytest.raises(InfeasibleError, match="the smallest cost in this space is 5 units, above the limit"):
        minimise_sum(np.array([2]), [], [bound(cost, "<=", 4.0)])


def test_three_limits_are_refused() -> None:
    objective, limit = knapsack()
    with pytest.raises(ValueError, match=r"at most 2 limits, got cost <= .* and .*; use nas.genetic.minimise"):
        minimise_sum(NUM_OPTIONS, objective, [limit] * 3)


def test_a_limit_on_anything_but_a_sum_is_refused() -> None:
    class Opaque:
        def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            return np.zeros(len(population))

    limit = Bound(name="heat", unit="K", cost=Opaque(), relation="<=", value=1.0)
    with pytest.raises(ValueError, match="limits on sums over operators, and heat is none; use nas"):
        minimise_sum(NUM_OPTIONS, [], [limit])


def test_tables_that_hang_together_too_closely_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, limit = knapsack()
    monkeypatch.setattr(budgets, "MAX_KEPT", 1000)
    with pytest.raises(EntangledError, match=r"tables of \S+ numbers, and at most 1e\+03 are kept; lower num_cells"):
        minimise_sum(NUM_OPTIONS, objective, [limit])


def on_the_reference_space(macs_table: CostTable, seed: int) -> tuple[tuple[Factor, ...], Bound, Exact]:
    rng = np.random.default_rng(seed)
    objective = tuple(Factor(scope=(i,), values=rng.standard_normal(n)) for i, n in enumerate(SPACE.num_options))
    limit = Bound(name="macs", unit="MACs", cost=macs_table, relation="<=", value=2.5901e9)
    return objective, limit, minimise_sum(SPACE.num_options, objective, [limit])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_genetic_search_reaches_the_optimum_of_the_reference_space(macs_table: CostTable, seed: int) -> None:
    objective, limit, exact = on_the_reference_space(macs_table, seed)
    problem = Problem(
        num_options=SPACE.num_options, constraints=lambda rows: macs_table.cost(rows)[:, None] - limit.value
    )
    rng = np.random.default_rng(seed)
    initial = certify(SPACE.num_options, [limit], rng).sample(512, rng)
    found = minimise(lambda rows: total(objective, rows), problem, initial=initial, rng=rng)
    assert exact.is_optimal
    assert tuple(found.architectures[0].tolist()) == exact.architecture
    assert found.values[0] == pytest.approx(exact.value)
