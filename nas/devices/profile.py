"""Times every distinct operator of a space on a device, then checks the sums against whole networks.

Operators are timed in rounds, interleaved, so that a busy moment of the machine hits one round of many operators and
not all rounds of one. Within a round the fastest of a few runs counts (on a shared machine a minimum varies by 2 %
where a median varies by 6 %); across rounds, the median.

Whole networks are timed one at a time, as they will be used: with thirty of them in memory at once each runs some 10 %
slower, and a line fitted to that promises too much for the winner. The passes over all of them repeat instead.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from jaxtyping import Float, Int8

from nas.devices.device import Device, Timed
from nas.devices.table import LatencyTable, cross_fit, fit_line, operator_sum
from nas.ops import Operator
from nas.space import Architecture, Space
from nas.variants import operators

ROUNDS = 3
RUNS = 3
NETWORK_PASSES = 3
GROUP = 100  # operators loaded at a time
NUM_NETWORKS = 30

Progress = Callable[[int, int], None]


def profile(space: Space, device: Device, rng: np.random.Generator, *, progress: Progress) -> LatencyTable:
    """Measure a latency table for every architecture of the space at its input size.

    Args:
      progress: called with (operators and networks timed so far, their total).
    """
    distinct = {op.key: op for op in operators(space)}
    total = len(distinct) + NUM_NETWORKS
    timings: dict[str, Float[np.ndarray, " rounds"]] = {}
    for group in _groups(distinct.values()):
        rounds = time_rounds([device.load_operator(op) for op in group], ROUNDS)
        timings |= {op.key: rounds[:, i] for i, op in enumerate(group)}
        progress(len(timings), total)
    entries = {key: float(np.median(rounds)) for key, rounds in timings.items()}
    sums, measured = _whole_networks(space, device, entries, rng, lambda done: progress(len(distinct) + done, total))
    return LatencyTable(
        device=device.key,
        machine=dict(device.describe()),
        entries=entries,
        spread={key: float(np.ptp(rounds) / max(entries[key], 1e-9)) for key, rounds in timings.items()},
        line=fit_line(sums, measured),
        fit=cross_fit(sums, measured),
    )


def network_ms(space: Space, device: Device, architectures: Sequence[Architecture]) -> Float[np.ndarray, " n"]:
    """Measured latency of whole networks in milliseconds: each by itself, in several passes over all of them."""
    networks = [space.lower(architecture) for architecture in architectures]
    passes = [[_alone_ms(device.load_network(network)) for network in networks] for _ in range(NETWORK_PASSES)]
    median: Float[np.ndarray, " n"] = np.median(np.array(passes), axis=0)
    return median


def _alone_ms(network: Timed) -> float:
    return float(np.median(time_rounds([network], ROUNDS)))


def time_rounds(loaded: Sequence[Timed], num_rounds: int) -> Float[np.ndarray, "rounds n"]:
    """Fastest of `RUNS` runs of each, in interleaved rounds, in milliseconds; one unrecorded run comes first."""
    for item in loaded:
        item.run_ms()
    fastest: Float[np.ndarray, "rounds n"] = np.array(
        [[min(item.run_ms() for _ in range(RUNS)) for item in loaded] for _ in range(num_rounds)]
    )
    return fastest


def spread_sample(space: Space, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
    """Architectures from the smallest to the largest: each draws its options around a size of its own.

    Uniform samples crowd in the middle of the cost range, where a line fits easily.
    """
    size = (np.arange(n) + 0.5)[:, None] / n
    position = np.clip(size + rng.uniform(-0.3, 0.3, (n, space.num_decisions)), 0, 1 - 1e-9)
    spread: Int8[np.ndarray, "n d"] = (position * space.num_options).astype(np.int8)
    return spread


def _whole_networks(
    space: Space, device: Device, entries: dict[str, float], rng: np.random.Generator, progress: Callable[[int], None]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    architectures = [tuple(row) for row in spread_sample(space, NUM_NETWORKS, rng).tolist()]
    sums = np.array([operator_sum(entries, space.lower(architecture)) for architecture in architectures])
    measured = network_ms(space, device, architectures)
    progress(NUM_NETWORKS)
    return sums, measured


def _groups(ops: Iterable[Operator]) -> Iterable[list[Operator]]:
    ordered = list(ops)
    for start in range(0, len(ordered), GROUP):
        yield ordered[start : start + GROUP]
