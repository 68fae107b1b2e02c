"""Counts, extremes and samples of the feasible set against full enumeration, and the figures of the reference space."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float, Int8
from scipy.stats import chisquare

from nas.costs import CostTable, Factor, Resource
from nas.feasible.bounds import Bound, InfeasibleError, extremes
from nas.feasible.elimination import plan
from nas.feasible.feasible import FeasibleSet, ScarceError, certify
from nas.space.variants import EntangledError
from search_spaces.tiefenrausch import SPACE


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(factors: list[Factor], constant: float = 0.0) -> CostTable:
    resource = Resource(name="cost", unit="units", measure=lambda op: 0.0, constant=constant)
    return CostTable(resource=resource, factors=tuple(factors))


def bound(cost: object, relation: str, value: float, name: str = "") -> Bound:
    resource = cost.resource if isinstance(cost, CostTable) else Resource(name="own", unit="u", measure=lambda op: 0.0)
    return Bound(name=name or resource.name, unit=resource.unit, cost=cost, relation=relation, value=value)  # type: ignore[arg-type]  # strings of the test's table


def everything(num_options: np.ndarray) -> Int8[np.ndarray, "n d"]:
    return np.array(list(itertools.product(*(range(n) for n in num_options))), dtype=np.int8)


# A graph as a seed: the type checker of the test run uses `random`, which hypothesis forbids inside strategies.
GRAPHS = st.tuples(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.booleans(), st.integers(0, 2**32))
Graph = tuple[list[int], bool, int]


def grow(graph: Graph) -> tuple[np.ndarray, list[list[Factor]]]:
    """Options of up to six decisions, and two costs over random scopes; whole numbers or not."""
    num_options, (_, whole, seed) = np.array(graph[0], dtype=np.int64), graph
    generator, costs = rng(seed), []
    for _ in range(2):
        factors = []
        for _ in range(generator.integers(0, 6)):
            width = int(generator.integers(0, min(3, len(num_options)) + 1))
            scope = tuple(generator.choice(len(num_options), size=width, replace=False).tolist())
            values = generator.lognormal(3, 1.5, size=num_options[list(scope)])
            factors.append(Factor(scope=scope, values=np.asarray(np.rint(values) if whole else values)))
        costs.append(factors)
    return num_options, costs


@settings(max_examples=50, deadline=None)
@given(GRAPHS, st.floats(-5, 5))
def test_extremes_are_exact_and_attained(graph: Graph, constant: float) -> None:
    num_options, costs = grow(graph)
    cost = table(costs[0], constant)
    prices = cost.cost(everything(num_options))
    found = extremes(num_options, cost)
    assert found.low == pytest.approx(prices.min(), rel=1e-12, abs=1e-12)
    assert found.high == pytest.approx(prices.max(), rel=1e-12, abs=1e-12)
    assert cost.cost(np.array([found.lowest], dtype=np.int8))[0] == found.low
    assert cost.cost(np.array([found.highest], dtype=np.int8))[0] == found.high


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(GRAPHS, st.floats(0, 1), st.floats(0, 1), st.sampled_from(["<=", ">="]), st.sampled_from([5, 30, 400]))
def test_certified_counts_hold_the_true_count(
    graph: Graph, first: float, second: float, relation: str, num_cells: int
) -> None:
    num_options, costs = grow(graph)
    rows = everything(num_options)
    tables = [table(factors, constant=3.0) for factors in costs]
    prices = [cost.cost(rows) for cost in tables]
    one = bound(tables[0], "<=", float(np.quantile(prices[0], first)))
    two = bound(tables[1], relation, float(np.quantile(prices[1], second)))
    window = bound(tables[0], ">=", float(np.quantile(prices[0], first / 2)))
    for bounds in ([one], [two], [one, window], [one, two], [one, two, window]):
        truth = int(np.logical_and.reduce([each.holds(rows) for each in bounds]).sum())
        try:
            found = certify(num_options, bounds, rng(), num_cells=num_cells)
        except InfeasibleError:
            assert truth == 0
            continue
        assert found.certified
        assert found.count_low <= truth <= found.count_high
        assert found.estimate.low - 1e-9 <= truth / len(rows) <= found.estimate.high + 1e-9
        if truth:
            assert found.contains(found.sample(5, rng())).all()


def test_whole_numbers_with_enough_cells_are_counted_exactly() -> None:
    cost = table([Factor(scope=(0, 1), values=np.arange(12.0).reshape(3, 4)), Factor(scope=(1, 2), values=np.eye(4))])
    num_options = np.array([3, 4, 4])
    for limit in range(13):
        truth = int((cost.cost(everything(num_options)) <= limit).sum())
        found = certify(num_options, [bound(cost, "<=", float(limit))], rng(), num_cells=1000)
        assert found.count_low == found.count_high == truth


def _ladder() -> tuple[np.ndarray, CostTable, CostTable]:
    """Six decisions in two entangled rails, 1,728 architectures."""
    generator, num_options = rng(7), np.array([4, 3, 4, 3, 4, 3])
    scopes = [(0, 1), (0, 2), (1, 3), (2, 3), (2, 4), (3, 5), (4, 5)]
    costs = [
        table([Factor(scope=s, values=np.rint(generator.lognormal(5, 1, size=num_options[list(s)]))) for s in scopes])
        for _ in range(2)
    ]
    return num_options, costs[0], costs[1]


@pytest.mark.parametrize("kind", ["one", "window", "two", "opaque"])
def test_samples_are_uniform_over_the_feasible_set(kind: str) -> None:
    num_options, cost, other = _ladder()
    rows = everything(num_options)
    half, third = float(np.quantile(cost.cost(rows), 0.4)), float(np.quantile(other.cost(rows), 0.3))

    class Opaque:
        def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            return other.cost(population)

    bounds = {
        "one": [bound(cost, "<=", half)],
        "window": [bound(cost, "<=", half), bound(cost, ">=", half / 2)],
        "two": [bound(cost, "<=", half), bound(other, ">=", third)],
        "opaque": [bound(cost, "<=", half), bound(Opaque(), ">=", third)],
    }[kind]
    found = certify(num_options, bounds, rng())
    feasible = rows[np.logical_and.reduce([each.holds(rows) for each in bounds])]
    assert found.count_low <= len(feasible) <= found.count_high
    assert found.certified == (kind != "opaque")
    drawn = found.sample(40 * len(feasible), rng(1))
    codes = np.ravel_multi_index(tuple(drawn.T.astype(np.intp)), tuple(num_options))
    wanted = np.ravel_multi_index(tuple(feasible.T.astype(np.intp)), tuple(num_options))
    assert np.isin(codes, wanted).all()
    assert chisquare(np.bincount(codes, minlength=int(num_options.prod()))[wanted]).pvalue > 1e-3


# The reference space ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "low", "high"), [(2.5901e9, 3.480e19, 3.647e19), (1.3e9, 5.438e17, 5.791e17)])
def test_the_published_figures(macs_table: CostTable, limit: float, low: float, high: float) -> None:
    found = certify(SPACE.num_options, [bound(macs_table, "<=", limit)], rng())
    assert low < found.count_low < found.count_high < high
    assert found.count_high / found.count_low < 1.01
    assert found.count_low / found.size <= found.estimate.share <= found.count_high / found.size
    sample = found.sample(2000, rng())
    assert len(np.unique(sample, axis=0)) == 2000
    assert (macs_table.cost(sample) <= limit).all()


@pytest.mark.slow
def test_plain_sampling_agrees_with_the_certified_share(macs_table: CostTable) -> None:
    prices = macs_table.cost(SPACE.sample(400_000, rng()))
    for limit in (5e9, 1e10, 2e10):
        found = certify(SPACE.num_options, [bound(macs_table, "<=", limit)], rng(), num_cells=4096)
        share = float((prices <= limit).mean())
        noise = 4 * math.sqrt(share * (1 - share) / len(prices))
        assert found.count_low / found.size - noise <= share <= found.count_high / found.size + noise


@pytest.mark.slow
def test_uniform_samples_match_the_feasible_part_of_plain_ones(macs_table: CostTable) -> None:
    plain = SPACE.sample(400_000, rng())
    plain = plain[macs_table.cost(plain) <= 5e9]
    sample = certify(SPACE.num_options, [bound(macs_table, "<=", 5e9)], rng()).sample(20_000, rng(1))
    noise = np.sqrt(plain.var(axis=0) / len(plain) + sample.var(axis=0) / len(sample))
    assert (np.abs(plain.mean(axis=0) - sample.mean(axis=0)) < 4.5 * noise).all()


@pytest.mark.slow
def test_two_limits_are_certified_and_estimated(macs_table: CostTable, params_table: CostTable) -> None:
    bounds = [bound(macs_table, "<=", 2e10), bound(params_table, "<=", 2e6)]
    found = certify(SPACE.num_options, bounds, rng())
    plain = SPACE.sample(200_000, rng())
    share = float(np.logical_and(bounds[0].holds(plain), bounds[1].holds(plain)).mean())
    assert found.count_low / found.size <= share <= found.count_high / found.size
    assert found.estimate.low * 0.98 <= share <= found.estimate.high * 1.02
    assert found.estimate.confidence < 1


def test_extremes_of_the_reference_space(macs_table: CostTable) -> None:
    found = extremes(SPACE.num_options, macs_table)
    assert found.low == 271_999_296
    assert found.lowest == (0,) * 28
    assert SPACE.lower(found.highest).macs == found.high


# Bad input --------------------------------------------------------------------------------------------------------


def test_infeasible_limits_name_the_exact_bound(macs_table: CostTable, params_table: CostTable) -> None:
    with pytest.raises(InfeasibleError, match=r"the smallest macs in this space is 271,999,296 MACs, above the limit"):
        certify(SPACE.num_options, [bound(params_table, "<=", 1e6), bound(macs_table, "<=", 2e8)], rng())
    with pytest.raises(InfeasibleError, match=r"the largest params in this space is .* below the limit params >= "):
        certify(SPACE.num_options, [bound(params_table, ">=", 1e9)], rng())


@pytest.mark.slow
def test_limits_that_exclude_each_other_are_named_together(macs_table: CostTable, params_table: CostTable) -> None:
    with pytest.raises(InfeasibleError, match=r"macs <= .* and params >= .* can each be met, but not together: where"):
        certify(SPACE.num_options, [bound(macs_table, "<=", 1e9), bound(params_table, ">=", 5.5e6)], rng())
    with pytest.raises(InfeasibleError, match="exclude each other"):
        certify(SPACE.num_options, [bound(macs_table, "<=", 1e9), bound(macs_table, ">=", 2e9)], rng())


class _Never:
    def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        return np.full(len(population), 2.0)


def test_sampling_what_is_never_found_ends() -> None:
    found: FeasibleSet = certify(np.array([3, 3]), [bound(_Never(), "<=", 1.0)], rng())
    assert (found.count_low, found.certified) == (0, False)
    assert found.estimate.high < 0.01
    with pytest.raises(ScarceError, match=r"found 0 of 3 architectures that meet own <= 1 u in \d+ draws"):
        found.sample(3, rng())


def test_spaces_that_hang_together_are_refused() -> None:
    pairs = [(i, j) for i in range(12) for j in range(i)]
    with pytest.raises(EntangledError, match="hang together too closely"):
        plan(np.full(12, 10), pairs)


def test_what_hangs_together_is_estimated_and_says_why() -> None:
    generator, num_options = rng(3), np.full(12, 10)
    pairs = itertools.combinations(range(12), 2)
    cost = table([Factor(scope=pair, values=generator.random((10, 10))) for pair in pairs])
    rows = generator.integers(0, 10, size=(100_000, 12)).astype(np.int8)
    found = certify(num_options, [bound(cost, "<=", float(np.quantile(cost.cost(rows), 0.1)))], rng())
    assert not found.certified and "hang together too closely" in found.note
    assert found.estimate.low < 0.1 < found.estimate.high
    assert found.count_low < 0.1 * found.size < found.count_high
    assert found.contains(found.sample(100, rng())).all()


def test_numbers_that_cannot_be_are_refused(macs_table: CostTable) -> None:
    with pytest.raises(ValueError, match="must be a finite number of MACs, got nan"):
        bound(macs_table, "<=", math.nan)
    with pytest.raises(ValueError, match=r"only spaces of less than 2\*\*1000 can be counted, got 2\*\*1993"):
        certify(np.full(600, 10), [], rng())
