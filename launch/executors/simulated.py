"""Simulated executor: any number of slots on a virtual clock, so that days pass in seconds.

For trying a search, its budget and its lag before a real cluster is paid for, and for tests. The evaluator is called
here and now; how long a job took, and what befell it on the way, is drawn. Every draw comes from (seed, job's name,
attempt), so that it does not depend on when, or after which others, a job is submitted.

    work       seconds that a job needs on an undisturbed slot
    attempt    a stretch of work on one slot, up to the job's end or to a loss (a failure or a preemption)
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from launch.executors._shared import attempt
from nas.record import Evaluator, Job, Outcome

Duration = Callable[[Job, np.random.Generator], float]
"""`duration_s(job, rng)`: the job's work in seconds, at least 0; from a model, a table, or the rng."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazards:
    """Simulated failures, stragglers and preemptions of an attempt; by default none.

    Attributes:
      failure_share: of attempts that fail, at a moment spread evenly over the attempt.
      straggler_share: of attempts that are `straggler_factor` times slower than they should be.
      preemptions_per_hour: rate at which a running attempt loses its slot to somebody else.
      checkpoint_s: work between two checkpoints; a lost job goes on from its last one. None: it starts anew.
      retries: how often a lost job is tried again, at once and in the same slot, before it has failed.
      limit_s: time that a job may take in all its attempts; beyond it the job has failed.
    """

    failure_share: float = 0.0
    straggler_share: float = 0.0
    straggler_factor: float = 1.0
    preemptions_per_hour: float = 0.0
    checkpoint_s: float | None = None
    retries: int = 2
    limit_s: float = math.inf

    def __post_init__(self) -> None:
        for name in ("failure_share", "straggler_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(
                    f"{name} must lie between 0 and 1, got {getattr(self, name)}; it is a share of attempts"
                )
        if self.straggler_factor < 1:
            raise ValueError(f"straggler_factor must be at least 1, got {self.straggler_factor}; stragglers are slow")
        if not 0 <= self.preemptions_per_hour < math.inf:
            raise ValueError(f"preemptions_per_hour must be 0 or more, got {self.preemptions_per_hour}; 0 is never")
        if self.checkpoint_s is not None and not self.checkpoint_s > 0:
            raise ValueError(f"checkpoint_s must be more than 0, got {self.checkpoint_s}; None is for no checkpoints")
        if self.retries < 0:
            raise ValueError(f"retries must be 0 or more, got {self.retries}; 0 gives a lost job up at once")
        if not self.limit_s > 0:
            raise ValueError(f"limit_s must be more than 0, got {self.limit_s}; math.inf is for no limit")


class SimulatedExecutor:
    """Runs jobs on a virtual clock; `wait` never sleeps.

    Args:
      slots: how many jobs run at once.
      duration_s: each job's work.
      seed: of every draw; the same seed gives each job the same fate.

    Raises:
      ValueError: there is no slot.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        *,
        slots: int,
        duration_s: Duration,
        seed: int = 0,
        hazards: Hazards = Hazards(),
    ) -> None:
        if slots < 1:
            raise ValueError(f"a cluster has at least one slot, got {slots=}")
        self._evaluator = evaluator
        self._slots = slots
        self._duration_s = duration_s
        self._seed = seed
        self._hazards = hazards
        self._running: list[tuple[float, int, Outcome]] = []  # a heap by (virtual end, order of submission)
        self._num_submitted = 0
        self._now_s = 0.0
        self._busy_s = 0.0
        self._handed_out = (0.0, 0.0)

    @property
    def slots(self) -> int:
        return self._slots

    @property
    def now_s(self) -> float:
        """The virtual time since the executor was made."""
        return self._now_s

    @property
    def utilisation(self) -> float:
        """Busy slot-seconds over slots x elapsed seconds, up to the last submission; 1.0 if no time has passed.

        What comes after the last submission is left out: slots that fall idle because nothing is left to do say
        nothing about the loop.
        """
        elapsed_s, busy_s = self._handed_out
        return busy_s / (self._slots * elapsed_s) if elapsed_s else 1.0

    def submit(self, job: Job) -> None:
        """Start a job now.

        Raises:
          ValueError: every slot is busy, or the job's duration is no time.
        """
        if len(self._running) >= self._slots:
            raise ValueError(f"all {self._slots} slots are busy at {job.name}; wait for an outcome before submitting")
        duration_s, failure = self._fate(job)
        outcome = Outcome(job=job, evaluation=None, failure=failure, duration_s=duration_s)
        heapq.heappush(self._running, (self._now_s + duration_s, self._num_submitted, outcome))
        self._num_submitted += 1
        self._handed_out = (self._now_s, self._busy_s)

    def wait(self, timeout_s: float) -> list[Outcome]:
        """Move the clock to the next end of a job; all outcomes of that moment, in order of submission."""
        outcomes: list[Outcome] = []
        if self._running:
            self._move_to(self._running[0][0])
        while self._running and self._running[0][0] == self._now_s:
            outcomes.append(self._conclude(heapq.heappop(self._running)[2]))
        return outcomes

    def close(self) -> None:
        self._running.clear()

    def _move_to(self, time_s: float) -> None:
        self._busy_s += len(self._running) * (time_s - self._now_s)
        self._now_s = time_s

    def _conclude(self, outcome: Outcome) -> Outcome:
        if outcome.failure is not None:
            return outcome
        return replace(attempt(self._evaluator, outcome.job), duration_s=outcome.duration_s)

    def _fate(self, job: Job) -> tuple[float, str | None]:
        """How long the job holds its slot in all, and why it fails if it does."""
        hazards = self._hazards
        work_s = self._duration_s(job, self._rng(job, 0))
        if not 0 <= work_s < math.inf:
            raise ValueError(f"duration_s must give 0 or more seconds, got {work_s} for {job.name}")
        taken_s, kept_s, failure = 0.0, 0.0, ""
        for number in range(1, hazards.retries + 2):
            attempt_s, done_s, failure = _attempt(work_s - kept_s, hazards, self._rng(job, number))
            taken_s += attempt_s
            if taken_s > hazards.limit_s:
                return hazards.limit_s, f"not done after the {hazards.limit_s:g} s that a job may take"
            if not failure:
                return taken_s, None
            if hazards.checkpoint_s is not None:
                kept_s = (kept_s + done_s) // hazards.checkpoint_s * hazards.checkpoint_s
        return taken_s, f"the worker was lost {hazards.retries + 1} times; last: {failure}"

    def _rng(self, job: Job, number: int) -> np.random.Generator:
        """The generator of a job's work (number 0) or of one of its attempts."""
        return np.random.default_rng((self._seed, number, *job.name.encode()))


def _attempt(work_s: float, hazards: Hazards, rng: np.random.Generator) -> tuple[float, float, str]:
    """Seconds in the slot, seconds of work done in them, and what ended the attempt early ("" if nothing did)."""
    slowness = hazards.straggler_factor if rng.random() < hazards.straggler_share else 1.0
    end_s = work_s * slowness
    fails, share = rng.random() < hazards.failure_share, rng.random()
    losses = {"failed": share * end_s if fails else math.inf, "preempted": math.inf}
    if hazards.preemptions_per_hour:
        losses["preempted"] = rng.exponential(3600 / hazards.preemptions_per_hour)
    name = min(losses, key=losses.__getitem__)
    if losses[name] < end_s:
        return losses[name], losses[name] / slowness, name
    return end_s, work_s, ""
