"""Durations of trials: measured for those that have ended, and expected for others."""

import math
from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nas.record import Phase, Trial

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """GPUs and CPUs that a trial holds from a time on (UTC, ISO 8601): every command that drives it may say anew."""

    since: str
    gpus: float
    cpus: float


@dataclass(slots=True, kw_only=True)
class Meter:
    """Follows trials from being handed out to their end; following costs what has changed, not what there is.

    Attributes:
      shifts: in the order of their times, at least one.
      clock: seconds from some moment on.
      before_s: of one core, spent before the first trial on what all trials use.
    """

    shifts: Sequence[Shift]
    clock: Callable[[], float]
    before_s: float = 0.0
    ended_s: float = 0.0
    ended_gpu_s: float = 0.0
    ended_cpu_s: float = 0.0
    _begun: dict[tuple[Phase, int], tuple[float, int]] = field(default_factory=dict)
    _fidelities: dict[Phase, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    _durations: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    _rates: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ended_cpu_s += self.before_s

    def follow(self, trials: Sequence[Trial], begun: Mapping[tuple[Phase, int], float] | None = None) -> None:
        """Look at a phase's trials, by ticket; those behind one that the record has lost count once that is back.

        Args:
          begun: when running ones were handed out, on the clock; those that are not in it when they are first seen.
        """
        if not trials:
            return
        phase, now = trials[0].phase, self.clock()
        for trial in trials[self.num_seen(phase) :]:
            if trial.ticket != self.num_seen(phase):
                break
            self._fidelities[phase][trial.fidelity] += 1
            self._begun[phase, trial.ticket] = ((begun or {}).get((phase, trial.ticket), now), trial.fidelity)
        for key in [key for key in self._begun if key[0] == phase and trials[key[1]].state != "running"]:
            del self._begun[key]
            self._end(trials[key[1]])

    def num_seen(self, phase: Phase) -> int:
        return self._fidelities[phase].total()

    def num_running(self, phase: Phase) -> int:
        return sum(key[0] == phase for key in self._begun)

    def running(self) -> tuple[float, float, float]:
        """Of the running trials: seconds so far, seconds that are left in all, and that the longest has left."""
        now = self.clock()
        taken = [(now - begun, self.expected(fidelity) or 0.0) for begun, fidelity in self._begun.values()]
        left = [max(expected - elapsed, 0.0) for elapsed, expected in taken]
        return math.fsum(elapsed for elapsed, _ in taken), math.fsum(left), max(left, default=0.0)

    def expected(self, fidelity: int) -> float | None:
        """Seconds of a trial; None if nothing is known."""
        known = self._durations.get(fidelity)
        if known:
            return _middle(known)
        return fidelity * _middle(self._rates) if self._rates else None

    def expected_ticket(self) -> float | None:
        """Seconds of the search's next trial, which has the fidelity of earlier ones, each as often as there."""
        counts = self._fidelities["search"]
        parts = [(self.expected(fidelity), count) for fidelity, count in counts.items()]
        known = [(seconds, count) for seconds, count in parts if seconds is not None]
        return sum(seconds * count for seconds, count in known) / counts.total() if known else None

    def _end(self, trial: Trial) -> None:
        duration_s, shift = trial.duration_s or 0.0, self._shift(trial)
        self.ended_s += duration_s
        self.ended_gpu_s += duration_s * shift.gpus
        self.ended_cpu_s += duration_s * shift.cpus
        if trial.state == "complete":  # a failed one tells little about the next
            insort(self._durations[trial.fidelity], duration_s)
            if trial.fidelity:  # a score by shared weights says nothing of a step
                insort(self._rates, duration_s / trial.fidelity)

    def _shift(self, trial: Trial) -> Shift:
        """The shift in which a trial ended."""
        if trial.ended is None:
            return self.shifts[-1]
        return self.shifts[max(0, bisect_right([shift.since for shift in self.shifts], trial.ended) - 1)]


def _middle(ordered: Sequence[float]) -> float:
    """The median of numbers in order."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
