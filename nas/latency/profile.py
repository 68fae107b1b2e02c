"""Makes a latency table: times the distinct operators of a space on a device, then checks them on whole networks.

1. whole networks, half of them spread over the cost range, half uniform, in two sessions: each a process of its own
2. operators in interleaved rounds, in mixed groups (`nas.latency.timing`); those whose rounds differ much are timed
   once more at the end, and the quicker session counts
3. if only a part of the operators is timed, a regressor for the others (`nas.latency.untimed`)
4. the networks again, in sessions until the two quickest agree: time has passed, and what it changed is known
5. the line through them, and its honest error (`nas.latency.fit`)

A winner is measured in the same way: one statistic, the quickest of some sessions, for margin and verdict.
"""

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Int8

from nas.devices import Device, Simulated
from nas.latency.conditions import conditions
from nas.latency.fit import cross_fit, fit_line, judge, sums
from nas.latency.noise import NUM_BEFORE
from nas.latency.table import Check, LatencyTable
from nas.latency.timing import GROUP, PILOT, time_networks, time_operators
from nas.latency.timing_log import TimingLog
from nas.latency.untimed import guess, sample
from nas.processes.own_process import apart
from nas.space import Architecture, Operator, Space
from nas.space.variants import operators

NUM_NETWORKS = 30
NUM_AGAIN = 5  # networks by which a machine is compared with what it was
NUM_DRAWN = 300  # architectures whose operators are timed first, where a part of the space matters
MIN_SESSIONS, MAX_SESSIONS = 4, 6  # of a whole network
LAST_SESSION = 10  # of one that seems to run over what it is allowed
AGREEMENT = 0.02  # between the two quickest sessions of a network, after which no more are made
UNSTEADY = 0.2  # interquartile range / median of an operator's rounds, beyond which it is timed once more

T = TypeVar("T")
Draw = Callable[[int, np.random.Generator], Int8[np.ndarray, "n d"]]
"""So many architectures from the part of a space that matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is about to be timed; `seconds` is how long the operators will take, None before the first few are timed."""

    num_distinct: int
    num_to_time: int
    num_timed_before: int
    seconds: float | None


def profile(
    space: Space,
    device: Device,
    rng: np.random.Generator,
    *,
    progress: Callable[[int, int], None],
    announce: Callable[[Forecast], None] = lambda forecast: None,
    log: Path | None = None,
    most: int | None = None,
    draw: Draw | None = None,
) -> LatencyTable:
    """Measure a latency table for every architecture of the space at its input size.

    Args:
      progress: called with (operators and sessions of networks so far, their least total).
      announce: called at once, and again when it is known how long it will take.
      log: file that keeps what has been timed; one that exists is continued. To be removed once the table is written.
      most: operators that are timed at most; the others are predicted from these.
      draw: architectures that matter, such as those within limits: the whole networks are of these, and the operators
        that are timed are those that occur most often in them. None for the whole space.

    Raises:
      TimingError: the device failed or dropped out; what was timed is in the log.
      ValueError: the device cannot be used here.
    """
    distinct = {op.key: op for op in operators(space)}
    drawn = (draw or functools.partial(mixed_sample, space))(NUM_NETWORKS, rng)
    architectures = [tuple(row) for row in drawn.tolist()]
    wanted = [space.lower(tuple(row)) for row in draw(NUM_DRAWN, rng).tolist()] if draw and most else []
    counts = Counter(node.op.key for network in wanted for node in network.nodes)
    chosen = sample(list(distinct.values()), most, counts)
    chosen = [chosen[i] for i in rng.permutation(len(chosen))]
    began = conditions()
    timings = TimingLog(path=log, identity=_identity(space, device, architectures))
    forecast = Forecast(
        num_distinct=len(distinct),
        num_to_time=len(chosen),
        num_timed_before=sum(op.key in timings.rounds for op in chosen),
        seconds=None,
    )
    announce(forecast)
    networks = [space.lower(architecture) for architecture in architectures]

    def tell() -> None:
        sessions = sum(min(len(times), MIN_SESSIONS) for times in timings.networks.values())
        progress(sum(op.key in timings.rounds for op in chosen) + sessions, len(chosen) + NUM_NETWORKS * MIN_SESSIONS)

    def time_whole(enough: Callable[[Sequence[float]], bool]) -> None:
        for number, ms in _sessions(device, networks, timings.networks, lambda _, times: enough(times)):
            timings.add_network(number, ms)
            tell()

    time_whole(lambda times: len(times) >= NUM_BEFORE)
    _time_operators(device, chosen, timings, tell, lambda seconds: announce(replace(forecast, seconds=seconds)))
    time_whole(is_known)
    timed = {op.key: _quicker(timings.rounds[op.key]) for op in chosen}
    entries = {key: float(np.median(rounds)) for key, rounds in timed.items()}
    guessed, about = guess(chosen, entries, [op for key, op in distinct.items() if key not in timed])
    entries |= guessed
    by_kind = [sums(entries, network) for network in networks]
    measured = np.array([min(timings.networks[number]) for number in range(NUM_NETWORKS)])
    predicted = cross_fit(by_kind, measured)
    fit = judge(predicted, measured)
    return LatencyTable(
        device=device.key,
        machine=dict(device.describe()),
        space=space.name,
        input=str(space.input),
        conditions={f"{name} at the start": value for name, value in began.items()}
        | {f"{name} at the end": value for name, value in conditions().items()},
        entries=entries,
        intervals={key: interval(rounds) for key, rounds in timed.items()},
        line=fit_line(by_kind, measured),
        fit=fit,
        margin=fit.margin,
        checks=tuple(
            Check(
                architecture=architecture,
                sessions_ms=tuple(timings.networks[i]),
                predicted_ms=float(predicted[i]),
            )
            for i, architecture in enumerate(architectures)
        ),
        guess=about,
    )


def network_ms(
    space: Space,
    device: Device,
    architectures: Sequence[Architecture],
    bounds_ms: Float[np.ndarray, " n"] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Float[np.ndarray, " n"]:
    """Measured latency of whole networks in milliseconds, as `profile` times them.

    Args:
      progress: called with (sessions so far, their least total).
      bounds_ms: what each is allowed. A busy machine only ever adds to a time, so a network that seems to take longer
        is given all sessions before that is believed.

    Raises:
      TimingError: the device failed or dropped out.
    """
    networks = [space.lower(architecture) for architecture in architectures]
    bounds = np.full(len(networks), np.inf) if bounds_ms is None else bounds_ms
    sessions: dict[int, list[float]] = {}
    for number, ms in _sessions(device, networks, sessions, lambda i, times: is_known(times, float(bounds[i]))):
        sessions.setdefault(number, []).append(ms)
        progress(sum(min(len(times), MIN_SESSIONS) for times in sessions.values()), MIN_SESSIONS * len(networks))
    return np.array([min(sessions[number]) for number in range(len(networks))])


def slowdown(space: Space, device: Device, table: LatencyTable) -> float:
    """How many times longer a few of the table's whole networks take now than when it was made; 1.0 if it has none.

    Raises:
      TimingError: the device failed or dropped out.
    """
    by_time = sorted(table.checks, key=lambda check: min(check.sessions_ms))
    again = by_time[:: max(1, len(by_time) // NUM_AGAIN)][:NUM_AGAIN]
    networks = [space.lower(check.architecture) for check in again]
    sessions: dict[int, list[float]] = {}
    for number, ms in _sessions(device, networks, {}, lambda _, times: len(times) >= NUM_BEFORE):
        sessions.setdefault(number, []).append(ms)
    ratios = [min(sessions[i]) / min(check.sessions_ms) for i, check in enumerate(again)]
    return float(np.median(ratios)) if ratios else 1.0


def interval(rounds: Sequence[float]) -> tuple[float, float]:
    """Order statistics that enclose the true median with a probability of at least 95 % (93.75 % of five rounds)."""
    ordered = sorted(rounds)
    skip = max(0, int((len(ordered) - 1.96 * len(ordered) ** 0.5) / 2))
    return ordered[skip], ordered[-1 - skip]


def is_known(times: Sequence[float], bound: float = np.inf) -> bool:
    """Whether a network needs no further session: the two quickest agree, or there are enough; a network over its bound
    is given more, because what disturbs a timing only adds to it.

    All are in milliseconds.
    """
    if len(times) < MIN_SESSIONS:
        return False
    quickest, second, *_ = sorted(times)
    if quickest > bound:
        return len(times) >= LAST_SESSION
    return len(times) >= MAX_SESSIONS or second <= (1 + AGREEMENT) * quickest


def mixed_sample(space: Space, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
    """Every other one spread over the cost range, the others uniform: what a search picks is more like these.

    A line that is fitted to spread ones alone, each as wide or as narrow throughout, is some percent too low for those
    that mix: by 2.4 % in the median for ONNX Runtime and the demo's space.
    """
    mixed = spread_sample(space, n, rng)
    mixed[1::2] = space.sample(n // 2, rng)
    return mixed


def spread_sample(space: Space, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
    """Architectures from the smallest to the largest: each draws its options around a size of its own.

    Uniform samples crowd in the middle of the cost range, where a line fits easily.
    """
    size = (np.arange(n) + 0.5)[:, None] / n
    position = np.clip(size + rng.uniform(-0.3, 0.3, (n, space.num_decisions)), 0, 1 - 1e-9)
    spread: Int8[np.ndarray, "n d"] = (position * space.num_options).astype(np.int8)
    return spread


def _time_operators(
    device: Device,
    chosen: Sequence[Operator],
    timings: TimingLog,
    progress: Callable[[], None],
    announce: Callable[[float], None],
) -> None:
    """Time the operators that the log lacks, then once more those whose rounds differ much.

    Args:
      announce: told how many seconds it will take, once that is known.
    """
    left = [op for op in chosen if op.key not in timings.rounds]
    for i, group in enumerate(_run(time_operators, device, left) if left else ()):
        timings.add_rounds(group.rounds)
        if not i and len(left) > PILOT:
            announce(group.seconds * len(left) / PILOT)
        progress()
    again = [op for op in chosen if len(timings.rounds[op.key]) == 1 and _is_unsteady(timings.rounds[op.key][0])]
    for group in _run(time_operators, device, again[: max(GROUP, len(chosen) // 4)]) if again else ():
        timings.add_rounds(group.rounds)


def _sessions(
    device: Device,
    networks: Sequence[Any],
    known: Mapping[int, Sequence[float]],
    enough: Callable[[int, Sequence[float]], bool],
) -> Iterable[tuple[int, float]]:
    """Time networks, each session of all in a process of its own, until each has enough; yields (number, ms).

    Each session takes them in another order. A shared machine has quick and slow seconds, and in one and the same order
    the same networks would meet the slow ones again and again.

    Args:
      enough: told a network's number and the milliseconds of its sessions.
    """
    taken = {number: list(times) for number, times in known.items()}
    for session in itertools.count(max(map(len, taken.values()), default=0)):
        order = np.random.default_rng(session).permutation(len(networks)).tolist()
        if not (todo := [i for i in order if not enough(i, taken.get(i, []))]):
            return
        times = _run(time_networks, device, [networks[i] for i in todo])
        for number, ms in zip(todo, times, strict=True):
            taken.setdefault(number, []).append(ms)
            yield number, ms


def _run(function: Callable[..., Iterator[T]], device: Device, work: Sequence[Any]) -> Iterator[T]:
    """In a process of its own, unless nothing is really timed."""
    if isinstance(device, Simulated) and device.simulated:
        return function(device, work)
    return apart(function, device, work)


def _quicker(sessions: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return min(sessions, key=lambda rounds: float(np.median(rounds)))


def _is_unsteady(rounds: Sequence[float]) -> bool:
    low, middle, high = np.quantile(rounds, [0.25, 0.5, 0.75])
    return bool(high - low > UNSTEADY * middle)


def _identity(space: Space, device: Device, architectures: Sequence[Architecture]) -> dict[str, Any]:
    """What must be the same for timings to belong together, as JSON gives it back."""
    return {
        "device": device.key,
        "machine": dict(device.describe()),
        "space": f"{space.name} {space.input}",
        "networks": [list(architecture) for architecture in architectures],
    }
