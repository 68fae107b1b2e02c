"""Replay of one strategy with one seed: a search by the real loop, on a table instead of a cluster."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int8

from launch.bench.question import Arena
from launch.bench.replay.entrants import make
from launch.bench.replay.memory_record import MemoryRecord
from launch.executors.simulated import SimulatedExecutor
from launch.extensions import blamed, check_new, load_predictor
from nas.evaluators.table import TableEvaluator
from nas.record import Job, Proposal, Trial
from nas.search import Strategy
from nas.search.loop import Plan, run
from nas.space import Architecture

OPENING_STREAM = 1
"""Third word of the opening's seed; a ticket's proposal has two words."""
LOG_STD = 0.5
"""Of the logarithm of a training's virtual seconds, where no column gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Settings that all replays of a comparison share.

    Attributes:
      num_trials: the budget, in trainings of distinct architectures, or in what so many full ones cost; a failed one
        counts.
      workers: slots of the virtual cluster.
      lag: see `nas.search.loop`; 0 proposes from whatever has ended.
      predictor: key of the predictor that strategies are given.
    """

    num_trials: int
    workers: int
    lag: int
    predictor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The result of a replay.

    Attributes:
      places: the rows that were trained, in the order in which their trainings ended.
      ended_s: when each did, in virtual seconds.
      proposal_ms: the strategy's own time per proposal, in ms of one core; the table's answers are not in it.
      fidelities: what each cost; none where all trainings are alike.
    """

    strategy: str
    seed: int
    places: tuple[int, ...]
    ended_s: tuple[float, ...]
    proposal_ms: float
    fidelities: tuple[int, ...] = ()

    @property
    def costs(self) -> tuple[int, ...]:
        """What each training cost."""
        return self.fidelities or (1,) * len(self.places)


def replay(arena: Arena, course: Course, strategy: str, seed: int) -> Replay:
    """Run a strategy through its budget; it ends earlier only if the strategy has nothing left to propose.

    Raises:
      PluginError: the strategy or the predictor is unknown.
      PartError: the strategy refuses the task, breaks its rules or fails.
    """
    task = arena.task(load_predictor(course.predictor), np.random.default_rng((seed, 0, OPENING_STREAM)))
    watched = Watched(name=strategy, strategy=make(strategy, task), arena=arena)
    evaluator = TableEvaluator(
        architectures=arena.rows, metrics=arena.objectives, values=arena.values, rungs=arena.cheap_by_fidelity
    )
    executor = SimulatedExecutor(evaluator, slots=course.workers, duration_s=Durations(arena=arena), seed=seed)
    record = MemoryRecord(lambda: executor.now_s)
    budget = course.num_trials * arena.full
    plan = Plan(
        phase="search", num_trials=budget, fidelity=arena.full, seed=seed, lag=course.lag, max_failure_share=1.0
    )

    def is_spent(trials: Sequence[Trial]) -> bool:
        return bool(arena.cheap) and sum(trial.fidelity for trial in trials) >= budget

    run(plan, strategy=watched, executor=executor, history=record, stop=is_spent)
    ended = [trial for trial, _ in record.ended]
    places = arena.places(np.array([trial.architecture for trial in ended], np.int8))
    return Replay(
        strategy=strategy,
        seed=seed,
        places=tuple(places.tolist()),
        ended_s=tuple(round(now_s, 6) for _, now_s in record.ended),
        proposal_ms=1e3 * float(np.mean(watched.seconds)),
        fidelities=tuple(trial.fidelity for trial in ended) if arena.cheap else (),
    )


@dataclass(slots=True, kw_only=True)
class Watched:
    """Strategy wrapper that measures processor time and checks every proposal."""

    name: str
    strategy: Strategy
    arena: Arena
    seconds: list[float] = field(default_factory=list)

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """The strategy's proposal.

        Raises:
          PartError: the strategy fails, or proposes what is known already, does not exist or breaks a limit.
        """
        with blamed(f"strategy {self.name}"):
            start = time.process_time()
            proposal = self.strategy.propose(done, pending, rng)
            self.seconds.append(time.process_time() - start)
            self._check(proposal, [*done, *pending])
        return proposal

    def _check(self, proposal: Proposal, known: Sequence[Trial]) -> None:
        place = int(self.arena.places(_row(proposal.architecture))[0])
        if place < 0 or not self.arena.allowed[place]:
            raise ValueError(
                f"{proposal.architecture} does not exist or breaks a limit; propose what `task.problem` calls feasible"
            )
        check_new(proposal, known, (*self.arena.cheap_by_fidelity, self.arena.full))


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Virtual seconds of a full training: the table's column, else log-normal around one second; others its share."""

    arena: Arena

    def __call__(self, job: Job, rng: np.random.Generator) -> float:
        share = job.fidelity / self.arena.full
        if self.arena.duration_s is None:
            return share * float(rng.lognormal(0.0, LOG_STD))
        return share * float(self.arena.duration_s[self.arena.places(_row(job.architecture))[0]])


def _row(architecture: Architecture) -> Int8[np.ndarray, "1 d"]:
    return np.array([architecture], np.int8)
