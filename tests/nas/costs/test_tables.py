"""The law of costs: table == lowered network == what fvcore counts on the built module."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.costs.tables import CostTable, Factor, Resource, cost_tables, merge
from nas.lowering.torch_module import build, count_macs, count_params, fold
from nas.resources import flops, macs, params
from nas.space import Add, Choice, Conv, Operator, Shape, Space, Stage
from nas.space.variants import operators, stage_scope
from search_spaces.tiefenrausch import SPACE


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def small(widths: tuple[int, ...] = (8, 24)) -> Space:
    """A U-Net of two levels in which every field that may be a choice is one, somewhere."""
    mid, low = Choice(name="mid", options=widths), Choice(name="low", options=(8, 16, 40))
    expansion, repeat = Choice(name="expansion", options=(1, 3)), Choice(name="repeat", options=(1, 2))
    kernel, mode = Choice(name="kernel", options=(3, 5)), Choice(name="mode", options=("nearest", "bilinear"))
    return Space(
        name="small",
        input=Shape(3, 64, 64),
        stages=(
            Stage(name="stem", op="conv", inputs=("input",), width=mid, kernel=kernel, repeat=repeat),
            Stage(name="down", op="trb", inputs=("stem",), width=low, expansion=expansion, stride=2, repeat=repeat),
            Stage(name="deep", op="trb", inputs=("down",), width=low, expansion=3, kernel=kernel),
            Stage(name="up", op="trb", inputs=("deep",), width=mid, expansion=expansion, upsample=mode),
            Stage(name="head", op="head", inputs=("stem", "up"), width=1, kernel=3),
        ),
    )


def resources() -> tuple[Resource, ...]:
    return (*macs.RESOURCES, *flops.RESOURCES, *params.RESOURCES)


def check_against_lowered(space: Space, tables: Sequence[CostTable]) -> None:
    population = space.sample(60, rng())
    networks = [space.lower(row) for row in population.tolist()]
    for table in tables:
        assert table.cost(population).tolist() == [table.resource.of(network) for network in networks]


def test_tables_equal_the_lowered_network(reference_tables: tuple[CostTable, ...]) -> None:
    check_against_lowered(SPACE, reference_tables)
    check_against_lowered(small(), cost_tables(small(), resources()))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # fvcore traces with torch.jit
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean")  # the check of the input's sides, traced
def test_tables_equal_fvcores_count_on_the_built_module() -> None:
    space = small()
    mac_table, flop_table, param_table = cost_tables(space, resources())
    population = space.sample(50, rng(1))
    prices = mac_table.cost(population)
    assert np.array_equal(flop_table.cost(population), 2 * prices)
    for row, price, size in zip(population.tolist(), prices, param_table.cost(population), strict=True):
        module = build(space.lower(row)).eval()
        assert count_macs(module) == price
        assert count_params(fold(module)) == size


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # as above
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean")  # as above
def test_fvcore_counts_the_reference_space_the_same() -> None:
    space = replace(SPACE, input=Shape(3, 64, 64))
    for row in [list(space.reference("published")), *space.sample(4, rng(2)).tolist()]:
        network = space.lower(row)
        assert count_macs(build(network).eval()) == network.macs


def test_the_published_network_has_its_price(macs_table: CostTable, params_table: CostTable) -> None:
    population = np.array([SPACE.reference("published")], dtype=np.int8)
    assert macs_table.cost(population).tolist() == [6_831_333_504]
    assert params_table.cost(population).tolist() == [3_550_841]


def test_every_stage_is_a_small_table(macs_table: CostTable) -> None:
    entries = [np.prod([len(SPACE.choices[i].options) for i in stage_scope(SPACE, stage)]) for stage in SPACE.stages]
    assert sum(entries) == 9528
    assert macs_table.num_entries <= 9528


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_merging_keeps_the_sum(seed: int) -> None:
    generator, num_options = rng(seed), [2, 3, 1, 4]
    factors = []
    for _ in range(int(generator.integers(0, 7))):
        scope = tuple(generator.permutation(4)[: generator.integers(0, 4)].tolist())
        factors.append(Factor(scope=scope, values=np.asarray(generator.random([num_options[i] for i in scope]))))
    merged = merge(factors)
    population = generator.integers(0, num_options, size=(20, 4)).astype(np.int8)
    prices = [CostTable(resource=macs.RESOURCES[0], factors=tuple(f)).cost(population) for f in (factors, merged)]
    np.testing.assert_allclose(prices[0], prices[1], rtol=1e-12)
    assert not any(set(a.scope) < set(b.scope) for a in merged for b in merged)


def test_a_constant_is_part_of_every_price() -> None:
    resource = Resource(name="ms", unit="ms", measure=lambda op: 0.5, constant=2.0)
    (table,) = cost_tables(small(), [resource])
    population = small().sample(5, rng())
    assert table.cost(population).tolist() == [resource.of(small().lower(row)) for row in population.tolist()]
    assert table.cost(population[:0]).shape == (0,)


def test_more_rows_than_a_chunk_are_priced_alike(macs_table: CostTable) -> None:
    population = SPACE.sample(20_000, rng())
    assert np.array_equal(macs_table.cost(population)[-9:], macs_table.cost(population[-9:]))


def test_operators_lists_what_a_space_can_hold() -> None:
    keys = {op.key for op in operators(small())}
    lowered = {node.op.key for row in small().sample(200, rng()).tolist() for node in small().lower(row).nodes}
    assert lowered <= keys
    assert any(key.startswith("upsample bilinear") for key in keys)


def only_convolutions(op: Operator) -> float:
    if not isinstance(op, Conv):
        raise ValueError(f"no cost is known for {type(op).__name__}")
    return 1.0


def test_a_meter_that_does_not_know_an_operator_raises() -> None:
    assert any(isinstance(op, Add) for op in operators(small()))
    with pytest.raises(ValueError, match="no cost is known for Add"):
        cost_tables(small(), [Resource(name="own", unit="u", measure=only_convolutions)])
