"""A budget holds: what runs and what is to come count, over all of a run's commands."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from launch.bench.replay.memory_record import MemoryRecord
from launch.budget.account import Account, Course, note, read_note
from launch.budget.budget import Budget, check_budget, check_trials
from launch.budget.forecast import Meter, Shift
from launch.budget.text import Line, amount, words
from launch.executors.simulated import SimulatedExecutor
from nas.record import Evaluation, Job, Proposal, State, Trial
from nas.search import Rungs
from nas.search.loop import Plan, run

HOUR_S = 3600.0
SINCE = "2030-01-01T00:00:00+00:00"
SHIFT = Shift(since=SINCE, gpus=2.0, cpus=8.0)
FINAL_FIDELITY = 3


def trial(
    ticket: int, state: State, hours: float | None = None, *, fidelity: int = 1, ended: str | None = None
) -> Trial:
    return Trial(
        phase="search", ticket=ticket, architecture=(ticket,), fidelity=fidelity, origin="random", state=state,
        duration_s=None if hours is None else hours * HOUR_S, ended=ended,
    )  # fmt: skip


@dataclass(slots=True)
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def account(
    budget: Budget,
    clock: Callable[[], float],
    *,
    slots: int = 1,
    num_trials: int = 1000,
    num_finals: int = 0,
    shifts: Sequence[Shift] = (SHIFT,),
) -> Account:
    course = Course(num_trials=num_trials, num_finals=num_finals, final_fidelity=FINAL_FIDELITY, slots=slots)
    return Account(budget=budget, course=course, meter=Meter(shifts=shifts, clock=clock), began=clock())


def refused(budget: Budget, clock: Clock, trials: Sequence[Trial], *, num_finals: int = 0) -> bool:
    held = account(budget, clock, num_finals=num_finals)
    held.meter.follow(trials)
    return held.refused_by() is not None


def lines_of(held: Account) -> dict[str, Line]:
    return {line.name: line for line in held.lines()}


ENDED = [trial(0, "complete", 1.0), trial(1, "complete", 2.0), trial(2, "complete", 3.0)]
"""Six trial hours, twelve GPU-hours; a trial is expected to take two hours, four GPU-hours."""


@pytest.mark.parametrize(("limit", "is_refused"), [(15.9, True), (16.0, False)])
def test_a_ticket_needs_room_for_what_it_is_expected_to_take(limit: float, is_refused: bool) -> None:
    assert refused(Budget(gpu_hours=limit), Clock(), ENDED) is is_refused


@pytest.mark.parametrize(("limit", "is_refused"), [(19.9, True), (20.0, False)])
@pytest.mark.parametrize("elapsed_h", [0.0, 1.5, 2.0])
def test_what_runs_is_taken_as_long_as_expected(limit: float, is_refused: bool, elapsed_h: float) -> None:
    clock = Clock()
    held = account(Budget(gpu_hours=limit), clock)
    held.meter.follow([*ENDED, trial(3, "running")])
    clock.now_s = elapsed_h * HOUR_S
    assert (held.refused_by() is not None) is is_refused


@pytest.mark.parametrize(("limit", "is_refused"), [(25.9, True), (26.0, False)])
def test_what_runs_for_longer_than_expected_counts_with_all_of_it(limit: float, is_refused: bool) -> None:
    clock = Clock()
    held = account(Budget(gpu_hours=limit), clock)
    held.meter.follow([*ENDED, trial(3, "running")])
    clock.now_s = 5 * HOUR_S
    assert (held.refused_by() is not None) is is_refused


@pytest.mark.parametrize(("limit", "is_refused"), [(39.9, True), (40.0, False)])
def test_finals_are_kept_room_for_by_the_ratio_of_fidelities(limit: float, is_refused: bool) -> None:
    assert refused(Budget(gpu_hours=limit), Clock(), ENDED, num_finals=2) is is_refused


def test_cpus_and_hours_count_alike() -> None:
    assert refused(Budget(cpu_hours=63.9), Clock(), ENDED) and not refused(Budget(cpu_hours=64.0), Clock(), ENDED)
    clock = Clock()
    held = account(Budget(hours=10.0), clock)
    held.meter.follow(ENDED)
    clock.now_s = 8 * HOUR_S
    assert held.refused_by() is None
    clock.now_s += 1
    assert held.refused_by() == {"hours": 10.0}


def test_without_a_limit_nothing_is_refused_and_nothing_expected_before_a_trial_has_ended() -> None:
    clock = Clock()
    assert not refused(Budget(), clock, [trial(i, "running") for i in range(9)])
    held = account(Budget(gpu_hours=4.0), clock)
    held.meter.follow([trial(0, "running")])
    clock.now_s = 1.9 * HOUR_S
    assert held.refused_by() is None
    assert {name: line.forecast for name, line in lines_of(held).items()} == dict.fromkeys(
        ("trials", "GPU-hours", "CPU-hours", "hours")
    ) | {"trials": None}
    clock.now_s = 2 * HOUR_S
    assert held.refused_by() == {"gpu_hours": 4.0}


def test_failed_trials_are_spent_but_teach_nothing_of_how_long_one_takes() -> None:
    held = account(Budget(), Clock())
    held.meter.follow([*ENDED, *(trial(3 + i, "failed", 0.1) for i in range(10))])
    assert held.meter.expected(1) == 2 * HOUR_S
    assert lines_of(held)["GPU-hours"].spent == pytest.approx(14.0)


def test_a_fidelity_that_was_never_trained_takes_its_share() -> None:
    meter = Meter(shifts=(SHIFT,), clock=Clock())
    assert meter.expected(1) is None
    meter.follow([trial(0, "complete", 1.0, fidelity=10), trial(1, "complete", 2.0, fidelity=20)])
    assert meter.expected(10) == HOUR_S and meter.expected(30) == pytest.approx(3 * HOUR_S)
    assert meter.expected_ticket() == pytest.approx(1.5 * HOUR_S)  # as often each


def test_each_trial_counts_with_what_it_held_when_it_ended() -> None:
    shifts = (SHIFT, Shift(since="2030-01-02T00:00:00+00:00", gpus=0.5, cpus=1.0))
    held = account(Budget(), Clock(), shifts=shifts)
    held.meter.follow(
        [
            trial(0, "complete", 1.0, ended="2029-12-31T00:00:00+00:00"),
            trial(1, "complete", 1.0, ended="2030-01-01T09:00:00+00:00"),
            trial(2, "complete", 1.0, ended="2030-01-02T00:00:00+00:00"),
        ]
    )
    assert lines_of(held)["GPU-hours"].spent == 4.5 and lines_of(held)["CPU-hours"].spent == 17


def test_the_lines_say_what_is_spent_runs_and_comes() -> None:
    clock = Clock()
    held = account(Budget(gpu_hours=39.0, hours=30.0), clock, slots=2, num_finals=2)
    held.meter.follow([*ENDED, trial(3, "running")])
    clock.now_s = 1.5 * HOUR_S
    found = lines_of(replace_budget(held, gpu_hours=46.0))
    # 12 spent, 3 running and 1 to come of it, 24 for the finals: 6 are left, which is one more trial.
    assert found["trials"] == Line(name="trials", spent=3, running=1, forecast=5, limit=1000)
    assert found["GPU-hours"] == Line(name="GPU-hours", spent=12.0, running=3.0, forecast=44.0, limit=46.0)
    # Half an hour and two hours on two slots, then both finals at once.
    assert found["hours"] == Line(name="hours", spent=1.5, running=0.0, forecast=1.5 + 1.25 + 6.0, limit=30.0)
    assert "CPU-hours" in found and held.refused_by() == {"gpu_hours": 39.0}


def replace_budget(held: Account, *, gpu_hours: float) -> Account:
    return replace(held, budget=replace(held.budget, gpu_hours=gpu_hours))


def test_when_the_search_is_over_the_finals_are_what_comes() -> None:
    held = account(Budget(gpu_hours=100.0), Clock(), num_finals=7)
    held.meter.follow(ENDED)
    held.course = replace(held.course, num_finals=2, searching=False)
    held.meter.follow([replace(trial(0, "complete", 5.0, fidelity=FINAL_FIDELITY), phase="final")])
    found = lines_of(held)
    assert found["trials"].forecast == 3
    assert (found["GPU-hours"].spent, found["GPU-hours"].forecast) == (22.0, 32.0)


def test_no_gpu_no_line() -> None:
    held = account(Budget(), Clock(), shifts=(replace(SHIFT, gpus=0.0),))
    assert list(lines_of(held)) == ["trials", "CPU-hours", "hours"]


def test_another_process_gives_the_same_account() -> None:
    clock = Clock(now_s=1893456000.0)  # 2030
    held = account(Budget(gpu_hours=30.0), clock, num_finals=1)
    held.meter.follow([*ENDED, trial(3, "running")])
    clock.now_s += HOUR_S
    other = read_note(note(held), clock)
    other.meter.follow([*ENDED, trial(3, "running")], {("search", 3): 1893456000.0})
    assert other.lines() == held.lines()


def test_words_speak_of_limits_only() -> None:
    held = account(Budget(gpu_hours=30.0), Clock())
    held.meter.follow([*ENDED, trial(3, "running")])
    assert words(held.lines()) == "; GPU-hours 12 spent, 28 forecast of 30"
    assert words([Line(name="trials", spent=1, running=0, forecast=None, limit=3)]) == ""
    assert (amount(None), amount(0.12345), amount(3.0), amount(1234.5)) == ("-", "0.123", "3", "1,234")


@pytest.mark.parametrize(
    ("asked", "is_within"),
    [
        (Budget(gpu_hours=10.0), True),
        (Budget(gpu_hours=9.0, hours=1.0), True),
        (Budget(gpu_hours=11.0), False),
        (Budget(), False),
    ],
)
def test_a_larger_budget_goes_on_where_a_smaller_one_stopped(asked: Budget, is_within: bool) -> None:
    assert asked.within({"gpu_hours": 10.0}) is is_within
    assert asked.within(None)


def test_what_cannot_suffice_is_refused_beforehand() -> None:
    with pytest.raises(ValueError, match=r"got 5 hours and no GPU; give --gpus-per-trial, or --cpu-hours"):
        check_budget(Budget(gpu_hours=5.0), gpus=0.0)
    check_budget(Budget(gpu_hours=5.0), gpus=0.5)
    with pytest.raises(ValueError, match=r"at least 4 trials, so that 4 at .*, got 3; give --trials more"):
        check_trials(3, None)
    check_trials(4, None)
    rungs = Rungs(fidelities=(1, 3, 9), eta=3.0)  # 36 + 12 + 4
    with pytest.raises(ValueError, match=r"at least 52 trials, one in 3 of which goes on from each rung, .*, got 51"):
        check_trials(51, rungs)
    check_trials(52, rungs)


# In virtual time: the loop, a simulated cluster and an account on its clock.


class Known:
    """An evaluator that takes no time."""

    baselines: Mapping[str, Mapping[str, float]] = {}
    data_facts: Mapping[str, str | int] = {}

    def __call__(self, job: Job) -> Evaluation:
        return Evaluation(metrics={"error": 0.5})


class Drawn:
    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        return Proposal(architecture=tuple(rng.integers(0, 100, 5).tolist()), origin="random")


@dataclass(slots=True)
class Run:
    """A run's record and what its commands have cost, for any number of commands one after another."""

    record: MemoryRecord
    spread: float
    overshoot_s: list[float]

    def command(
        self, budget: Budget, *, slots: int, lag: int, num_trials: int = 1000, stop_at: float = math.inf
    ) -> Account:
        executor = SimulatedExecutor(
            Known(), slots=slots, duration_s=lambda job, rng: float(HOUR_S * rng.lognormal(0.0, self.spread)), seed=1
        )
        held = account(budget, lambda: executor.now_s, slots=slots, num_trials=num_trials)
        held.meter.follow(self.record.trials())

        def stop(trials: Sequence[Trial]) -> bool:
            held.meter.follow(trials)
            return held.refused_by() is not None or executor.now_s > stop_at

        plan = Plan(phase="search", num_trials=num_trials, fidelity=1, seed=2, lag=lag)
        trials = run(plan, strategy=Drawn(), executor=executor, history=self.record, stop=stop, watch=held.meter.follow)
        held.meter.follow(trials)
        return held

    @property
    def trials(self) -> list[Trial]:
        return self.record.trials()

    def gpu_hours(self) -> float:
        return sum(2.0 * (one.duration_s or 0.0) for one in self.trials) / HOUR_S


def new_run(spread: float = 0.3) -> Run:
    return Run(record=MemoryRecord(lambda: 0.0), spread=spread, overshoot_s=[])


@pytest.mark.parametrize("lag", [0, 16, 40])
@pytest.mark.parametrize("slots", [1, 3, 8])
def test_a_budget_is_nearly_used_and_overshot_by_less_than_the_surprise_of_what_ran(slots: int, lag: int) -> None:
    whole = new_run()
    held = whole.command(Budget(gpu_hours=120.0), slots=slots, lag=lag)
    spent = whole.gpu_hours()
    surprise = sum(2 * max(0.0, (one.duration_s or 0.0) / HOUR_S - 1.0) for one in whole.trials[-slots:])
    assert 120.0 - 2 * 1.2 * slots <= spent <= 120.0 + surprise + 0.5 * slots
    assert held.refused_by() == {"gpu_hours": 120.0}
    assert lines_of(held)["GPU-hours"].spent == pytest.approx(spent)


def test_equal_trials_never_overshoot() -> None:
    for limit in (20.0, 21.0, 21.9):
        whole = new_run(spread=0.0)
        whole.command(Budget(gpu_hours=limit), slots=4, lag=0)
        assert whole.gpu_hours() == pytest.approx(20.0)


def test_before_anything_is_known_every_slot_gets_one_and_no_more() -> None:
    whole = new_run()
    whole.command(Budget(gpu_hours=0.5), slots=8, lag=0)
    assert len(whole.trials) == 8


def test_a_continued_run_counts_what_was_spent_before() -> None:
    cut = new_run()
    cut.command(Budget(gpu_hours=60.0), slots=3, lag=6)
    num_before = len(cut.trials)
    again = cut.command(Budget(gpu_hours=60.0), slots=3, lag=6)
    assert len(cut.trials) == num_before and lines_of(again)["GPU-hours"].spent == pytest.approx(cut.gpu_hours())
    cut.command(Budget(gpu_hours=120.0), slots=3, lag=6)
    assert 112.0 <= cut.gpu_hours() <= 124.0


def test_with_a_lag_a_budget_only_says_where_a_run_stops() -> None:
    def essence(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
        return [(one.ticket, one.architecture, one.duration_s) for one in trials]

    free = new_run()
    free.command(Budget(), slots=1, lag=8, num_trials=80)
    for slots, commands in ((1, (90.0,)), (4, (90.0,)), (8, (30.0, 90.0))):
        bound = new_run()
        for limit in commands:
            bound.command(Budget(gpu_hours=limit), slots=slots, lag=8, num_trials=80)
        assert 30 < len(bound.trials) < 60
        assert essence(bound.trials) == essence(free.trials)[: len(bound.trials)]


def test_wall_clock_hours_end_before_their_limit_and_begin_anew_with_every_command() -> None:
    whole = new_run(spread=0.0)
    for num_trials in (20, 40):
        held = whole.command(Budget(hours=5.5), slots=4, lag=0)
        assert len(whole.trials) == num_trials
        assert lines_of(held)["hours"].spent == pytest.approx(5.0)


def test_trials_behind_a_lost_one_count_when_it_is_back() -> None:
    ended = [trial(ticket, "complete", 1.0 + ticket) for ticket in range(4)]
    whole, gapped = (Meter(shifts=(SHIFT,), clock=Clock()) for _ in range(2))
    whole.follow(ended)
    gapped.follow([*ended[:1], *ended[2:]])
    assert (gapped.num_seen("search"), gapped.ended_s) == (1, HOUR_S)
    gapped.follow([ended[0], trial(1, "running"), *ended[2:]])
    assert gapped.num_running("search") == 1
    gapped.follow(ended)
    assert (gapped.ended_s, gapped.num_seen("search")) == (whole.ended_s, 4)
