"""Sweeps as text, and their grids."""

import numpy as np
import pytest

from launch.pricing import Pricing, grid, price, read_sweep
from nas.costs import LimitError
from nas.resources import macs, params
from tests.experiments.tiny import SPACE


@pytest.fixture(scope="module")
def pricing() -> Pricing:
    return price(SPACE, [*macs.RESOURCES, *params.RESOURCES], baseline="published")


@pytest.mark.parametrize(
    ("text", "low", "high", "number"),
    [
        ("macs <= 1e5..8e5:4", 1e5, 8e5, 4),
        ("macs<=.1M..0.8M", 1e5, 8e5, 8),
        ("macs <= 100 kMACs .. 800 kMACs : 3", 1e5, 8e5, 3),
        ("macs >= 100000..800000:2", 1e5, 8e5, 2),
    ],
)
def test_bounds_stand_evenly_on_a_log_scale(pricing: Pricing, text: str, low: float, high: float, number: int) -> None:
    sweep = read_sweep(text, pricing.limit)
    assert sweep.name == "macs" and sweep.relation == (">=" if ">=" in text else "<=")
    assert len(sweep.bounds) == number and sweep.bounds[0] == pytest.approx(low)
    np.testing.assert_allclose(sweep.bounds[-1], high)
    np.testing.assert_allclose(np.diff(np.log(sweep.bounds)), np.log(high / low) / (number - 1))


def test_amounts_are_those_of_limits(pricing: Pricing) -> None:
    published = pricing.costs(SPACE.reference("published"))["params"]
    sweep = read_sweep("params <= 0.5 * baseline..baseline:2", pricing.limit)
    np.testing.assert_allclose(sweep.bounds, [0.5 * published, published])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("macs <= 1e5", "a sweep is a resource, <=, and two amounts with .. between them"),
        ("macs = 1e5..2e5", "a sweep is a resource"),
        ("macs <= 8e5..1e5", "a sweep goes up from above 0, got 800000 to 100000"),
        ("macs <= 0..1e5", "a sweep goes up from above 0"),
        ("macs <= 1e5..2e5:1", "a sweep has 2 to 1,000 bounds, got 1"),
        ("macs <= 1e5..2e5:9999", "a sweep has 2 to 1,000 bounds, got 9999"),
        ("watts <= 1..2:3", "is about 'watts', which is no known resource"),
        ("macs <= 1 ms..2 ms", "cannot be in 'ms'"),
    ],
)
def test_what_is_no_sweep_is_refused(pricing: Pricing, text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        read_sweep(text, pricing.limit)


def test_several_sweeps_make_a_grid(pricing: Pricing) -> None:
    some = [read_sweep(text, pricing.limit) for text in ("macs <= 1e5..8e5:4", "params <= 1e3..4e3:3")]
    points = grid(some)
    assert len(points) == 12 and points[0] == (some[0].bounds[0], some[1].bounds[0])
    assert points[1] == (some[0].bounds[0], some[1].bounds[1])
    with pytest.raises(LimitError, match="macs is swept twice"):
        grid([some[0], some[0]])
    many = [read_sweep(f"{name} <= 1e3..4e3:40", pricing.limit) for name in ("macs", "params")]
    with pytest.raises(LimitError, match="a grid has at most 1,000 points, got 1,600"):
        grid(many)
