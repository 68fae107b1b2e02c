"""One strategy, one seed: a search on the table instead of a cluster, by the same loop that drives a real one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int8

from launch.bench.arena import Arena
from launch.bench.entrants import blamed, make
from launch.bench.record import MemoryRecord
from launch.executors.simulated import SimulatedExecutor
from nas.evaluators.table import TableEvaluator
from nas.plugins import PREDICTORS
from nas.search import Plan, run
from nas.space import Architecture
from nas.strategy import Strategy
from nas.trial import Job, Proposal, Trial

OPENING_STREAM = 1
"""Third word of the opening's seed; a ticket's proposal has two words."""
LOG_STD = 0.5
"""Of the logarithm of a training's virtual seconds, where no column gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What every replay of a comparison shares.

    Attributes:
      num_trials: the budget, in trainings of distinct architectures; a failed one counts.
      workers: slots of the virtual cluster.
      lag: see `nas.search`; 0 proposes from whatever has ended.
      predictor: key of the predictor that strategies are given.
    """

    num_trials: int
    workers: int
    lag: int
    predictor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came out.

    Attributes:
      places: the rows that were trained, in the order in which their trainings ended.
      ended_s: when each did, in virtual seconds.
      proposal_ms: the strategy's own time per proposal, in ms of one core; the table's answers are not in it.
    """

    strategy: str
    seed: int
    places: tuple[int, ...]
    ended_s: tuple[float, ...]
    proposal_ms: float


def replay(arena: Arena, course: Course, strategy: str, seed: int) -> Replay:
    """Run a strategy through its budget; it ends earlier only if the strategy has nothing left to propose.

    Raises:
      PluginError: the strategy or the predictor is unknown.
      EntrantError: the strategy refuses the task, breaks its rules or fails.
    """
    task = arena.task(PREDICTORS.load(course.predictor), np.random.default_rng((seed, 0, OPENING_STREAM)))
    watched = Watched(name=strategy, strategy=make(strategy, task), arena=arena)
    evaluator = TableEvaluator(architectures=arena.rows, metrics=arena.objectives, values=arena.values)
    executor = SimulatedExecutor(evaluator, slots=course.workers, duration_s=Durations(arena=arena), seed=seed)
    record = MemoryRecord(lambda: executor.now_s)
    plan = Plan(
        phase="search", num_trials=course.num_trials, fidelity=1, seed=seed, lag=course.lag, max_failure_share=1.0
    )
    run(plan, strategy=watched, executor=executor, history=record)
    ended = [trial for trial, _ in record.ended]
    places = arena.places(np.array([trial.architecture for trial in ended], np.int8))
    return Replay(
        strategy=strategy,
        seed=seed,
        places=tuple(places.tolist()),
        ended_s=tuple(round(now_s, 6) for _, now_s in record.ended),
        proposal_ms=1e3 * float(np.mean(watched.seconds)),
    )


@dataclass(slots=True, kw_only=True)
class Watched:
    """A strategy under a stopwatch of processor time, and held to the rules."""

    name: str
    strategy: Strategy
    arena: Arena
    seconds: list[float] = field(default_factory=list)

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """The strategy's proposal.

        Raises:
          EntrantError: the strategy fails, or proposes what is known already, does not exist or breaks a limit.
        """
        with blamed(self.name):
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
        if any(trial.architecture == proposal.architecture for trial in known):
            raise ValueError(f"{proposal.architecture} was proposed twice; a search asks once for an architecture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Virtual seconds of a training: the table's column, else log-normal around one second."""

    arena: Arena

    def __call__(self, job: Job, rng: np.random.Generator) -> float:
        if self.arena.duration_s is None:
            return float(rng.lognormal(0.0, LOG_STD))
        return float(self.arena.duration_s[self.arena.places(_row(job.architecture))[0]])


def _row(architecture: Architecture) -> Int8[np.ndarray, "1 d"]:
    return np.array([architecture], np.int8)
