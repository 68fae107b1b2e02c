"""Times operators in interleaved rounds and whole networks one at a time, in the calling process.

    round     a few runs of each of a group of operators, of which the fastest counts: the first after another operator
              pays for the runtime's own cold start, which a network pays once. A busy moment of the machine hits one
              round of many operators and not all rounds of one
    session   one process: some rounds, of which the median counts, or some runs of a network, of which the fastest does

What disturbs a timing only ever adds to it, so of several sessions the quickest counts (`nas.latency.profile`). Whole
networks are timed one at a time, as they will be used: with thirty of them in memory at once each runs some 10 %
slower. Both functions are generators, so that what has been timed can be kept before the rest is;
`nas.processes.own_process` runs them in a process of their own.
"""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from nas.devices import Device, LoadsTogether, Timed
from nas.space import Network, Operator

ROUNDS, RUNS = 15, 3
PILOT, GROUP = 20, 100  # operators loaded at a time: first a few, to tell how long the rest will take
NETWORK_RUNS = 9
LONG_MS = 500.0  # of runs of one network; beyond it three are enough
WARM_UP_MS, WARM_UP_RUNS = 1000.0, 200  # whichever comes first: caches fill, clocks rise, allocators settle


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedGroup:
    """Milliseconds of some operators' rounds, by key; `seconds`: what loading and timing them took."""

    rounds: Mapping[str, tuple[float, ...]]
    seconds: float


def time_operators(device: Device, ops: Sequence[Operator]) -> Iterator[TimedGroup]:
    """Time operators, a group at a time; the more mixed the groups, the better."""
    if not ops:
        return
    _warm_up(load_operators(device, ops[:PILOT]))
    for start, end in itertools.pairwise([0, *range(PILOT, len(ops), GROUP), len(ops)]):
        began = time.monotonic()
        group = ops[start:end]
        rounds = time_rounds(load_operators(device, group), ROUNDS)
        times = {op.key: tuple(rounds[:, i].tolist()) for i, op in enumerate(group)}
        yield TimedGroup(rounds=times, seconds=time.monotonic() - began)


def time_networks(device: Device, networks: Sequence[Network]) -> Iterator[float]:
    """Milliseconds of each network, loaded and timed by itself."""
    for i, network in enumerate(networks):
        loaded = device.load_network(network)
        if not i:
            _warm_up([loaded])
        loaded.run_ms()
        times: list[float] = []
        while len(times) < 3 or (len(times) < NETWORK_RUNS and sum(times) < LONG_MS):
            times.append(loaded.run_ms())
        yield min(times)


def load_operators(device: Device, ops: Sequence[Operator]) -> Sequence[Timed]:
    """All at once where the device can: compiling them together may save it most of the work."""
    if isinstance(device, LoadsTogether):
        return device.load_operators(ops)
    return [device.load_operator(op) for op in ops]


def time_rounds(loaded: Sequence[Timed], num_rounds: int) -> Float[np.ndarray, "rounds n"]:
    """The fastest of a few runs of each in every round, in milliseconds; an unrecorded run of each comes first."""
    for item in loaded:
        item.run_ms()
    times: Float[np.ndarray, "rounds n"] = np.array(
        [[min(item.run_ms() for _ in range(RUNS)) for item in loaded] for _ in range(num_rounds)]
    )
    return times


def _warm_up(loaded: Sequence[Timed]) -> None:
    spent, num_runs = 0.0, 0
    while spent < WARM_UP_MS and num_runs < WARM_UP_RUNS:
        spent += loaded[num_runs % len(loaded)].run_ms()
        num_runs += 1
