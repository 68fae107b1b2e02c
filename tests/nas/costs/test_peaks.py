"""Peak memory against a brute-force liveness walk, and weight bytes against torch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nas.costs.meters import tabulate
from nas.costs.peaks import PeakTable, peak_tables
from nas.costs.tables import cost_tables
from nas.feasible import Bound, InfeasibleError, certify, extremes
from nas.lowering.torch_module import build, fold
from nas.resources import peak_activation_bytes, weight_bytes
from nas.space import INPUT, Choice, Network, Shape, Space, Stage
from search_spaces.tiefenrausch import SPACE


def brute_force(network: Network) -> list[int]:
    """Elements alive while each node runs, straight from the definition, for every pair of node and tensor."""
    shapes = {INPUT: network.input} | {node.name: node.op.output for node in network.nodes}
    made = {INPUT: -1} | {node.name: i for i, node in enumerate(network.nodes)}
    read = {
        name: max([i for i, node in enumerate(network.nodes) if name in node.inputs] + [made[name]]) for name in made
    }
    return [
        sum(shapes[name].num_elements for name in shapes if made[name] <= i <= read[name])
        for i in range(len(network.nodes))
    ]


def branchy() -> Space:
    """The image is read twice, a width is a constant, and strides are a choice."""
    width, stride = Choice(name="width", options=(4, 12)), Choice(name="stride", options=(1, 2))
    return Space(
        name="branchy",
        input=Shape(3, 16, 12),
        stages=(
            Stage(name="left", op="conv", inputs=("input",), width=width, stride=stride),
            Stage(name="right", op="trb", inputs=("input",), width=width, stride=stride, expansion=4),
            Stage(name="deep", op="trb", inputs=("right",), width=6, repeat=2),
            Stage(name="join", op="trb", inputs=("left", "right"), width=6, expansion=2),
            Stage(name="head", op="head", inputs=("join", "deep"), width=1),
        ),
    )


@pytest.fixture(scope="module")
def reference_peaks() -> tuple[PeakTable, ...]:
    return peak_tables(SPACE, peak_activation_bytes.RESOURCES)


@pytest.mark.slow
def test_peaks_equal_the_brute_force_walk(reference_peaks: tuple[PeakTable, ...]) -> None:
    check_against_brute_force(SPACE, reference_peaks, 200)
    check_against_brute_force(branchy(), peak_tables(branchy(), peak_activation_bytes.RESOURCES), 50)


def check_against_brute_force(space: Space, tables: tuple[PeakTable, ...], n: int) -> None:
    population = space.sample(n, np.random.default_rng(0))
    truth = np.array([max(brute_force(space.lower(row))) for row in population.tolist()])
    for table, bytes_each in zip(tables, (4, 2, 1), strict=True):
        assert np.array_equal(table.cost(population), bytes_each * truth)
        assert [table.resource.of(space.lower(row)) for row in population[:5].tolist()] == (
            bytes_each * truth[:5]
        ).tolist()


def test_the_published_network_peaks_in_its_decoder() -> None:
    network = SPACE.lower(SPACE.reference("published"))
    moments = brute_force(network)
    assert network.nodes[int(np.argmax(moments))].name == "2C.0.depthwise"
    assert peak_activation_bytes.RESOURCES[2].moments(network) == moments


def test_a_peak_has_a_range_and_can_be_a_limit(reference_peaks: tuple[PeakTable, ...]) -> None:
    table = reference_peaks[2]
    found = extremes(SPACE.num_options, table)
    assert found.lowest == (0,) * 28
    prices = table.cost(SPACE.sample(20_000, np.random.default_rng(0)))
    assert found.low <= prices.min() <= prices.max() <= found.high
    limit = Bound(name="peak", unit="bytes", cost=table, relation="<=", value=float(np.quantile(prices, 0.2)))
    feasible = certify(SPACE.num_options, [limit], np.random.default_rng(0))
    assert not feasible.certified
    assert feasible.estimate.low < 0.2 < feasible.estimate.high
    assert feasible.contains(feasible.sample(100, np.random.default_rng(0))).all()
    with pytest.raises(InfeasibleError, match=r"the smallest peak in this space is .* bytes, above the limit"):
        certify(SPACE.num_options, [replace(limit, value=found.low - 1)], np.random.default_rng(0))


@pytest.mark.parametrize(("index", "dtype"), [(0, torch.float32), (1, torch.float16)])
def test_weight_bytes_are_torchs(index: int, dtype: torch.dtype) -> None:
    network = replace(SPACE, input=Shape(3, 32, 32)).lower(SPACE.reference("published"))
    state = fold(build(network)).to(dtype).state_dict()
    assert weight_bytes.RESOURCES[index].of(network) == sum(value.nbytes for value in state.values())


def test_int8_keeps_its_biases_in_int32() -> None:
    network = SPACE.lower(SPACE.reference("published"))
    assert weight_bytes.RESOURCES[2].of(network) == 3_508_424 + 4 * 42_417


def test_weight_bytes_are_tabulated() -> None:
    space = branchy()
    population = space.sample(20, np.random.default_rng(0))
    for table in cost_tables(space, weight_bytes.RESOURCES):
        assert table.cost(population).tolist() == [table.resource.of(space.lower(row)) for row in population.tolist()]


def test_tabulate_keeps_the_order_of_mixed_resources() -> None:
    mixed = (peak_activation_bytes.RESOURCES[2], *weight_bytes.RESOURCES, peak_activation_bytes.RESOURCES[0])
    tables = tabulate(branchy(), mixed)
    assert [table.resource.name for table in tables] == [resource.name for resource in mixed]
