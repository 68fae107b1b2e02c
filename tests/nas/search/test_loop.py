"""The loop's law: the same seed and lag give the same trials, however many workers, in whatever order they answer."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from jaxtyping import Int8
from optuna.storages import InMemoryStorage

from nas.genetic import Problem
from nas.record import Evaluation, Exhausted, Job, Outcome, Proposal, Trial
from nas.record.history import History
from nas.search.loop import Plan, TooManyFailures, run
from nas.search.strategy import Sampler, Task
from nas.space import Choice
from nas.strategies.random import Random
from predictors import ridge

CHOICES = tuple(Choice(name=f"choice{i}", options=tuple(range(9))) for i in range(6))


def task(sample: Sampler) -> Task:
    problem = Problem(num_options=np.full(6, 9))
    return Task(objectives=("error",), problem=problem, sample=sample, features=np.asarray, predictor=ridge.PREDICTOR)


def error_of(job: Job) -> float:
    return sum(job.architecture) / 54


@dataclass(slots=True)
class Shuffled:
    """Answers one running job at a time, chosen at random, and nothing at all now and then.

    `fail` says which jobs fail; the job called `crash_at` takes the driver down with it.
    """

    slots: int
    rng: np.random.Generator
    fail: Callable[[Job], bool] = lambda job: False
    crash_at: str = ""
    running: list[Job] = field(default_factory=list)
    submitted: list[Job] = field(default_factory=list)

    def submit(self, job: Job) -> None:
        assert len(self.running) < self.slots, "more jobs at once than there are slots"
        self.running.append(job)
        self.submitted.append(job)

    def wait(self, timeout_s: float) -> list[Outcome]:
        if self.rng.random() < 0.2:
            return []
        job = self.running.pop(self.rng.integers(len(self.running)))
        if job.name == self.crash_at:
            raise KeyboardInterrupt
        if self.fail(job):
            return [Outcome(job=job, evaluation=None, failure=f"{job.name} failed", duration_s=1.0)]
        return [Outcome(job=job, evaluation=Evaluation(metrics={"error": error_of(job)}), failure=None, duration_s=1.0)]

    def close(self) -> None: ...


class Sensitive:
    """Proposes something else as soon as anything about what it is told changes: order, results or pending ones."""

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        told = [(t.ticket, t.architecture, t.state, tuple(t.metrics.items()), t.failure) for t in (*done, *pending)]
        seen = np.random.default_rng([*repr(told).encode(), len(done), int(rng.integers(2**32))])
        return Proposal(architecture=tuple(seen.integers(0, 9, 6).tolist()), origin="sensitive")


def plan(*, num_trials: int = 24, lag: int = 4, seed: int = 3) -> Plan:
    return Plan(phase="search", num_trials=num_trials, fidelity=5, seed=seed, lag=lag)


def record() -> History:
    return History(InMemoryStorage(), "study", choices=CHOICES, objective="error")


def third_fails(job: Job) -> bool:
    return job.ticket % 3 == 1


def essence(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
    return [(t.ticket, t.architecture, t.origin, t.state, dict(t.metrics)) for t in trials]


@pytest.mark.parametrize("lag", [1, 4, 30])
def test_the_same_trials_for_any_number_of_slots_and_any_order_of_answers(lag: int) -> None:
    runs = [
        run(plan(lag=lag), strategy=Sensitive(), history=record(), executor=executor)
        for executor in (
            Shuffled(slots, np.random.default_rng(order), fail=third_fails) for slots in (1, 2, 4) for order in range(3)
        )
    ]
    assert all(essence(trials) == essence(runs[0]) for trials in runs)
    assert [trial.ticket for trial in runs[0]] == list(range(24))


def test_another_seed_or_lag_gives_other_trials() -> None:
    runs = [
        essence(run(chosen, strategy=Sensitive(), history=record(), executor=Shuffled(2, np.random.default_rng(0))))
        for chosen in (plan(), plan(seed=4), plan(lag=5))
    ]
    assert runs[0] != runs[1] and runs[0] != runs[2]


@dataclass(slots=True)
class Watched:
    """Random proposals; keeps what it was told."""

    told: list[tuple[int, int]] = field(default_factory=list)

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        assert all(trial.state != "running" for trial in done)
        assert all(trial.state == "running" and not trial.metrics and trial.failure is None for trial in pending)
        for told in (done, pending):
            assert [trial.ticket for trial in told] == sorted(trial.ticket for trial in told)
        self.told.append((len(done), len(pending)))
        return Proposal(architecture=tuple(rng.integers(0, 9, 6).tolist()), origin="random")


def test_a_ticket_sees_exactly_the_results_that_its_lag_allows() -> None:
    strategy = Watched()
    run(plan(lag=3), strategy=strategy, history=record(), executor=Shuffled(3, np.random.default_rng(0)))
    assert strategy.told == [(max(0, ticket - 3), min(3, ticket)) for ticket in range(24)]


def test_without_a_lag_all_that_has_ended_is_known_and_no_slot_is_idle() -> None:
    strategy = Watched()
    run(plan(lag=0), strategy=strategy, history=record(), executor=Shuffled(4, np.random.default_rng(0)))
    assert [sum(told) for told in strategy.told] == list(range(24))
    assert [pending for _, pending in strategy.told] == [0, 1, 2, *[3] * 21]


@dataclass(slots=True)
class Auditor:
    """Checks what it is told against the record itself, then spoils it: it must be the strategy's to keep."""

    history: History
    lag: int

    def propose(self, done: list[Trial], pending: list[Trial], rng: np.random.Generator) -> Proposal:
        trials = sorted(self.history.trials(), key=lambda trial: trial.ticket)
        if self.lag:
            assert done == trials[: max(0, len(trials) - self.lag)]
            assert [trial.architecture for trial in pending] == [t.architecture for t in trials[len(done) :]]
        else:
            assert done == [trial for trial in trials if trial.state != "running"]
            assert pending == [trial for trial in trials if trial.state == "running"]
        done.clear()
        pending.clear()
        return Proposal(architecture=tuple(rng.integers(0, 9, 6).tolist()), origin="audited")


@pytest.mark.parametrize("lag", [0, 1, 5, 100])
@pytest.mark.parametrize("slots", [1, 7])
def test_what_a_strategy_is_told_is_what_the_record_holds(slots: int, lag: int) -> None:
    history = record()
    for crash_at in ("search-30", ""):
        executor = Shuffled(slots, np.random.default_rng(5), fail=third_fails, crash_at=crash_at)
        with pytest.raises(KeyboardInterrupt) if crash_at else nullcontext():
            run(plan(num_trials=60, lag=lag), strategy=Auditor(history, lag), history=history, executor=executor)
    assert len(history.trials()) == 60


def test_a_record_that_holds_a_ticket_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(plan(), strategy=Sensitive(), history=record(), executor=Shuffled(1, np.random.default_rng(0)))
    history = record()
    monkeypatch.setattr(history, "trials", lambda: [whole[ticket] for ticket in (0, 1, 1)])
    with pytest.raises(ValueError, match=r"tickets 0, 1, 2, ... once each, got 1 twice in phase 'search'; restore"):
        run(plan(), strategy=Sensitive(), history=history, executor=Shuffled(1, np.random.default_rng(0)))


def copy(trial: Trial, history: History) -> None:
    """Record a complete trial in another history."""
    history.start(replace(trial, state="running", metrics={}))
    job = Job(phase=trial.phase, ticket=trial.ticket, architecture=trial.architecture, fidelity=1, seed=0)
    outcome = Outcome(job=job, evaluation=Evaluation(metrics=trial.metrics), failure=None, duration_s=1.0)
    history.finish(trial, outcome)


@pytest.mark.parametrize("lost", [(0,), (7, 8), (22,)])
def test_tickets_that_a_record_has_lost_are_run_again_to_the_same_trials(lost: tuple[int, ...]) -> None:
    whole = run(plan(), strategy=Sensitive(), history=record(), executor=Shuffled(1, np.random.default_rng(0)))
    history = record()
    for trial in whole:
        if trial.ticket not in lost:
            copy(trial, history)
    executor = Shuffled(2, np.random.default_rng(1))
    again = run(plan(), strategy=Sensitive(), history=history, executor=executor)
    assert essence(again) == essence(whole)
    assert tuple(sorted(job.ticket for job in executor.submitted)) == lost


def test_without_a_lag_a_lost_ticket_is_proposed_from_all_that_there_is() -> None:
    whole = run(plan(lag=0), strategy=Watched(), history=record(), executor=Shuffled(1, np.random.default_rng(0)))
    history, strategy = record(), Watched()
    for trial in whole[:3] + whole[4:]:
        copy(trial, history)
    run(plan(lag=0), strategy=strategy, history=history, executor=Shuffled(1, np.random.default_rng(0)))
    assert strategy.told == [(23, 0)]


@pytest.mark.parametrize("crash_at", ["search-0", "search-9", "search-23"])
@pytest.mark.parametrize("slots", [1, 4])
def test_a_run_that_died_goes_on_to_the_same_trials(crash_at: str, slots: int) -> None:
    undisturbed = run(plan(), strategy=Sensitive(), history=record(), executor=Shuffled(1, np.random.default_rng(0)))
    history = record()
    dying = Shuffled(4, np.random.default_rng(1), crash_at=crash_at)
    with pytest.raises(KeyboardInterrupt):
        run(plan(), strategy=Sensitive(), history=history, executor=dying)
    ended = [trial for trial in history.trials() if trial.state != "running"]
    second = Shuffled(slots, np.random.default_rng(2))
    resumed = run(plan(), strategy=Sensitive(), history=history, executor=second)
    assert essence(resumed) == essence(undisturbed)
    assert not {trial.ticket for trial in ended} & {job.ticket for job in second.submitted}
    assert len(history.trials()) == 24


def test_more_trials_extend_a_finished_run() -> None:
    history = record()
    run(plan(num_trials=10), strategy=Sensitive(), history=history, executor=Shuffled(2, np.random.default_rng(0)))
    executor = Shuffled(2, np.random.default_rng(0))
    extended = run(plan(), strategy=Sensitive(), history=history, executor=executor)
    whole = run(plan(), strategy=Sensitive(), history=record(), executor=Shuffled(2, np.random.default_rng(0)))
    assert essence(extended) == essence(whole)
    assert [job.ticket for job in executor.submitted] == list(range(10, 24))


def test_each_ticket_draws_from_the_seed_and_its_own_number() -> None:
    strategy = Watched()
    trials = run(plan(), strategy=strategy, history=record(), executor=Shuffled(2, np.random.default_rng(0)))
    expected = [tuple(np.random.default_rng((3, ticket)).integers(0, 9, 6).tolist()) for ticket in range(24)]
    assert [trial.architecture for trial in trials] == expected


def test_a_finished_run_runs_nothing() -> None:
    history = record()
    first = run(plan(), strategy=Sensitive(), history=history, executor=Shuffled(2, np.random.default_rng(0)))
    executor = Shuffled(2, np.random.default_rng(0))
    assert run(plan(), strategy=Sensitive(), history=history, executor=executor) == first
    assert executor.submitted == []


def test_phases_do_not_mix() -> None:
    history = record()
    run(plan(), strategy=Sensitive(), history=history, executor=Shuffled(2, np.random.default_rng(0)))
    final = Plan(phase="final", num_trials=2, fidelity=50, seed=3, lag=0)
    executor = Shuffled(2, np.random.default_rng(0))
    trials = run(final, strategy=Sensitive(), history=history, executor=executor)
    assert [(trial.phase, trial.ticket, trial.fidelity) for trial in trials] == [("final", 0, 50), ("final", 1, 50)]
    assert [job.name for job in executor.submitted] == ["final-0", "final-1"]


def test_a_job_carries_what_training_needs() -> None:
    executor = Shuffled(1, np.random.default_rng(0))
    (trial,) = run(plan(num_trials=1), strategy=Sensitive(), history=record(), executor=executor)
    assert executor.submitted == [Job(phase="search", ticket=0, architecture=trial.architecture, fidelity=5, seed=3)]


def test_failures_are_data_and_the_search_goes_on() -> None:
    executor = Shuffled(2, np.random.default_rng(0), fail=third_fails)
    trials = run(plan(), strategy=Sensitive(), history=record(), executor=executor)
    assert [trial.ticket for trial in trials if trial.state == "failed"] == [1, 4, 7, 10, 13, 16, 19, 22]
    assert trials[4].failure == "search-4 failed" and trials[4].metrics == {}


def test_too_many_failures_stop_the_search_and_tell_the_latest_reason() -> None:
    executor = Shuffled(1, np.random.default_rng(0), fail=lambda job: job.ticket >= 4)
    with pytest.raises(TooManyFailures, match=r"5 of the last 9 trials failed, more than 50%; .*: search-8 failed"):
        run(plan(), strategy=Sensitive(), history=record(), executor=executor)


def test_what_failed_before_is_not_held_against_a_driver_that_goes_on() -> None:
    history = record()
    broken = Shuffled(1, np.random.default_rng(0), fail=lambda job: True)
    with pytest.raises(TooManyFailures):
        run(plan(), strategy=Sensitive(), history=history, executor=broken)
    mended = Shuffled(1, np.random.default_rng(0))
    trials = run(plan(), strategy=Sensitive(), history=history, executor=mended)
    assert [trial.state for trial in trials] == ["failed"] * 5 + ["complete"] * 19


def first_three_decisions(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
    rows = np.zeros((n, 6), np.int8)
    rows[:, :2] = rng.integers(0, 3, (n, 2))
    return rows


def test_no_architecture_is_tried_twice_and_a_search_ends_when_none_is_left() -> None:
    strategy = Random(task=task(first_three_decisions))
    trials = run(plan(), strategy=strategy, history=record(), executor=Shuffled(4, np.random.default_rng(0)))
    assert len({trial.architecture for trial in trials}) == len(trials) == 9
    assert all(trial.state == "complete" for trial in trials)


def test_a_strategy_that_has_nothing_left_is_not_asked_again() -> None:
    class Empty:
        num_asked = 0

        def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
            self.num_asked += 1
            raise Exhausted("nothing is left")

    strategy = Empty()
    assert run(plan(), strategy=strategy, history=record(), executor=Shuffled(4, np.random.default_rng(0))) == []
    assert strategy.num_asked == 1


def test_stopping_hands_out_nothing_new_and_awaits_what_runs() -> None:
    executor = Shuffled(3, np.random.default_rng(0))
    trials = run(
        plan(), strategy=Sensitive(), history=record(), executor=executor, stop=lambda trials: len(trials) >= 7
    )
    assert [trial.state for trial in trials] == ["complete"] * 7


def test_artifacts_are_kept_before_the_outcome_is_recorded_and_watchers_see_every_change() -> None:
    history, kept, seen = record(), list[str](), list[int]()

    def keep(outcome: Outcome) -> None:
        assert next(t for t in history.trials() if t.ticket == outcome.job.ticket).state == "running"
        kept.append(outcome.job.name)

    def watch(trials: Sequence[Trial]) -> None:
        seen.append(sum(trial.state == "complete" for trial in trials))

    executor = Shuffled(1, np.random.default_rng(0))
    run(plan(num_trials=4), strategy=Sensitive(), history=history, executor=executor, keep=keep, watch=watch)
    assert kept == [f"search-{ticket}" for ticket in range(4)]
    assert sorted(set(seen)) == [0, 1, 2, 3, 4] and seen == sorted(seen)
