"""A meter over whole networks: priced one by one, remembered, and sampled where tables are counted."""

import numpy as np
import pytest

from nas.costs.meters import tabulate
from nas.costs.network_meters import NetworkResource, NetworkTable
from nas.feasible import Bound, certify
from nas.resources import macs, peak_activation_bytes
from nas.space import Network
from search_spaces.tiny import SPACE


class Depth:
    """Counts operators, and how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, network: Network) -> float:
        self.asked += 1
        return len(network.nodes)


def test_every_architecture_is_lowered_once() -> None:
    depth = Depth()
    resource = NetworkResource(name="depth", unit="operators", measure=depth)
    (table,) = tabulate(SPACE, [resource])
    population = SPACE.sample(30, np.random.default_rng(0))
    expected = [resource.of(SPACE.lower(row)) for row in population.tolist()]
    depth.asked = 0
    for _ in range(2):
        assert table.cost(population).tolist() == expected
    assert depth.asked == len(np.unique(population, axis=0))
    assert table.cost(population[:0]).shape == (0,)


def test_tables_of_every_kind_come_in_the_order_of_their_resources() -> None:
    whole = NetworkResource(name="depth", unit="operators", measure=Depth())
    mixed = (peak_activation_bytes.RESOURCES[0], whole, *macs.RESOURCES, peak_activation_bytes.RESOURCES[2])
    tables = tabulate(SPACE, mixed)
    assert [table.resource.name for table in tables] == [resource.name for resource in mixed]
    assert isinstance(tables[1], NetworkTable)


def test_a_limit_on_one_is_estimated_and_kept() -> None:
    (table, mac_table) = tabulate(
        SPACE, [NetworkResource(name="depth", unit="operators", measure=Depth()), *macs.RESOURCES]
    )
    limits = [
        Bound(name="depth", unit="operators", cost=table, relation="<=", value=12.0),
        Bound(name="macs", unit="MACs", cost=mac_table, relation="<=", value=2e6),
    ]
    found = certify(SPACE.num_options, limits, np.random.default_rng(0))
    assert (found.certified, found.note) == (False, "depth: no sum over operators, so it is judged by sampling")
    sample = found.sample(50, np.random.default_rng(1))
    assert (table.cost(sample) <= 12).all() and (mac_table.cost(sample) <= 2e6).all()


def test_what_a_meter_raises_is_raised() -> None:
    def broken(network: Network) -> float:
        raise ValueError(f"no energy is known for {network.nodes[0].op.key}")

    (table,) = tabulate(SPACE, [NetworkResource(name="energy_mj", unit="mJ", measure=broken)])
    with pytest.raises(ValueError, match="no energy is known for conv k3"):
        table.cost(SPACE.sample(1, np.random.default_rng(0)))
