"""Does the loop keep 800 slots busy, and what does a trial cost the driver?

    python -m benchmarks.cluster_scale [--slots 800] [--trials 20000] [--sigma 0.25]

The real loop with the real record (a journal on disk, 28 decisions a trial) on simulated slots: trial times are
log-normal with a mean of an hour, the strategy is random, a tally is made four times a second. For the fast mode
(lag 0) and the repeatable one (lag = twice the slots), each in a process of its own:

    utilisation   busy slot-seconds over slots x elapsed, up to the last ticket handed out; in the tail after it slots
                  fall idle because nothing is left to do. Bars: 97 % and 92 %
    driver        wall and CPU time per trial, less the strategy's and the simulation's. Bar: 5 ms of wall
    memory        growth of the resident set per trial, from a quarter of the trials to the last
    opening       wall seconds to read that record again, as a driver that goes on does

Then, without a disk, what the lag does to the utilisation for other times. A ticket waits for every result that is
`lag` tickets old, so a trial that takes longer than lag / slots mean times holds all up, whatever the loop does. "As
MACs" are times in proportion to the MACs of networks drawn under a limit, with a tenth of noise: a limit bounds the
longest. "With trouble" adds failures, stragglers of twice the time, and preemptions to log-normal times.

It takes about four minutes of one core. Linux only: memory is read from /proc.
"""

import argparse
import math
import multiprocessing
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import optuna

from launch.executors.simulated import Duration, Hazards, SimulatedExecutor
from launch.pricing import price
from launch.terminal import table, tally
from nas.genetic import Problem
from nas.record import Evaluation, Job, Outcome, Proposal, Trial
from nas.record.history import History
from nas.record.storage import open_storage
from nas.resources import macs
from nas.search import Strategy, Task
from nas.search.loop import Plan, run
from nas.strategies.random import Random
from predictors import ridge
from search_spaces.tiefenrausch import SPACE

MEAN_S = 3600.0
LIMIT = "macs <= 2.5901e9"
TALLY_EVERY_S = 0.25
UTILISATION_BARS = {0: 0.97, 2: 0.92}
DRIVER_BAR_MS = 5.0
SIGMAS = (0.25, 0.3, 0.4, 0.5)
LAGS = (2, 3, 4, 6)
TROUBLE = Hazards(
    failure_share=0.01,
    straggler_share=0.01,
    straggler_factor=2.0,
    preemptions_per_hour=0.05,
    checkpoint_s=600.0,
)


class Formula:
    """An evaluator that takes no time."""

    baselines: Mapping[str, Mapping[str, float]] = {}
    data_facts: Mapping[str, str | int] = {}

    def __call__(self, job: Job) -> Evaluation:
        error = sum(job.architecture) / 1000
        return Evaluation(metrics={"error": error, "delta1": 1 - error, "absrel": error / 2, "rmse": error / 3})


@dataclass(slots=True)
class Stopwatch:
    """Adds up what is done inside `with`."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __enter__(self) -> None:
        self.wall_s -= time.perf_counter()
        self.cpu_s -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall_s += time.perf_counter()
        self.cpu_s += time.process_time()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedStrategy:
    strategy: Strategy
    watch: Stopwatch

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        with self.watch:
            return self.strategy.propose(done, pending, rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedExecutor:
    executor: SimulatedExecutor
    watch: Stopwatch

    @property
    def slots(self) -> int:
        return self.executor.slots

    def submit(self, job: Job) -> None:
        with self.watch:
            self.executor.submit(job)

    def wait(self, timeout_s: float) -> list[Outcome]:
        with self.watch:
            return self.executor.wait(timeout_s)

    def close(self) -> None: ...


@dataclass(slots=True)
class Watch:
    """Makes a tally now and then, as the terminal wants it, and notes the memory."""

    total: int
    slots: int
    seen_at: float = 0.0
    memory: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, trials: Sequence[Trial]) -> None:
        if time.monotonic() - self.seen_at < TALLY_EVERY_S:
            return
        tally(trials, phase="search", total=self.total, slots=self.slots, objective="error")
        self.memory.append((len(trials), _resident_bytes()))
        self.seen_at = time.monotonic()

    @property
    def bytes_per_trial(self) -> float:
        late = [(trials, size) for trials, size in self.memory if trials >= self.total / 4]
        return (late[-1][1] - late[0][1]) / (late[-1][0] - late[0][0]) if late[-1][0] > late[0][0] else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    utilisation: float
    driver_ms: float
    driver_cpu_ms: float
    strategy_ms: float
    bytes_per_trial: float
    opening_s: float


class Memory:
    """An in-memory record."""

    def trials(self) -> list[Trial]:
        return []

    def start(self, trial: Trial) -> None: ...

    def finish(self, trial: Trial, outcome: Outcome) -> Trial:
        return Trial(
            phase=trial.phase,
            ticket=trial.ticket,
            architecture=trial.architecture,
            fidelity=trial.fidelity,
            origin=trial.origin,
            state="failed" if outcome.evaluation is None else "complete",
            failure=outcome.failure,
            duration_s=outcome.duration_s,
        )


class Same:
    """A strategy that always proposes the same architecture, the cheapest there is to run."""

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        return Proposal(architecture=(0,) * len(SPACE.choices), origin="same")


def log_normal(sigma: float) -> Duration:
    """Work with the given spread of its logarithm and a mean of `MEAN_S`."""
    return lambda job, rng: MEAN_S * math.exp(rng.normal(-(sigma**2) / 2, sigma))


def random_strategy() -> Strategy:
    num_options = np.array([len(choice.options) for choice in SPACE.choices])
    return Random(
        task=Task(
            objectives=("error",),
            problem=Problem(num_options=num_options),
            sample=SPACE.sample,
            features=np.asarray,
            predictor=ridge.PREDICTOR,
        )
    )


def as_macs(num_trials: int) -> Duration:
    """Work in proportion to the MACs of networks drawn uniformly under `LIMIT`, with a mean of `MEAN_S`."""
    pricing = price(SPACE, macs.RESOURCES)
    drawn = pricing.feasible([pricing.limit(LIMIT)], seed=0).sample(num_trials, np.random.default_rng(0))
    cost = pricing.tables["macs"].cost(drawn)
    seconds = (MEAN_S * cost / cost.mean()).tolist()
    return lambda job, rng: seconds[job.ticket] * math.exp(rng.normal(0, 0.1))


def plan(num_trials: int, lag: int) -> Plan:
    return Plan(phase="search", num_trials=num_trials, fidelity=1, seed=0, lag=lag)


def measure(slots: int, num_trials: int, sigma: float, lag: int) -> Measured:
    """One whole run with its record on disk."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    proposing, simulating, running, opening = (Stopwatch() for _ in range(4))
    strategy = TimedStrategy(strategy=random_strategy(), watch=proposing)
    simulated = SimulatedExecutor(Formula(), slots=slots, duration_s=log_normal(sigma))
    executor = TimedExecutor(executor=simulated, watch=simulating)
    watch = Watch(total=num_trials, slots=slots)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.journal"
        history = _history(path, create=True)
        with running:
            run(plan(num_trials, lag), strategy=strategy, executor=executor, history=history, watch=watch)
        with opening:
            again = _history(path, create=False).trials()
    assert len(again) == num_trials
    return Measured(
        utilisation=simulated.utilisation,
        driver_ms=1000 * (running.wall_s - proposing.wall_s - simulating.wall_s) / num_trials,
        driver_cpu_ms=1000 * (running.cpu_s - proposing.cpu_s - simulating.cpu_s) / num_trials,
        strategy_ms=1000 * proposing.wall_s / num_trials,
        bytes_per_trial=watch.bytes_per_trial,
        opening_s=opening.wall_s,
    )


def utilisation(slots: int, num_trials: int, lag: int, duration_s: Duration, hazards: Hazards) -> float:
    """The same loop without a disk."""
    executor = SimulatedExecutor(Formula(), slots=slots, duration_s=duration_s, hazards=hazards)
    run(plan(num_trials, lag), strategy=Same(), executor=executor, history=Memory())
    return executor.utilisation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=800, help="trials at once (800)")
    parser.add_argument("--trials", type=int, default=20_000, help="trials in all (20000)")
    parser.add_argument("--sigma", type=float, default=0.25, help="spread of the logarithm of a trial's time (0.25)")
    arguments = parser.parse_args()
    slots, num_trials = arguments.slots, arguments.trials
    header = ["mode", "utilisation", "bar", "driver ms", "bar", "of it CPU", "strategy ms", "KiB/trial", "opening, s"]
    rows = []
    for times, name in ((0, "fast, lag 0"), (2, f"repeatable, lag {2 * slots}")):
        found = _apart(slots, num_trials, arguments.sigma, times * slots)
        rows.append(_row(name, found, UTILISATION_BARS[times]))
    print(f"{slots} slots, {num_trials} trials, log-normal times with sigma {arguments.sigma}, journal on disk")
    print(table(header, rows), end="\n\n")
    lags = [f"lag {times} x slots" for times in LAGS]
    print(table(["utilisation by sigma and lag", *lags], _spread(slots, num_trials)))


def _row(name: str, found: Measured, bar: float) -> list[str]:
    return [
        name,
        f"{found.utilisation:.1%}",
        f"{bar:.0%}",
        f"{found.driver_ms:.2f}",
        f"{DRIVER_BAR_MS:.0f}",
        f"{found.driver_cpu_ms:.2f}",
        f"{found.strategy_ms:.2f}",
        f"{found.bytes_per_trial / 1024:.1f}",
        f"{found.opening_s:.2f}",
    ]


def _spread(slots: int, num_trials: int) -> list[list[str]]:
    kinds: dict[str, tuple[Duration, Hazards]] = {f"sigma {s}": (log_normal(s), Hazards()) for s in SIGMAS}
    kinds["sigma 0.25, with trouble"] = (log_normal(0.25), TROUBLE)
    kinds[f"as MACs, {LIMIT}"] = (as_macs(num_trials), Hazards())
    return [
        [name, *(f"{utilisation(slots, num_trials, n * slots, duration_s, hazards):.1%}" for n in LAGS)]
        for name, (duration_s, hazards) in kinds.items()
    ]


def _apart(slots: int, num_trials: int, sigma: float, lag: int) -> Measured:
    """`measure` in a fresh process, so that one run's memory is not the next one's."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, slots, num_trials, sigma, lag).result()


def _history(path: Path, *, create: bool) -> History:
    return History(open_storage(path), "scale", choices=SPACE.choices, objective="error", create=create)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
