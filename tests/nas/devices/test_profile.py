"""Profiling with a device whose times are known, and this machine's CPU at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from nas.costs import cost_tables
from nas.devices import cpu, fake
from nas.devices.device import Timed
from nas.devices.profile import RUNS, network_ms, profile, spread_sample, time_rounds
from nas.ops import Add, Conv, Network, Operator, Shape
from nas.resources import macs
from nas.variants import operators
from tests.experiments.tiny import SPACE


def test_a_device_that_adds_up_is_predicted_exactly() -> None:
    steps: list[tuple[int, int]] = []
    table = profile(
        SPACE, fake.DEVICE, np.random.default_rng(0), progress=lambda done, total: steps.append((done, total))
    )
    assert set(table.entries) == {op.key for op in operators(SPACE)}
    assert table.fit.mape < 1e-9 and table.fit.margin < 1e-9
    assert table.fit.within_10_percent == 1.0
    assert table.fit.spearman == pytest.approx(1.0, abs=1e-3)  # equal networks may tie or differ by a rounding
    assert steps[-1] == (len(table.entries) + 30, len(table.entries) + 30) and steps == sorted(steps)
    population = SPACE.sample(20, np.random.default_rng(1))
    (costs,) = cost_tables(SPACE, [table.resource()])
    times = network_ms(SPACE, fake.DEVICE, [tuple(row) for row in population.tolist()])
    np.testing.assert_allclose(costs.cost(population), times, rtol=1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Counts the runs of each thing that is loaded; its times are whatever the script says, in order."""

    script: tuple[float, ...]
    calls: list[float] = field(default_factory=list)

    def run_ms(self) -> float:
        self.calls.append(self.script[len(self.calls)])
        return self.calls[-1]


def test_the_fastest_run_of_a_round_counts_and_the_first_run_does_not() -> None:
    item = Recorder(script=(100.0, 5.0, 3.0, 4.0, 9.0, 8.0, 7.0))
    np.testing.assert_array_equal(time_rounds([item], 2), [[3.0], [7.0]])
    assert len(item.calls) == 1 + 2 * RUNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Whole networks take a constant more than their operators, and each operator half as long again."""

    key: str = "overhead"

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a formula"}

    def load_operator(self, op: Operator) -> Timed:
        return fake.DEVICE.load_operator(op)

    def load_network(self, network: Network) -> Timed:
        return Recorder(script=(0.5 + 1.5 * fake.DEVICE.load_network(network).run_ms(),) * 100)


def test_a_constant_and_a_slope_are_learned_from_whole_networks() -> None:
    table = profile(SPACE, Overhead(), np.random.default_rng(0), progress=lambda done, total: None)
    assert table.line.intercept_ms == pytest.approx(0.5) and table.line.slope == pytest.approx(1.5)
    assert table.fit.mape < 1e-9
    architecture = SPACE.reference("published")
    assert table.resource().of(SPACE.lower(architecture)) == pytest.approx(
        network_ms(SPACE, Overhead(), [architecture])[0]
    )


def test_a_spread_sample_reaches_from_the_smallest_to_the_largest() -> None:
    population = spread_sample(SPACE, 200, np.random.default_rng(0))
    assert SPACE.contains(population).all()
    (table,) = cost_tables(SPACE, macs.RESOURCES)
    uniform = table.cost(SPACE.sample(200, np.random.default_rng(0)))
    spread = table.cost(population)
    assert spread.min() < np.quantile(uniform, 0.01) and spread.max() > np.quantile(uniform, 0.99)
    assert np.log(spread).std() > 1.3 * np.log(uniform).std()


@pytest.mark.parametrize(
    "op", [Conv(input=Shape(3, 8, 8), width=4, kernel=3, activation="relu"), Add(input=Shape(4, 8, 8))]
)
def test_the_cpu_times_an_operator_and_puts_its_threads_back(op: Operator) -> None:
    before = torch.get_num_threads()
    timed = cpu.Cpu(num_threads=1 if before != 1 else 2).load_operator(op)
    assert timed.run_ms() > 0
    assert torch.get_num_threads() == before


def test_the_cpu_times_a_network() -> None:
    network = SPACE.lower(SPACE.reference("published"))
    assert cpu.DEVICE.load_network(network).run_ms() > 0


def test_the_cpu_describes_what_a_timing_depends_on() -> None:
    described = cpu.DEVICE.describe()
    assert described["threads"] == "1" and torch.__version__ in described["runtime"] and described["processor"]
