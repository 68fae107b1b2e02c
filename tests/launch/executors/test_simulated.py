"""The simulated cluster against closed forms; and the loop's laws on it, with everything going wrong at once."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import BaseStorage, InMemoryStorage

from launch import cli
from launch.executors.simulated import Duration, Hazards, SimulatedExecutor
from nas.record import Evaluation, Evaluator, Job, Outcome, Proposal, Trial
from nas.record.history import History
from nas.search.loop import Plan, Record, run
from nas.space import Choice
from tests.launch.commands import Place, place_at

CHOICES = tuple(Choice(name=f"choice{i}", options=tuple(range(9))) for i in range(6))


class Formula:
    """The mean decision; a job whose first decision is 8 cannot be evaluated."""

    baselines: Mapping[str, Mapping[str, float]] = {}
    data_facts: Mapping[str, str | int] = {}

    def __call__(self, job: Job) -> Evaluation:
        if job.architecture[0] == 8:
            raise RuntimeError("no such network")
        return Evaluation(metrics={"error": sum(job.architecture) / 48})


def job(ticket: int, *, first: int = 0) -> Job:
    return Job(phase="search", ticket=ticket, architecture=(first, 1, 2, 3, 4, 5), fidelity=1, seed=0)


def by_ticket(*seconds: float) -> Duration:
    return lambda job, rng: seconds[job.ticket]


def log_normal(job: Job, rng: np.random.Generator) -> float:
    return float(rng.lognormal(4, 0.5))


def cluster(slots: int, duration_s: Duration, *, seed: int = 0, hazards: Hazards | None = None) -> SimulatedExecutor:
    return SimulatedExecutor(Formula(), slots=slots, duration_s=duration_s, seed=seed, hazards=hazards or Hazards())


def outcomes(executor: SimulatedExecutor, tickets: Sequence[int]) -> list[Outcome]:
    """Run jobs to their end, all slots busy, in order of their ends."""
    waiting, found, num_running = list(tickets), list[Outcome](), 0
    while waiting or num_running:
        while waiting and num_running < executor.slots:
            executor.submit(job(waiting.pop(0)))
            num_running += 1
        ended = executor.wait(0.0)
        num_running -= len(ended)
        found += ended
    return found


def test_outcomes_come_in_order_of_their_virtual_ends() -> None:
    executor = cluster(3, by_ticket(5.0, 2.0, 5.0, 3.0))
    for ticket in range(3):
        executor.submit(job(ticket))
    (first,) = executor.wait(0.0)
    assert (first.job, first.duration_s, first.failure, executor.now_s) == (job(1), 2.0, None, 2.0)
    assert first.evaluation == Evaluation(metrics={"error": 15 / 48})
    executor.submit(job(3))
    assert [outcome.job.ticket for outcome in executor.wait(0.0)] == [0, 2, 3]  # all of them end at 5
    assert executor.now_s == 5.0
    assert executor.wait(0.0) == [] and executor.now_s == 5.0


def test_utilisation_counts_to_the_last_submission() -> None:
    executor = cluster(2, by_ticket(4.0, 10.0, 1.0))
    assert executor.utilisation == 1.0
    executor.submit(job(0))
    executor.wait(0.0)
    executor.submit(job(1))
    assert executor.utilisation == 0.5  # one of two slots, for four seconds
    executor.submit(job(2))
    executor.wait(0.0)
    executor.wait(0.0)
    assert (executor.now_s, executor.utilisation) == (14.0, 0.5)


def test_a_job_meets_the_same_fate_in_any_order_on_any_number_of_slots() -> None:
    hazards = Hazards(failure_share=0.3, straggler_share=0.3, straggler_factor=4.0, preemptions_per_hour=20.0)
    tickets = list(range(40))
    fates = [
        {o.job.ticket: (o.duration_s, o.failure) for o in outcomes(cluster(slots, log_normal, hazards=hazards), order)}
        for slots, order in ((1, tickets), (7, tickets[::-1]), (40, tickets[20:] + tickets[:20]))
    ]
    assert fates[0] == fates[1] == fates[2]
    assert len(set(fates[0].values())) == 40
    other = outcomes(cluster(1, log_normal, hazards=hazards, seed=1), tickets)
    assert {o.job.ticket: (o.duration_s, o.failure) for o in other} != fates[0]


def test_a_failing_evaluation_is_an_outcome_of_the_virtual_time() -> None:
    executor = cluster(1, by_ticket(7.0))
    executor.submit(job(0, first=8))
    (outcome,) = executor.wait(0.0)
    assert outcome.evaluation is None and outcome.duration_s == 7.0
    assert outcome.failure is not None and outcome.failure.startswith("RuntimeError: no such network")


@pytest.mark.parametrize("retries", [0, 2])
def test_a_job_that_is_always_lost_fails_after_its_retries(retries: int) -> None:
    hazards = Hazards(failure_share=1.0, retries=retries)
    found = outcomes(cluster(4, lambda job, rng: 60.0, hazards=hazards), range(2000))
    assert {o.failure for o in found} == {f"the worker was lost {retries + 1} times; last: failed"}
    assert all(o.evaluation is None for o in found)
    # The moments of failure are uniform in [0, 60]: mean 30 and variance 300 for each attempt.
    attempts = retries + 1
    assert np.mean([o.duration_s for o in found]) == pytest.approx(
        30 * attempts, abs=4 * math.sqrt(300 * attempts / 2000)
    )


def test_the_share_of_attempts_that_fail_is_the_one_asked_for() -> None:
    found = outcomes(cluster(4, lambda job, rng: 60.0, hazards=Hazards(failure_share=0.3, retries=1)), range(2000))
    assert sum(o.failure is not None for o in found) / 2000 == pytest.approx(
        0.09, abs=4 * math.sqrt(0.09 * 0.91 / 2000)
    )


def test_stragglers_are_slower_by_their_factor() -> None:
    hazards = Hazards(straggler_share=0.2, straggler_factor=3.0)
    durations = Counter(o.duration_s for o in outcomes(cluster(4, lambda job, rng: 60.0, hazards=hazards), range(2000)))
    assert set(durations) == {60.0, 180.0}
    assert durations[180.0] / 2000 == pytest.approx(0.2, abs=4 * math.sqrt(0.2 * 0.8 / 2000))


@pytest.mark.slow
@pytest.mark.parametrize("slowness", [1.0, 2.0])
@pytest.mark.parametrize(("checkpoint_s", "stretches"), [(None, 1), (1200.0, 3), (600.0, 6)])
def test_preempted_work_takes_as_long_as_renewal_theory_says(
    checkpoint_s: float | None, stretches: int, slowness: float
) -> None:
    """A stretch of w seconds that starts anew whenever it is cut takes (exp(rate w) - 1) / rate on average."""
    hazards = Hazards(
        straggler_share=1.0,
        straggler_factor=slowness,
        preemptions_per_hour=1.0,
        checkpoint_s=checkpoint_s,
        retries=10_000,
    )
    found = outcomes(cluster(4, lambda job, rng: 3600.0, hazards=hazards), range(1500))
    durations = np.array([o.duration_s for o in found])
    expected = stretches * 3600 * math.expm1(slowness / stretches)
    assert all(o.failure is None for o in found)
    assert durations.mean() == pytest.approx(expected, abs=4 * durations.std() / math.sqrt(1500))


def test_a_job_over_its_time_limit_fails_at_the_limit() -> None:
    executor = cluster(2, by_ticket(30.0, 31.0), hazards=Hazards(limit_s=30.0))
    within, beyond = outcomes(executor, range(2))
    assert (within.duration_s, within.failure) == (30.0, None)
    assert (beyond.duration_s, beyond.failure) == (30.0, "not done after the 30 s that a job may take")
    lost = outcomes(cluster(1, by_ticket(20.0), hazards=Hazards(failure_share=1.0, retries=10_000, limit_s=30.0)), [0])
    assert (lost[0].duration_s, lost[0].failure) == (30.0, "not done after the 30 s that a job may take")


def test_closing_forgets_what_runs() -> None:
    executor = cluster(1, by_ticket(1.0))
    executor.submit(job(0))
    executor.close()
    assert executor.wait(0.0) == []


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one slot, got slots=0"):
        cluster(0, log_normal)
    executor = cluster(1, by_ticket(1.0, 1.0))
    executor.submit(job(0))
    with pytest.raises(ValueError, match="all 1 slots are busy at search-1; wait for an outcome before submitting"):
        executor.submit(job(1))


@pytest.mark.parametrize("seconds", [-1.0, math.inf, math.nan])
def test_a_duration_that_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match=f"duration_s must give 0 or more seconds, got {seconds} for search-0"):
        cluster(1, by_ticket(seconds)).submit(job(0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hazards(failure_share=1.5), "failure_share must lie between 0 and 1, got 1.5; it is a share"),
        (lambda: Hazards(straggler_share=-0.1), "straggler_share must lie between 0 and 1, got -0.1"),
        (lambda: Hazards(straggler_factor=0.5), "straggler_factor must be at least 1, got 0.5; stragglers are slow"),
        (lambda: Hazards(preemptions_per_hour=-1.0), "preemptions_per_hour must be 0 or more, got -1.0; 0 is never"),
        (lambda: Hazards(checkpoint_s=0.0), "checkpoint_s must be more than 0, got 0.0; None is for no checkpoints"),
        (lambda: Hazards(retries=-1), "retries must be 0 or more, got -1; 0 gives a lost job up at once"),
        (lambda: Hazards(limit_s=0.0), "limit_s must be more than 0, got 0.0; math.inf is for no limit"),
    ],
)
def test_a_hazard_that_makes_no_sense_is_refused(make: Callable[[], Hazards], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


# The loop on it --------------------------------------------------------------------------------------------------

NUM_TRIALS = 28
TROUBLE = Hazards(
    failure_share=0.3,
    straggler_share=0.2,
    straggler_factor=5.0,
    preemptions_per_hour=20.0,
    checkpoint_s=30.0,
    retries=1,
    limit_s=400.0,
)


class Sensitive:
    """Proposes something else as soon as anything about what it is told changes: order, results or pending ones."""

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        told = [(t.ticket, t.architecture, t.state, tuple(t.metrics.items()), t.failure) for t in (*done, *pending)]
        seen = np.random.default_rng([*repr(told).encode(), len(done), int(rng.integers(2**32))])
        return Proposal(architecture=tuple(seen.integers(0, 9, 6).tolist()), origin="sensitive")


class Same:
    """The quickest strategy there is."""

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        return Proposal(architecture=(0,) * 6, origin="same")


@dataclass(slots=True)
class Dying:
    """A record whose driver dies at the n-th operation, just before it is written or just after; 0 never."""

    record: History
    dies_at: int
    before: bool
    ended: list[int] = field(default_factory=list)
    num_operations: int = 0

    def trials(self) -> list[Trial]:
        return self.record.trials()

    def start(self, trial: Trial) -> None:
        self._maybe_die(self.before)
        self.record.start(trial)
        self._maybe_die(not self.before)

    def finish(self, trial: Trial, outcome: Outcome) -> Trial:
        self._maybe_die(self.before)
        ended = self.record.finish(trial, outcome)
        self.ended.append(trial.ticket)
        self._maybe_die(not self.before)
        return ended

    def _maybe_die(self, here: bool) -> None:
        self.num_operations += here
        if here and self.num_operations == self.dies_at:
            raise KeyboardInterrupt


def plan(*, lag: int) -> Plan:
    return Plan(phase="search", num_trials=NUM_TRIALS, fidelity=1, seed=3, lag=lag, max_failure_share=1.0)


def history(storage: BaseStorage) -> History:
    found = History(storage, "study", choices=CHOICES, objective="error")
    found.recover()
    return found


def drive(record: Record, *, slots: int, lag: int, fate: int) -> list[Trial]:
    executor = cluster(slots, log_normal, seed=fate, hazards=TROUBLE)
    return run(plan(lag=lag), strategy=Sensitive(), executor=executor, history=record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """One life of a driver: its slots, and at which operation it ends."""

    slots: int
    at: int
    before: bool


deaths = st.lists(
    st.builds(Death, slots=st.sampled_from([1, 4, 16]), at=st.integers(1, 2 * NUM_TRIALS), before=st.booleans()),
    max_size=5,
)


def drive_through(lives: Sequence[Death], *, slots: int, lag: int, fate: int) -> tuple[list[Trial], list[int]]:
    """Drivers that die one after another on one storage, and a last one that does not; also which trials they ended."""
    storage, ended = InMemoryStorage(), list[int]()
    for life in lives:
        dying = Dying(history(storage), dies_at=life.at, before=life.before)
        try:
            drive(dying, slots=life.slots, lag=lag, fate=fate)
        except KeyboardInterrupt:
            pass
        ended += dying.ended
    last = Dying(history(storage), dies_at=0, before=True)
    trials = drive(last, slots=slots, lag=lag, fate=fate)
    assert history(storage).trials() == trials  # the record and the loop agree
    return trials, ended + last.ended


def essence(trials: Sequence[Trial]) -> list[Trial]:
    """All but when it happened."""
    return [replace(trial, ended=None) for trial in trials]


@settings(max_examples=25, deadline=None)
@given(fate=st.integers(0, 2**16), lag=st.sampled_from([1, 8, 32]), lives=deaths, slots=st.sampled_from([1, 4, 16]))
@pytest.mark.slow
def test_the_same_seed_and_lag_give_the_same_trials_whatever_happens(
    fate: int, lag: int, lives: list[Death], slots: int
) -> None:
    undisturbed = drive(history(InMemoryStorage()), slots=1, lag=lag, fate=fate)
    trials, ended = drive_through(lives, slots=slots, lag=lag, fate=fate)
    assert essence(trials) == essence(undisturbed)
    assert sorted(ended) == list(range(NUM_TRIALS))


@settings(max_examples=25, deadline=None)
@given(fate=st.integers(0, 2**16), lives=deaths, slots=st.sampled_from([1, 4, 16]))
@pytest.mark.slow
def test_the_fast_mode_loses_no_trial_and_counts_none_twice(fate: int, lives: list[Death], slots: int) -> None:
    trials, ended = drive_through(lives, slots=slots, lag=0, fate=fate)
    assert [trial.ticket for trial in trials] == list(range(NUM_TRIALS))
    assert sorted(ended) == list(range(NUM_TRIALS))
    assert {trial.state for trial in trials} == {"complete", "failed"}


def test_no_slot_is_idle_in_fast_mode_nor_in_repeatable_mode_while_times_stay_below_lag_over_slots() -> None:
    # Times in [1, 3] on 10 slots: in 3 seconds at most 30 + 10 other jobs start.
    for lag in (0, 40):
        executor = cluster(10, lambda job, rng: float(rng.uniform(1, 3)))
        record = History(InMemoryStorage(), "study", choices=CHOICES, objective="error")
        run(replace(plan(lag=lag), num_trials=300), strategy=Same(), executor=executor, history=record)
        assert executor.utilisation == pytest.approx(1.0)


def test_a_straggler_holds_the_repeatable_mode_up_for_as_long_as_the_lag_says() -> None:
    """One job of 10 s among jobs of 1 s on 4 slots with lag 8: three slots run tickets 1 to 8, then all wait for it."""
    executor = cluster(4, lambda job, rng: 1.0 if job.ticket else 10.0)
    record = History(InMemoryStorage(), "study", choices=CHOICES, objective="error")
    run(replace(plan(lag=8), num_trials=10), strategy=Same(), executor=executor, history=record)
    assert executor.now_s == 11.0
    assert executor.utilisation == (10 + 8) / (4 * 10)


# The command on it -----------------------------------------------------------------------------------------------


def search_simulated(place: Place, slots: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """A whole search with so many workers; the virtual seconds that it took."""
    made: list[SimulatedExecutor] = []

    def make(key: str, evaluator: Evaluator, **_: Any) -> SimulatedExecutor:
        made.append(SimulatedExecutor(evaluator, slots=slots, duration_s=log_normal))
        return made[0]

    monkeypatch.setattr("launch.run.execution.make_executor", make)
    with pytest.raises(SystemExit) as ended:
        cli.nas(place.search("--lag", "8"), standalone_mode=False)
    assert ended.value.code == 0
    return made[0].now_s


@pytest.mark.slow
def test_a_whole_search_finds_the_same_with_1_4_and_16_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[Place] = []
    times: list[float] = []
    for slots in (1, 4, 16):
        (tmp_path / str(slots)).mkdir()
        places.append(place_at(tmp_path / str(slots)))
        times.append(search_simulated(places[-1], slots, monkeypatch))
    assert times[0] > 2 * times[1] > times[2]
    one, four, sixteen = places
    assert one.trials() == four.trials() == sixteen.trials()
    assert [trial.phase for trial in one.trials()].count("search") == 12
    records = [place.run.read_json(place.run.winner) for place in places]
    assert records[0] == records[1] == records[2]
