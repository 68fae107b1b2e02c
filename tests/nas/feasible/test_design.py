"""The first design: feasible, distinct, repeatable, and measurably more even than uniform samples."""

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.costs import CostTable
from nas.feasible.bounds import Bound
from nas.feasible.design import Features, discrepancy, graded, space_filling
from nas.feasible.feasible import FeasibleSet, certify
from search_spaces.tiefenrausch import SPACE


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def feasible(macs_table: CostTable) -> FeasibleSet:
    bound = Bound(name="macs", unit="MACs", cost=macs_table, relation="<=", value=2.5901e9)
    return certify(SPACE.num_options, [bound], rng(), num_cells=2048)


@pytest.fixture(scope="module")
def features(macs_table: CostTable) -> Features:
    def encode(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n f"]:
        return np.concatenate([SPACE.encode(population), np.log(macs_table.cost(population))[:, None]], axis=1)

    return encode


def test_a_design_is_feasible_distinct_and_repeatable(feasible: FeasibleSet, features: Features) -> None:
    design = space_filling(feasible, 64, features=features, rng=rng())
    assert feasible.contains(design).all()
    assert len(np.unique(design, axis=0)) == 64
    assert np.array_equal(design, space_filling(feasible, 64, features=features, rng=rng()))
    assert np.array_equal(design[:16], space_filling(feasible, 16, features=features, rng=rng()))


def test_a_design_is_more_even_than_uniform_samples(feasible: FeasibleSet, features: Features) -> None:
    reference = features(np.concatenate([feasible.sample(2000, rng(1)), feasible.sample_spread(2000, rng(2))]))
    design = discrepancy(features(space_filling(feasible, 64, features=features, rng=rng())), reference)
    plain = [discrepancy(features(feasible.sample(64, rng(seed))), reference) for seed in range(3, 8)]
    mixed = [discrepancy(reference[rng(seed).choice(len(reference), 64)], reference) for seed in range(8, 13)]
    assert design < 0.25 * min(plain)
    assert design < 0.7 * min(mixed)


def test_a_design_reaches_down_the_cost_range(feasible: FeasibleSet, features: Features, macs_table: CostTable) -> None:
    design = macs_table.cost(space_filling(feasible, 64, features=features, rng=rng()))
    plain = macs_table.cost(feasible.sample(64, rng()))
    assert design.min() < 6e8 < plain.min()
    assert np.median(design) > 1.5e9  # half of it still stands where most architectures are


def test_a_graded_design_has_one_architecture_in_each_part_of_the_cost_range(
    feasible: FeasibleSet, features: Features, macs_table: CostTable
) -> None:
    reach = macs_table.cost(feasible.sample_spread(4096, rng()))
    for n in (4, 6, 16):
        design = graded(feasible, n, cost=macs_table.cost, features=features, rng=rng())
        share = (macs_table.cost(design) - reach.min()) / np.ptp(reach)
        assert feasible.contains(design).all()
        assert sorted((share * n).astype(int).clip(0, n - 1)) == list(range(n))
        assert np.ptp(share[:4]) > 0.45  # a part of the design is spread too
    assert np.array_equal(design, graded(feasible, 16, cost=macs_table.cost, features=features, rng=rng()))


def test_a_part_of_the_range_that_is_empty_is_left_to_the_others(feasible: FeasibleSet, features: Features) -> None:
    def split(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        return np.where(population[:, 0] == 0, 1.0, 9.0)

    design = graded(feasible, 6, cost=split, features=features, rng=rng())
    assert len(np.unique(design, axis=0)) == 6
    assert set(split(design)) == {1.0, 9.0}


def test_a_small_set_gives_all_it_has(macs_table: CostTable) -> None:
    few = certify(
        SPACE.num_options,
        [Bound(name="macs", unit="MACs", cost=macs_table, relation="<=", value=2.73e8)],
        rng(),
    )
    rows = np.unique(few.sample(2000, rng()), axis=0)
    assert few.count_low <= len(rows) <= few.count_high
    design = space_filling(few, len(rows), features=SPACE.encode, rng=rng())
    assert np.array_equal(np.unique(design, axis=0), rows)
    with pytest.raises(ValueError, match=rf"a design of {len(rows) + 1} distinct .* draws found {len(rows)}; ask for"):
        space_filling(few, len(rows) + 1, features=SPACE.encode, rng=rng())


def test_discrepancy_is_least_for_an_even_grid() -> None:
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2) / 7.0
    clump = np.concatenate([grid[:32], grid[:32]])
    assert discrepancy(grid, grid) < 0.02 < discrepancy(clump, grid)
