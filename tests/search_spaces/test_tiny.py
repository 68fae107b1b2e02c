"""The space that can be listed: every claim of the engine against all of its architectures."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from nas.costs import AnyTable, tabulate
from nas.feasible import Bound, certify, extremes
from nas.lowering.torch_module import build, count_macs, count_params, fold
from nas.resources import macs, params, peak_activation_bytes
from nas.space import INPUT, Network
from search_spaces.tiny import SPACE

ALL = np.array(list(itertools.product(*(range(n) for n in SPACE.num_options))), dtype=np.int8)


@pytest.fixture(scope="module")
def tables() -> tuple[AnyTable, ...]:
    return tabulate(SPACE, (*macs.RESOURCES, *params.RESOURCES, *peak_activation_bytes.RESOURCES))


@pytest.fixture(scope="module")
def networks() -> list[Network]:
    return [SPACE.lower(row) for row in ALL.tolist()]


def peak_elements(network: Network) -> int:
    """The most elements alive at once, from the definition."""
    sizes = {INPUT: network.input.num_elements} | {node.name: node.op.output.num_elements for node in network.nodes}
    made = {INPUT: -1} | {node.name: i for i, node in enumerate(network.nodes)}
    read = dict(made)
    for i, node in enumerate(network.nodes):
        read |= {name: i for name in node.inputs}
    alive = [[name for name in sizes if made[name] <= i <= read[name]] for i in range(len(network.nodes))]
    return max(sum(sizes[name] for name in names) for names in alive)


def test_it_has_a_few_hundred_architectures() -> None:
    assert SPACE.size == len(ALL) == 432


def test_every_table_entry_is_the_lowered_networks(tables: tuple[AnyTable, ...], networks: list[Network]) -> None:
    assert tables[0].cost(ALL).tolist() == [network.macs for network in networks]
    assert tables[1].cost(ALL).tolist() == [network.params for network in networks]
    peaks = np.array([peak_elements(network) for network in networks])
    for table, bytes_each in zip(tables[2:], (4, 2, 1), strict=True):
        assert np.array_equal(table.cost(ALL), bytes_each * peaks)


def test_fvcore_counts_the_same(networks: list[Network]) -> None:
    for network in networks[::31]:
        module = build(network).eval()
        assert count_macs(module) == network.macs
        assert count_params(fold(module)) == network.params


def test_extremes_are_those_of_the_list(tables: tuple[AnyTable, ...]) -> None:
    for table in tables:
        costs, found = table.cost(ALL), extremes(SPACE.num_options, table)  # type: ignore[arg-type]  # none is opaque
        assert (found.low, found.high) == (costs.min(), costs.max())
        assert table.cost(np.array([found.lowest, found.highest], dtype=np.int8)).tolist() == [found.low, found.high]


@pytest.mark.parametrize("index", [0, 1])
def test_counts_hold_the_truth_under_every_limit(tables: tuple[AnyTable, ...], index: int) -> None:
    costs = tables[index].cost(ALL)
    for value in np.unique(costs)[::7].tolist():
        limit = Bound(name="cost", unit="units", cost=tables[index], relation="<=", value=value)
        found = certify(SPACE.num_options, [limit], np.random.default_rng(0))
        assert found.count_low == (costs <= value).sum() == found.count_high


def test_samples_under_a_sum_and_a_peak_are_uniform(tables: tuple[AnyTable, ...]) -> None:
    limits = [
        Bound(name="macs", unit="MACs", cost=tables[0], relation="<=", value=2e6),
        Bound(name="peak", unit="bytes", cost=tables[4], relation="<=", value=80_000.0),
    ]
    found = certify(SPACE.num_options, limits, np.random.default_rng(0))
    feasible = np.logical_and.reduce([limit.holds(ALL) for limit in limits])
    assert 20 < feasible.sum() < 400
    assert not found.certified and "peak" in found.note
    assert found.count_low <= feasible.sum() <= found.count_high
    drawn = found.sample(40 * int(feasible.sum()), np.random.default_rng(1))
    codes = np.ravel_multi_index(tuple(drawn.T.astype(np.intp)), tuple(SPACE.num_options))
    counts = np.bincount(codes, minlength=SPACE.size)
    assert counts[~feasible].sum() == 0
    assert chisquare(counts[feasible]).pvalue > 1e-3


def test_its_middle_trains_in_a_second() -> None:
    torch.manual_seed(0)
    module = build(SPACE.lower(SPACE.reference("middle"))).train()
    image = torch.rand(8, 3, 32, 32)
    target = image.mean(dim=1, keepdim=True)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    losses = []
    for _ in range(20):
        loss = torch.nn.functional.mse_loss(module(image), target)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
