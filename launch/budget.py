"""What a run may spend, what it has spent, and what it will have spent in the end.

    expected   seconds of a trial at a fidelity: the median of those that ended there; where none has, the median of
               seconds per unit of fidelity over all that ended, times the fidelity; unknown until one has ended
    GPU-hours  hours of trials x the GPUs that each holds, of all the run's commands; CPU-hours likewise
    hours      wall-clock of this command; one that goes on later counts from 0 again

A budget covers the search and the finals. A ticket is handed out while all that has ended, runs and is to come (the
ticket itself, then the finals) stays within every budget, each trial taken as long as expected, and one that has run
for longer already as long as that. So a budget is overshot by no more than what trials take longer than expected.
Until the first trial has ended nothing is expected, and every slot gets one.

What a trial holds is counted from the time that its record gives it: attempts that lost their worker are not in it.
"""

import math
from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from nas.strategy import Rungs
from nas.trial import Phase, Trial

HOUR_S = 3600.0
NAMES = {"hours": "hours", "gpu_hours": "GPU-hours", "cpu_hours": "CPU-hours"}
MIN_TRIALS = 4
"""Complete trials at the full fidelity that a predictor needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits beside the number of trials, None for none; see the module's docstring."""

    hours: float | None = None
    gpu_hours: float | None = None
    cpu_hours: float | None = None

    def within(self, stopped_by: Mapping[str, float] | None) -> bool:
        """Whether a search that such a budget (by field and limit) has stopped would be stopped by this one again."""
        mine = [(getattr(self, name), limit) for name, limit in (stopped_by or {}).items()]
        return all(asked is not None and asked <= limit for asked, limit in mine)


NO_LIMITS = Budget()


def check_budget(budget: Budget, *, gpus: float) -> None:
    """Refuse GPU-hours where a trial holds no GPU.

    Raises:
      ValueError: that.
    """
    if budget.gpu_hours is not None and not gpus:
        raise ValueError(
            f"--gpu-hours counts the GPUs that a trial holds, got {budget.gpu_hours:g} hours and no GPU; give "
            "--gpus-per-trial, or --cpu-hours in its place"
        )


def check_trials(num_trials: int, rungs: Rungs | None) -> None:
    """Refuse fewer trials than leave a predictor enough of them at the full fidelity.

    Raises:
      ValueError: that.
    """
    needed, why = MIN_TRIALS, ""
    if rungs is not None:
        on_rung = MIN_TRIALS
        for _ in rungs.fidelities[1:]:
            on_rung = math.ceil(on_rung * rungs.eta)
            needed += on_rung
        why = f", one in {rungs.eta:g} of which goes on from each rung"
    if num_trials < needed:
        raise ValueError(
            f"a search needs at least {needed} trials{why}, so that {MIN_TRIALS} at the full fidelity teach the "
            f"predictor, got {num_trials}; give --trials more"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What a trial holds from a time on (UTC, ISO 8601): every command that drives the run may say anew."""

    since: str
    gpus: float
    cpus: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the budgets are to suffice for: so many trials, then so many finals.

    `num_finals` is at most how many will be added while the search is on, and how many there are when it is over.
    """

    num_trials: int
    num_finals: int
    final_fidelity: int
    slots: int
    searching: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One budget: what is spent, what runs, what it will be in the end; all in the unit that its name says.

    `forecast` is None until a trial has ended; `limit` is None where there is none.
    """

    name: str
    spent: int | float
    running: int | float
    forecast: int | float | None
    limit: int | float | None


@dataclass(slots=True, kw_only=True)
class Meter:
    """Follows trials from being handed out to their end; following costs what has changed, not what there is.

    Attributes:
      shifts: in the order of their times, at least one.
      clock: seconds from some moment on.
    """

    shifts: Sequence[Shift]
    clock: Callable[[], float]
    ended_s: float = 0.0
    ended_gpu_s: float = 0.0
    ended_cpu_s: float = 0.0
    _begun: dict[tuple[Phase, int], tuple[float, int]] = field(default_factory=dict)
    _fidelities: dict[Phase, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    _durations: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    _rates: list[float] = field(default_factory=list)

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
            insort(self._rates, duration_s / trial.fidelity)

    def _shift(self, trial: Trial) -> Shift:
        """The shift in which a trial ended."""
        if trial.ended is None:
            return self.shifts[-1]
        return self.shifts[max(0, bisect_right([shift.since for shift in self.shifts], trial.ended) - 1)]


@dataclass(slots=True, kw_only=True)
class Account:
    """A budget held against a meter.

    Attributes:
      course: what is to come; replaced when the search is over.
      began: when this command's clock began to count.
      stopped_by: the budget's field that ended the search before its last trial, with its limit.
    """

    budget: Budget
    course: Course
    meter: Meter
    began: float
    stopped_by: dict[str, float] | None = None

    def refused_by(self) -> dict[str, float] | None:
        """The field of the budget that has no room for another ticket, with its limit; None if all have."""
        short = (name for name, room in self._rooms().items() if room < 1)
        return next(({name: getattr(self.budget, name)} for name in short), None)

    def needs(self) -> str:
        """What a trial and the finals are expected to take, as the cure for a budget that is too small."""
        one_s, finals_s = self.meter.expected_ticket(), self._finals_s()
        if one_s is None:
            return "no trial has ended, so nobody knows what one takes"
        shift = self.meter.shifts[-1]
        held = [("GPU-hours", shift.gpus), ("CPU-hours", shift.cpus)]
        told = [f"{amount(n * one_s / HOUR_S)} and {amount(n * finals_s / HOUR_S)} {unit}" for unit, n in held if n]
        return f"a trial takes about, and the finals that are kept room for, {', '.join(told)}"

    def lines(self) -> tuple[Line, ...]:
        """All budgets, those without a limit too; GPU-hours only where a trial has ever held one."""
        meter, course = self.meter, self.course
        num_seen, num_running = meter.num_seen("search"), meter.num_running("search")
        num_more = self._num_more()
        known = meter.expected_ticket() is not None
        trials = Line(
            name="trials",
            spent=num_seen - num_running,
            running=num_running,
            forecast=num_seen + num_more if known or not num_more else None,
            limit=course.num_trials,
        )
        hours = Line(
            name="hours",
            spent=self._elapsed_s() / HOUR_S,
            running=0.0,
            forecast=(self._elapsed_s() + self.left_s() + self._finals_wall_s()) / HOUR_S if known else None,
            limit=self.budget.hours,
        )
        held = [
            self._held("GPU-hours", meter.ended_gpu_s, meter.shifts[-1].gpus, self.budget.gpu_hours),
            self._held("CPU-hours", meter.ended_cpu_s, meter.shifts[-1].cpus, self.budget.cpu_hours),
        ]
        if not any(shift.gpus for shift in meter.shifts):
            del held[0]
        return (trials, *held, hours)

    def left_s(self) -> float:
        """Wall-clock seconds until what runs and what the search still hands out has ended; 0 if nothing is known."""
        _, left_s, longest_s = self.meter.running()
        work_s = left_s + self._num_more() * (self.meter.expected_ticket() or 0.0)
        return max(longest_s, work_s / self.course.slots)

    def _held(self, name: str, ended_s: float, per_trial: float, limit: float | None) -> Line:
        running_s, left_s, _ = self.meter.running()
        ticket_s = self.meter.expected_ticket()
        coming_s = left_s + self._num_more() * (ticket_s or 0.0) + self._finals_s()
        return Line(
            name=name,
            spent=ended_s / HOUR_S,
            running=per_trial * running_s / HOUR_S,
            forecast=None if ticket_s is None else (ended_s + per_trial * (running_s + coming_s)) / HOUR_S,
            limit=limit,
        )

    def _num_more(self) -> int:
        """Tickets that will still be handed out."""
        if not self.course.searching:
            return 0
        num_left = max(self.course.num_trials - self.meter.num_seen("search"), 0)
        return int(min([num_left, *(max(room, 0.0) for room in self._rooms().values())]))

    def _rooms(self) -> dict[str, float]:
        """By limited budget, how many tickets it has room for; without any limit nothing is worked out."""
        rooms, budget = {}, self.budget
        if budget.gpu_hours is not None:
            rooms["gpu_hours"] = self._room(self.meter.ended_gpu_s, self.meter.shifts[-1].gpus, budget.gpu_hours)
        if budget.cpu_hours is not None:
            rooms["cpu_hours"] = self._room(self.meter.ended_cpu_s, self.meter.shifts[-1].cpus, budget.cpu_hours)
        if budget.hours is not None:
            rooms["hours"] = self._wall_room(budget.hours)
        return rooms

    def _room(self, ended_s: float, per_trial: float, limit_h: float) -> float:
        running_s, left_s, _ = self.meter.running()
        free_s = limit_h * HOUR_S - ended_s - per_trial * (running_s + left_s + self._finals_s())
        return _count(free_s, _times(per_trial, self.meter.expected_ticket()))

    def _wall_room(self, limit_h: float) -> float:
        """A slot is free now; whether others are is a matter for the forecast."""
        _, left_s, _ = self.meter.running()
        free_s = limit_h * HOUR_S - self._elapsed_s() - self._finals_wall_s()
        one_s = self.meter.expected_ticket()
        if one_s is None or free_s < one_s:
            return _count(free_s, one_s)
        return max(1.0, _count(free_s * self.course.slots - left_s, one_s))

    def _num_finals(self) -> int:
        num_begun = 0 if self.course.searching else self.meter.num_seen("final")
        return max(self.course.num_finals - num_begun, 0)

    def _finals_s(self) -> float:
        return self._num_finals() * (self.meter.expected(self.course.final_fidelity) or 0.0)

    def _finals_wall_s(self) -> float:
        rounds = math.ceil(self._num_finals() / self.course.slots)
        return rounds * (self.meter.expected(self.course.final_fidelity) or 0.0)

    def _elapsed_s(self) -> float:
        return self.meter.clock() - self.began


def words(lines: Sequence[Line]) -> str:
    """Those lines that have a limit, but for the trials, as a part of a sentence; "" if there are none."""
    return "".join(f"; {_words(line)}" for line in lines if line.limit is not None and line.name != "trials")


def _words(line: Line) -> str:
    running = f", {amount(line.running)} running" if line.running else ""
    return f"{line.name} {amount(line.spent)} spent{running}, {amount(line.forecast)} forecast of {amount(line.limit)}"


def amount(value: int | float | None) -> str:
    """A number of hours or trials, "-" where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def note(account: Account) -> dict[str, Any]:
    """What another process needs, beside the trials, to give the same account: JSON."""
    return {
        "budget": asdict(account.budget),
        "course": asdict(account.course),
        "shifts": [asdict(shift) for shift in account.meter.shifts],
    }


def read_note(found: Mapping[str, Any], clock: Callable[[], float]) -> Account:
    """The account of a note, before any trial is followed; `clock` gives seconds since 1970."""
    shifts = tuple(Shift(**shift) for shift in found["shifts"])
    return Account(
        budget=Budget(**found["budget"]),
        course=Course(**found["course"]),
        meter=Meter(shifts=shifts, clock=clock),
        began=datetime.fromisoformat(shifts[-1].since).timestamp(),
    )


def _middle(ordered: Sequence[float]) -> float:
    """The median of numbers in order."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _count(free: float, one: float | None) -> float:
    """How many of one size go into what is free; while the size is unknown, or nothing, as many as one likes."""
    if not one:
        return math.inf if free > 0 else 0.0
    return free / one
