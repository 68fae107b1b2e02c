"""Prices and limits on a small space against lowered networks and brute force."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from launch.pricing.pricing import Pricing, price
from nas.costs import LimitError, level_table
from nas.devices import fake
from nas.feasible import InfeasibleError
from nas.latency import LatencyTable, vouched
from nas.latency.fit import Line
from nas.latency.profile import profile
from nas.resources import macs, params
from nas.space import Choice, Shape, Space, Stage
from nas.space.space import SpaceError
from predictors import ridge
from predictors.coding import FittedCoded
from tests.experiments.tiny import SPACE

EVERYTHING = np.array(list(itertools.product(*(range(n) for n in SPACE.num_options))), dtype=np.int8)
MARGIN = 0.25


@pytest.fixture(scope="module")
def table() -> LatencyTable:
    exact = profile(SPACE, fake.DEVICE, np.random.default_rng(0), progress=lambda done, total: None)
    return replace(exact, margin=MARGIN)


@pytest.fixture(scope="module")
def pricing(table: LatencyTable) -> Pricing:
    return price(SPACE, [*macs.RESOURCES, *params.RESOURCES], [table], baseline="published")


def test_costs_are_those_of_the_lowered_network(pricing: Pricing, table: LatencyTable) -> None:
    for row in SPACE.sample(10, np.random.default_rng(0)).tolist():
        network, costs = SPACE.lower(row), pricing.costs(tuple(row))
        assert (costs["macs"], costs["params"]) == (network.macs, network.params)
        assert costs["latency_ms.fake"] == pytest.approx(table.resource().of(network))
    assert [pricing.unit(name) for name in pricing.tables] == ["MACs", "parameters", "ms"]


def test_two_resources_of_one_name_are_refused() -> None:
    twin = replace(params.RESOURCES[0], name="macs")
    with pytest.raises(ValueError, match="every resource needs a name of its own, got 'macs' twice; rename one"):
        price(SPACE, [*macs.RESOURCES, *params.RESOURCES, twin])


def test_a_limit_may_speak_of_the_baseline_or_a_reference(pricing: Pricing) -> None:
    published = pricing.costs(SPACE.reference("published"))
    assert pricing.limit("macs <= 0.5 * baseline").bound == 0.5 * published["macs"]
    assert pricing.limit("latency_ms.fake <= published").bound == published["latency_ms.fake"]


def test_a_limit_on_a_table_that_is_unfit_for_limits_is_refused_with_the_reason_and_the_cure(
    table: LatencyTable,
) -> None:
    rounded = replace(table, entries=dict.fromkeys(table.entries, 1.0), fit=None, line=Line(), checks=(), intervals={})
    unfit = price(SPACE, macs.RESOURCES, [rounded])
    with pytest.raises(LimitError, match=r"cannot be kept: .* its \d+ operators have 1 different .* on your word"):
        unfit.limit("latency_ms.fake <= 3 ms")
    assert unfit.limit("macs <= 3").bound == 3
    trusted = price(SPACE, macs.RESOURCES, [vouched(rounded, 0.2)])
    assert trusted.limit("latency_ms.fake <= 3 ms").bound == 3 and trusted.margins == {"latency_ms.fake": 0.2}


def test_a_device_with_a_space_in_its_name_is_limited_in_quotes(table: LatencyTable) -> None:
    pixel = price(SPACE, macs.RESOURCES, [replace(table, device="Pixel 4")])
    limit = pixel.limit('"latency_ms.Pixel 4" <= 300 us')
    assert (limit.resource, limit.bound) == ("latency_ms.Pixel 4", 0.3)
    (bound,) = pixel.bounds([limit])
    assert bound.value == pytest.approx(0.3 / (1 + MARGIN))


def test_unknown_resources_and_references_are_named(pricing: Pricing) -> None:
    with pytest.raises(LimitError, match=r"'mac', which is no known resource; did you mean 'macs'\?"):
        pricing.limit("mac <= 3")
    with pytest.raises(LimitError, match="has no reference architecture 'mobilenet'; known: published"):
        pricing.limit("macs <= mobilenet")
    with pytest.raises(SpaceError, match="has no reference architecture 'baseline'"):
        replace(pricing, baseline=None).reference("baseline")


def test_a_limit_on_counted_costs_is_kept_as_it_is(pricing: Pricing) -> None:
    limit = pricing.limit("macs <= 0.4 * published")
    (bound,) = pricing.bounds([limit])
    assert bound.value == limit.bound and (bound.name, bound.unit, bound.relation) == ("macs", "MACs", "<=")


def test_a_limit_on_latency_is_searched_with_the_tables_margin(pricing: Pricing) -> None:
    upper, lower = pricing.limit("latency_ms.fake <= 0.5"), pricing.limit("latency_ms.fake >= 0.2")
    assert [bound.value for bound in pricing.bounds([upper, lower])] == [0.5 / (1 + MARGIN), 0.2 * (1 + MARGIN)]
    assert upper.bound == 0.5


def test_the_problem_and_the_feasible_set_agree_with_brute_force(pricing: Pricing) -> None:
    limits = [pricing.limit("macs <= 0.5 * published"), pricing.limit("latency_ms.fake >= 0.2 ms")]
    costs = {name: table.cost(EVERYTHING) for name, table in pricing.tables.items()}
    expected = (costs["macs"] <= limits[0].bound) & (costs["latency_ms.fake"] >= 0.2 * (1 + MARGIN))
    assert 0 < expected.sum() < len(EVERYTHING)
    np.testing.assert_array_equal(pricing.problem(limits).is_feasible(EVERYTHING), expected)
    feasible = pricing.feasible(limits, seed=0)
    assert feasible.count_low <= expected.sum() <= feasible.count_high
    np.testing.assert_array_equal(feasible.contains(EVERYTHING), expected)


def test_without_limits_everything_is_feasible(pricing: Pricing) -> None:
    assert pricing.problem([]).is_feasible(EVERYTHING).all()
    assert pricing.feasible([], seed=0).count_low == SPACE.size


def test_limits_that_nothing_meets_name_the_exact_bound(pricing: Pricing) -> None:
    smallest = int(pricing.tables["macs"].cost(EVERYTHING).min())
    with pytest.raises(InfeasibleError, match=f"{smallest:,}"):
        pricing.feasible([pricing.limit("macs <= 1")], seed=0)


def test_limits_that_everything_meets_are_refused(pricing: Pricing) -> None:
    largest = {name: float(table.cost(EVERYTHING).max()) for name, table in pricing.tables.items()}
    with pytest.raises(LimitError, match=r"can never fail: macs goes from .*; leave it out or tighten it"):
        pricing.feasible([pricing.limit(f"macs <= {largest['macs']}")], seed=0)
    with pytest.raises(LimitError, match=r"can never fail: params"):
        pricing.feasible([pricing.limit("macs <= published"), pricing.limit("params >= 1")], seed=0)
    within = [pricing.limit(f"latency_ms.fake <= {(1 + MARGIN / 2) * largest['latency_ms.fake']}")]
    assert 0 < pricing.feasible(within, seed=0).count_high < SPACE.size
    beyond = [pricing.limit(f"latency_ms.fake <= {(1 + 2 * MARGIN) * largest['latency_ms.fake']}")]
    with pytest.raises(LimitError, match="can never fail"):
        pricing.feasible(beyond, seed=0)


def test_a_design_fills_the_encoding_and_the_costs_between_0_and_1(pricing: Pricing) -> None:
    features = pricing.design_features(EVERYTHING)
    encoded = SPACE.encode(EVERYTHING)
    np.testing.assert_array_equal(features[:, : encoded.shape[1]], encoded)
    scaled = features[:, encoded.shape[1] :]
    assert scaled.shape[1] == 2
    assert scaled.min() == pytest.approx(0) and scaled.max() == pytest.approx(1)
    order = np.argsort(pricing.tables["macs"].cost(EVERYTHING))
    assert (np.diff(scaled[order, 0]) >= 0).all()


def test_predictors_see_what_a_design_fills_and_then_the_levels(pricing: Pricing) -> None:
    filled, seen = pricing.design_features(EVERYTHING), pricing.features(EVERYTHING)
    np.testing.assert_array_equal(seen[:, : filled.shape[1]], filled)
    np.testing.assert_array_equal(filled[:, : len(SPACE.choices)], SPACE.encode(EVERYTHING))
    np.testing.assert_array_equal(seen[:, filled.shape[1] :], level_table(SPACE).features(EVERYTHING))


def test_a_guide_learns_from_levels_and_from_decisions_too_where_that_is_better(pricing: Pricing) -> None:
    rows = np.random.default_rng(0).permutation(EVERYTHING)[:60]
    X, guide = pricing.features(rows), pricing.choosing(ridge.PREDICTOR)
    deep, middle = (
        rows[:, [choice.name for choice in SPACE.choices].index(name)] for name in ("deep.width", "middle.width")
    )
    of_levels, of_decisions = guide.fit(X, X[:, -1]), guide.fit(X, deep - 2.0 * middle)
    assert isinstance(of_levels, FittedCoded) and of_levels.coding == "levels"
    assert isinstance(of_decisions, FittedCoded) and of_decisions.coding == "levels and decisions"


def test_decisions_of_names_are_always_seen() -> None:
    mode = Choice(name="mode", options=("nearest", "bilinear"))
    stages = (
        Stage(name="down", op="trb", inputs=("input",), width=8, expansion=1, stride=2),
        Stage(name="up", op="trb", inputs=("down",), width=8, expansion=1, upsample=mode),
    )
    named = price(Space(name="named", input=Shape(3, 8, 8), stages=stages), macs.RESOURCES)
    assert named.choosing(ridge.PREDICTOR) is ridge.PREDICTOR  # there is no choice: names are seen, levels are alike
