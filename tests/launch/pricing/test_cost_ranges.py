"""Ranges and histograms of costs against all architectures of the space that can be listed."""

import itertools

import numpy as np
import pytest

from launch.pricing.cost_ranges import NUM_BINS, NUM_SAMPLES, NUM_SLOW_SAMPLES, CostRange, cost_range
from nas.costs import AnyResource, CostTable, Factor, NetworkResource, Resource, tabulate
from nas.resources import macs, peak_activation_bytes
from nas.space import Choice, Shape, Space, Stage
from search_spaces.tiny import SPACE

ALL = np.array(list(itertools.product(*(range(n) for n in SPACE.num_options))), dtype=np.int8)
LAYERS = NetworkResource(name="layers", unit="layers", measure=lambda network: len(network.nodes))


def found(resource: AnyResource) -> CostRange:
    (table,) = tabulate(SPACE, [resource])
    return cost_range(SPACE, table, np.random.default_rng(0))


@pytest.mark.parametrize("resource", [macs.RESOURCES[0], peak_activation_bytes.RESOURCES[2]])
def test_tables_have_an_exact_range_and_its_ends_attain_it(resource: AnyResource) -> None:
    cost = found(resource)
    prices = np.array([resource.of(SPACE.lower(row)) for row in ALL.tolist()])
    assert cost.is_exact and (cost.low, cost.high) == (prices.min(), prices.max())
    assert [resource.of(SPACE.lower(row)) for row in (cost.lowest, cost.highest)] == [cost.low, cost.high]
    assert cost.median == pytest.approx(np.median(prices), rel=0.02)


def test_the_histogram_is_of_all_samples_between_the_ends() -> None:
    cost = found(macs.RESOURCES[0])
    assert len(cost.counts) == NUM_BINS == len(cost.edges) - 1
    assert sum(cost.counts) == cost.num_samples == NUM_SAMPLES
    assert (cost.edges[0], cost.edges[-1]) == (cost.low, cost.high)
    prices = np.array([SPACE.lower(row).macs for row in ALL.tolist()])
    truth, _ = np.histogram(prices, bins=NUM_BINS, range=(cost.low, cost.high))
    assert np.abs(np.array(cost.counts) / NUM_SAMPLES - truth / len(ALL)).max() < 0.01


def test_a_meter_over_whole_networks_has_the_samples_range() -> None:
    cost = found(LAYERS)
    assert not cost.is_exact and cost.num_samples == sum(cost.counts) == NUM_SLOW_SAMPLES
    lengths = [len(SPACE.lower(row).nodes) for row in ALL.tolist()]
    assert (cost.low, cost.high) == (min(lengths), max(lengths))
    assert len(SPACE.lower(cost.highest).nodes) == cost.high


@pytest.mark.slow
def test_a_cost_that_hangs_together_has_the_samples_range() -> None:
    widths = [Choice(name=f"s{i}.width", options=tuple(range(1, 11))) for i in range(12)]
    stages = [Stage(name=f"s{i}", op="conv", inputs=("input",), width=width) for i, width in enumerate(widths)]
    space = Space(name="fan", input=Shape(3, 8, 8), stages=tuple(stages))
    values, pairs = np.add.outer(np.arange(10.0), np.arange(10.0)), itertools.combinations(range(12), 2)
    resource = Resource(name="own", unit="u", measure=lambda op: 0.0)
    table = CostTable(resource=resource, factors=tuple(Factor(scope=pair, values=values) for pair in pairs))
    cost = cost_range(space, table, np.random.default_rng(0))
    assert not cost.is_exact and 0 < cost.low < cost.median < cost.high < 11 * 12 * 9
    assert table.cost(np.array([cost.lowest], dtype=np.int8))[0] == cost.low
