"""Profiling with a device whose times are known, and this machine's CPU at all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nas.costs import cost_tables
from nas.devices import Timed, cpu, fake
from nas.devices.fake import Tenants, Unsteady
from nas.latency.fit import kind
from nas.latency.profile import (
    MIN_SESSIONS,
    Forecast,
    interval,
    is_known,
    mixed_sample,
    network_ms,
    profile,
    slowdown,
    spread_sample,
)
from nas.latency.timing import ROUNDS, time_networks, time_operators, time_rounds
from nas.latency.timing_log import TimingLog
from nas.plugins import SPACES
from nas.resources import macs
from nas.space import Add, Conv, Network, Operator, Shape
from nas.space.variants import operators
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
    total = len(table.entries) + 30 * MIN_SESSIONS
    assert steps[-1] == (total, total) and steps == sorted(steps)
    population = SPACE.sample(20, np.random.default_rng(1))
    (costs,) = cost_tables(SPACE, [table.resource()])
    times = network_ms(SPACE, fake.DEVICE, [tuple(row) for row in population.tolist()])
    np.testing.assert_allclose(costs.cost(population), times, rtol=1e-9)


def test_rounds_are_interleaved_and_the_first_run_does_not_count() -> None:
    runs: list[str] = []

    @dataclass(frozen=True, slots=True)
    class Item:
        name: str

        def run_ms(self) -> float:
            runs.append(self.name)
            return float(len(runs))

    np.testing.assert_array_equal(time_rounds([Item("a"), Item("b")], 2), [[3.0, 6.0], [9.0, 12.0]])
    assert "".join(runs) == "ab" + 2 * "aaabbb"


def test_operators_are_timed_in_groups_of_which_the_first_is_small() -> None:
    ops = list({op.key: op for op in operators(SPACES.load("mobilenet"))}.values())[:250]
    groups = list(time_operators(fake.DEVICE, ops))
    assert [len(group.rounds) for group in groups] == [20, 100, 100, 30]
    assert [key for group in groups for key in group.rounds] == [op.key for op in ops]
    assert all(len(rounds) == ROUNDS for group in groups for rounds in group.rounds.values())
    assert list(time_operators(fake.DEVICE, [])) == []


@dataclass(slots=True)
class Script:
    """Takes as long as it is told, run after run."""

    times: list[float]

    def run_ms(self) -> float:
        return self.times.pop(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    script: tuple[float, ...]
    key: str = "scripted"

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a script"}

    def load_operator(self, op: Operator) -> Timed:
        return Script(list(self.script))

    def load_network(self, network: Network) -> Timed:
        return Script(list(self.script))


def test_of_a_networks_runs_the_fastest_counts() -> None:
    warm_up = (1000.0,)
    network = SPACE.lower(SPACE.reference("published"))
    short = (9.0, 8.0, 7.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0)
    assert list(time_networks(Scripted(script=(*warm_up, 0.1, *short)), [network])) == [7.0]
    long = (400.0, 300.0, 500.0)  # three are enough
    assert list(time_networks(Scripted(script=(*warm_up, 0.1, *long)), [network])) == [300.0]


@pytest.mark.parametrize(
    ("sessions", "known"),
    [
        ([], False),
        ([1.0, 1.0, 1.0], False),
        ([1.5, 1.0, 1.01, 1.6], True),
        ([1.0, 1.1, 1.2, 1.3], False),
        ([1.0, 1.1, 1.2, 1.3, 1.4], False),
        ([1.0, 1.1, 1.2, 1.3, 1.4, 1.5], True),  # a noisy machine is not timed for ever
    ],
)
def test_a_network_is_known_once_its_two_quickest_sessions_agree(sessions: list[float], known: bool) -> None:
    assert is_known(sessions) is known


def test_a_network_that_seems_too_slow_is_given_every_session_before_that_is_believed() -> None:
    assert is_known([1.0] * 4, bound=1.0)
    assert not is_known([1.0] * 9, bound=0.99)
    assert is_known([1.0] * 10, bound=0.99)


def test_an_interval_is_that_of_order_statistics() -> None:
    """With 15 rounds the 4th and the 12th enclose the median with 96.5 %, the 5th and the 11th with 88 %."""
    assert interval(tuple(map(float, range(15, 0, -1)))) == (4.0, 12.0)
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(2000):
        low, high = interval(tuple(rng.exponential(1.0, 15).tolist()))
        inside += low <= np.log(2) <= high
    assert 0.95 <= inside / 2000 <= 0.98


def test_an_interrupted_profile_continues_and_times_nothing_twice(tmp_path: Path) -> None:
    log = tmp_path / "table.json.part"
    seen: list[int] = []

    def give_up(done: int, total: int) -> None:
        seen.append(done)
        if done >= 110:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        profile(SPACE, fake.DEVICE, np.random.default_rng(0), progress=give_up, log=log)
    with log.open("a") as torn:
        torn.write('{"rounds": {"conv k')
    forecasts: list[Forecast] = []
    table = profile(
        SPACE,
        fake.DEVICE,
        np.random.default_rng(0),
        progress=lambda done, total: None,
        announce=forecasts.append,
        log=log,
    )
    assert forecasts[0].num_timed_before == seen[-1] - 60 >= 40  # two sessions of the networks came before
    assert forecasts[0].num_to_time == forecasts[0].num_distinct == len(table.entries)
    assert forecasts[0].seconds is None and forecasts[-1].seconds is not None
    undisturbed = profile(SPACE, fake.DEVICE, np.random.default_rng(0), progress=lambda done, total: None)
    assert replace(table, conditions={}) == replace(undisturbed, conditions={})


def test_a_log_of_another_device_is_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    mine = TimingLog(path=log, identity={"device": "mine"})
    mine.add_rounds({"conv": (1.0, 2.0)})
    mine.add_network(3, 5.0)
    again = TimingLog(path=log, identity={"device": "mine"})
    assert (again.rounds, again.networks) == ({"conv": [(1.0, 2.0)]}, {3: [5.0]})
    assert TimingLog(path=log, identity={"device": "other"}).rounds == {}
    assert TimingLog(path=log, identity={"device": "mine"}).rounds == {}


@pytest.mark.slow
def test_a_sampled_profile_predicts_the_rest() -> None:
    space = SPACES.load("mobilenet")
    table = profile(space, fake.DEVICE, np.random.default_rng(0), progress=lambda done, total: None, most=200)
    assert table.guess is not None and set(table.entries) == {op.key for op in operators(space)}
    assert set(table.intervals) == set(table.entries) - set(table.guess.keys) and len(table.intervals) <= 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Whole networks take a constant more than their operators, and each operator half as long again."""

    key: str = "overhead"
    simulated: bool = True

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a formula"}

    def load_operator(self, op: Operator) -> Timed:
        return fake.DEVICE.load_operator(op)

    def load_network(self, network: Network) -> Timed:
        return Script([0.5 + 1.5 * fake.DEVICE.load_network(network).run_ms()] * 300)


@pytest.mark.slow
def test_a_constant_and_a_slope_are_learned_from_whole_networks() -> None:
    table = profile(SPACE, Overhead(), np.random.default_rng(0), progress=lambda done, total: None)
    assert table.line.intercept_ms == pytest.approx(0.5, rel=0.01)
    assert all(slope == pytest.approx(1.5, rel=0.03) for slope in table.line.slopes.values())
    assert table.fit.mape < 1e-3
    architecture = SPACE.reference("published")
    assert table.resource().of(SPACE.lower(architecture)) == pytest.approx(
        network_ms(SPACE, Overhead(), [architecture])[0], rel=1e-3
    )


@pytest.mark.slow
def test_what_matters_is_timed_first_and_checked_with_networks_of_its_kind() -> None:
    """Of a part of the space: no operator of a network outside is timed while there are enough inside."""
    space = SPACES.load("mobilenet")

    def draw(n: int, rng: np.random.Generator) -> np.ndarray:
        return np.minimum(1, space.sample(n, rng))

    table = profile(space, fake.DEVICE, np.random.default_rng(0), progress=lambda a, b: None, most=60, draw=draw)
    assert all(max(check.architecture) <= 1 for check in table.checks)
    rows = draw(2000, np.random.default_rng(1)).tolist()
    inside = {node.op.key for row in rows for node in space.lower(tuple(row)).nodes}
    pointwise = {op.key for op in operators(space) if kind(op) == "pointwise"}
    assert set(table.intervals) & pointwise <= inside and not pointwise <= inside


def test_a_machine_is_compared_with_what_it_was() -> None:
    table = profile(SPACE, fake.DEVICE, np.random.default_rng(0), progress=lambda done, total: None)
    slow = replace(fake.DEVICE, per_mac_ms=1.4e-6, per_operator_ms=1.4e-3)
    assert slowdown(SPACE, fake.DEVICE, table) == pytest.approx(1.0)
    assert slowdown(SPACE, slow, table) == pytest.approx(1.4)
    assert slowdown(SPACE, slow, replace(table, checks=())) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("drift", [0.0, 0.02])
def test_bursts_and_drift_hardly_move_the_margin(drift: float) -> None:
    """A fifth of the time everything takes 1.3 to 2 times too long; benchmarks.unsteady_machine has more seeds."""

    def margins(busy_share: float, drift: float) -> list[float]:
        found = []
        for seed in range(5):
            tenants = Tenants(seed=seed, busy_share=busy_share, drift_per_minute=drift, jitter=0.02)
            rng = np.random.default_rng(seed)
            found.append(profile(SPACE, Unsteady(tenants=tenants), rng, progress=lambda a, b: None).margin)
        return found

    assert np.median(margins(0.2, drift)) <= 1.5 * np.median(margins(0.0, 0.0))


def test_a_mixed_sample_is_half_spread_and_half_uniform() -> None:
    population = mixed_sample(SPACE, 2001, np.random.default_rng(0))
    share = population / (SPACE.num_options - 1)
    within = share.std(axis=1)  # spread ones are of one size throughout
    assert within[::2].mean() < 0.8 * within[1::2].mean()
    assert np.abs(share[1::2].mean(axis=0) - 0.5).max() < 0.06


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
