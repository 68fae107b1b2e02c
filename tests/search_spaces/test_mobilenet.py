"""MobileNetV2 to the digit, and all that is promised of a space on one whose stages have a depth."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nas.costs import CostTable, cost_tables
from nas.feasible import Bound, certify, extremes
from nas.lowering.torch_module import build, count_macs, count_params, fold
from nas.resources import macs, params
from nas.space import Add, Conv, Linear, Shape
from nas.space.variants import stage_scope
from search_spaces.mobilenet import SPACE

MOBILENET_V2 = SPACE.reference("mobilenet_v2")


@pytest.fixture(scope="module")
def tables() -> tuple[CostTable, ...]:
    return cost_tables(SPACE, (*macs.RESOURCES, *params.RESOURCES))


def macs_by_hand() -> int:
    """Table 2 of the paper, worked through without this project: (expansion, width, depth, stride) by row."""
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    side, channels = 112, 32
    total = 3 * 3 * 3 * 32 * side**2
    for expansion, width, depth, first_stride in rows:
        for i in range(depth):
            stride, hidden = (first_stride if i == 0 else 1), expansion * channels
            total += channels * hidden * side**2 if expansion > 1 else 0
            side //= stride
            total += 3 * 3 * hidden * side**2 + hidden * width * side**2
            channels = width
    return total + channels * 1280 * side**2 + 1280 * 1000


def test_mobilenet_v2_counts_to_the_digit() -> None:
    network = SPACE.lower(MOBILENET_V2)
    assert network.macs == macs_by_hand() == 300_774_272
    assert network.output == Shape(1000, 1, 1)
    num_channels = sum(op.num_biases for op in (node.op for node in network.nodes) if isinstance(op, Conv))
    assert (network.params, num_channels) == (3_487_816, 17_056)


def test_its_parameters_are_torchvisions_while_it_has_batch_norms() -> None:
    module = build(SPACE.lower(MOBILENET_V2))
    assert count_params(module) == 3_504_872
    assert count_params(fold(module)) == 3_504_872 - 17_056


def test_fvcore_counts_it_the_same() -> None:
    assert count_macs(build(SPACE.lower(MOBILENET_V2)).eval()) == 300_774_272


def test_its_blocks_are_the_papers() -> None:
    nodes = {node.name: node.op for node in SPACE.lower(MOBILENET_V2).nodes}
    assert "1.0.expand" not in nodes and "2.0.expand" in nodes
    assert sum(isinstance(op, Add) for op in nodes.values()) == 10
    depthwise = [op for op in nodes.values() if isinstance(op, Conv) and op.groups > 1]
    assert len(depthwise) == 17 and all(op.activation == "relu6" for op in depthwise)
    assert all(op.activation == "none" for name, op in nodes.items() if isinstance(op, Conv) and "project" in name)
    assert isinstance(nodes["classes.linear"], Linear)


@pytest.mark.slow
def test_tables_equal_lowered_networks_and_fvcore() -> None:
    space = replace(SPACE, input=Shape(3, 64, 48))
    mac_table, param_table = cost_tables(space, (*macs.RESOURCES, *params.RESOURCES))
    population = space.sample(60, np.random.default_rng(0))
    networks = [space.lower(row) for row in population.tolist()]
    assert mac_table.cost(population).tolist() == [network.macs for network in networks]
    assert param_table.cost(population).tolist() == [network.params for network in networks]
    for network in networks[:8]:
        module = build(network).eval()
        assert count_macs(module) == network.macs
        assert count_params(fold(module)) == network.params


def test_a_depth_switches_blocks_off() -> None:
    deep = SPACE.decisions(MOBILENET_V2)
    shallow = SPACE.lower(SPACE.architecture(deep | {"4.depth": 1}))
    names = {node.name for node in SPACE.lower(MOBILENET_V2).nodes} - {node.name for node in shallow.nodes}
    assert names and all(name.startswith(("4.1.", "4.2.", "4.3.")) for name in names)
    stage = next(stage for stage in SPACE.stages if stage.name == "4")
    scope = {SPACE.choices[i].name for i in stage_scope(SPACE, stage)}
    assert scope == {"3.width", "4.width", "4.expansion", "4.kernel", "4.depth"}


def test_it_is_counted_and_sampled_like_any_space(tables: tuple[CostTable, ...]) -> None:
    limit = Bound(name="macs", unit="MACs", cost=tables[0], relation="<=", value=2e8)
    feasible = certify(SPACE.num_options, [limit], np.random.default_rng(0))
    assert feasible.certified and feasible.count_high / feasible.count_low < 1.01
    share = float(limit.holds(SPACE.sample(200_000, np.random.default_rng(1))).mean())
    noise = 4 * np.sqrt(share * (1 - share) / 200_000)
    assert feasible.count_low / feasible.size - noise <= share <= feasible.count_high / feasible.size + noise
    sample = feasible.sample(1000, np.random.default_rng(2))
    assert SPACE.contains(sample).all() and limit.holds(sample).all()
    depth = [choice.name for choice in SPACE.choices].index("6.depth")
    assert set(sample[:, depth].tolist()) == {0, 1, 2, 3}


def test_its_extremes_are_those_of_all_options(tables: tuple[CostTable, ...]) -> None:
    found = extremes(SPACE.num_options, tables[0])
    assert (found.lowest, found.highest) == ((0,) * 30, tuple((SPACE.num_options - 1).tolist()))
    assert SPACE.lower(found.highest).macs == found.high == 876_075_040


def test_it_answers_with_one_number_for_each_class() -> None:
    module = fold(build(SPACE.lower((0,) * SPACE.num_decisions)))
    with torch.inference_mode():
        assert module(torch.zeros(2, 3, 64, 64)).shape == (2, 1000)
