"""Account of a run's budgets: limits, what has been spent, and what is forecast for the end.

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
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from launch.budget.budget import Budget
from launch.budget.forecast import HOUR_S, Meter, Shift
from launch.budget.text import Line, amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The trainings that the budgets must cover: so many trials, then so many finals.

    `num_finals`, repeats under further seeds among them, is at most how many will be added while the search is on, and
    how many there are when it is over.
    """

    num_trials: int
    num_finals: int
    final_fidelity: int
    slots: int
    searching: bool = True


@dataclass(slots=True, kw_only=True)
class Account:
    """A budget, and the meter of what has been spent of it.

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
        num_begun = 0 if self.course.searching else self.meter.num_seen("final") + self.meter.num_seen("repeat")
        return max(self.course.num_finals - num_begun, 0)

    def _finals_s(self) -> float:
        return self._num_finals() * (self.meter.expected(self.course.final_fidelity) or 0.0)

    def _finals_wall_s(self) -> float:
        rounds = math.ceil(self._num_finals() / self.course.slots)
        return rounds * (self.meter.expected(self.course.final_fidelity) or 0.0)

    def _elapsed_s(self) -> float:
        return self.meter.clock() - self.began


def note(account: Account) -> dict[str, Any]:
    """The account as JSON: what another process needs, beside the trials, to give the same one."""
    return {
        "budget": asdict(account.budget),
        "course": asdict(account.course),
        "shifts": [asdict(shift) for shift in account.meter.shifts],
        **({"before_s": account.meter.before_s} if account.meter.before_s else {}),
    }


def read_note(found: Mapping[str, Any], clock: Callable[[], float]) -> Account:
    """The account of a note, before any trial is followed; `clock` gives seconds since 1970."""
    shifts = tuple(Shift(**shift) for shift in found["shifts"])
    return Account(
        budget=Budget(**found["budget"]),
        course=Course(**found["course"]),
        meter=Meter(shifts=shifts, clock=clock, before_s=found.get("before_s", 0.0)),
        began=datetime.fromisoformat(shifts[-1].since).timestamp(),
    )


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _count(free: float, one: float | None) -> float:
    """How many of one size go into what is free; while the size is unknown, or nothing, as many as one likes."""
    if not one:
        return math.inf if free > 0 else 0.0
    return free / one
