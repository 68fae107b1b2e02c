"""The record: what is written is read again, by this process or the next one, whatever killed the one before."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from nas.record.history import History
from nas.record.journal import repair_journal
from nas.record.ownership import PassedOver
from nas.record.storage import HistoryError, open_storage
from nas.record.trial import Evaluation, Trial
from tests.nas.record.histories import CHOICES, TRIAL, ending, opened, optunas


def test_a_reader_reads_on_what_has_not_ended_and_leaves_what_it_read(
    location: str | Path, storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = opened(storage)
    second, third = replace(TRIAL, ticket=1, architecture=(0, 1)), replace(TRIAL, ticket=2, architecture=(1, 1))
    for trial in (TRIAL, second):
        history.start(trial)
    history.finish(TRIAL, ending(TRIAL, {"error": 0.5}))
    looking = open_storage(location)
    before = opened(looking, create=False)
    known = before.trials()
    history.finish(second, ending(second, None, failure="diverged"))
    history.start(third)
    read: list[int] = []
    take = History._take
    monkeypatch.setattr(History, "_take", lambda self, frozen: (read.append(frozen.number), take(self, frozen)))
    now = before.later()
    assert read == [1, 2], "the first had ended"
    assert now.trials() == history.trials() and [trial.state for trial in now.trials()] == [
        "complete",
        "failed",
        "running",
    ]
    assert before.trials() == known and now.begun().keys() == {("search", 0), ("search", 1), ("search", 2)}
    assert now.later().passed_over() == PassedOver(foreign=0, damaged=())
    if isinstance(looking, RDBStorage):
        looking.engine.dispose()


def test_trials_read_as_they_were_written(storage: BaseStorage) -> None:
    history = opened(storage)
    second, final = replace(TRIAL, ticket=1, architecture=(0, 1), origin="genetic"), replace(TRIAL, phase="final")
    for trial in (TRIAL, second, final):
        history.start(trial)
    done = history.finish(TRIAL, ending(TRIAL, {"error": 0.1 + 0.2, "delta1": 0.7}))
    failed = history.finish(second, ending(second, None, failure="diverged"))
    metrics = {"error": 0.1 + 0.2, "delta1": 0.7}
    assert done == replace(TRIAL, state="complete", metrics=metrics, duration_s=1.5, ended=done.ended)
    assert failed == replace(second, state="failed", failure="diverged", duration_s=1.5, ended=failed.ended)
    assert done.ended is not None and datetime.fromisoformat(done.ended).tzinfo == UTC
    assert history.trials() == [done, failed, final]
    assert opened(storage, create=False).trials() == [done, failed, final]


@pytest.mark.parametrize("value", [1e160, -1e300, float("inf"), float("nan")])
def test_what_can_be_no_metric_has_failed_also_where_it_is_recorded(storage: BaseStorage, value: float) -> None:
    history = opened(storage)
    second = replace(TRIAL, ticket=1)
    for trial in (TRIAL, second):
        history.start(trial)
    ended = history.finish(TRIAL, ending(TRIAL, {"error": value}))
    assert (ended.state, ended.metrics) == ("failed", {})
    assert ended.failure is not None and ended.failure.startswith("metrics must be ")
    whole = {"metrics": {"error": 1e160}, "failure": None, "duration_s": 1.0, "ended": "2026-01-01T00:00:00+00:00"}
    last = storage.get_all_trials(storage.get_study_id_from_name("study"))[1]
    storage.set_trial_user_attr(last._trial_id, "outcome", whole)  # as an earlier version wrote it
    old = opened(storage, create=False).trials()[1]
    assert (old.ticket, old.state, old.metrics) == (1, "failed", {})
    assert old.failure == "metrics must be within +-1e+30, got {'error': 1e+160}; training has probably diverged"


def test_a_trials_notes_are_kept(storage: BaseStorage) -> None:
    history = opened(storage)
    history.start(TRIAL)
    outcome = ending(TRIAL, None)
    evaluation = Evaluation(metrics={"error": 0.5}, notes=("memory ran out", "went on"))
    done = history.finish(TRIAL, replace(outcome, evaluation=evaluation))
    assert done.notes == ("memory ran out", "went on")
    assert opened(storage, create=False).trials() == [done]


def test_optuna_sees_parameters_values_and_states(location: str | Path, storage: BaseStorage) -> None:
    history = opened(storage)
    other = replace(TRIAL, ticket=1)
    history.start(TRIAL)
    history.start(other)
    history.finish(TRIAL, ending(TRIAL, {"error": 0.25}))
    history.finish(other, ending(other, None, failure="lost"))
    first, second = optuna.load_study(study_name="study", storage=optunas(location)).trials
    assert first.params == {"width": 24, "mode": "nearest"}
    assert (first.state, first.value) == (TrialState.COMPLETE, 0.25)
    assert second.state == TrialState.FAIL


def test_another_process_goes_on_where_the_first_stopped(location: str | Path, storage: BaseStorage) -> None:
    opened(storage).start(TRIAL)
    again = open_storage(location)
    history = opened(again)
    history.start(TRIAL)  # handed out once more, recorded once
    done = history.finish(TRIAL, ending(TRIAL, {"error": 0.5}))
    assert history.trials() == [done]
    assert opened(storage).trials() == [done]
    if isinstance(again, RDBStorage):
        again.engine.dispose()


def test_a_driver_that_dies_between_outcome_and_state_has_lost_nothing(
    storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = opened(storage)
    history.start(TRIAL)
    with monkeypatch.context() as patch:
        patch.setattr(History, "_close", lambda *_: None)
        done = history.finish(TRIAL, ending(TRIAL, {"error": 0.5}))
    study = storage.get_study_id_from_name("study")
    assert storage.get_all_trials(study)[0].state == TrialState.RUNNING
    again = opened(storage)
    assert again.trials() == [done]
    again.recover()
    again.recover()
    assert storage.get_all_trials(study)[0].state == TrialState.COMPLETE
    assert again.trials() == [done]


def test_a_trial_without_the_objective_has_failed(storage: BaseStorage) -> None:
    history = opened(storage)
    history.start(TRIAL)
    failed = history.finish(TRIAL, ending(TRIAL, {"loss": 1.0, "delta1": 0.5}))
    assert failed.state == "failed" and failed.metrics == {}
    assert failed.failure == "the evaluator gave no 'error'; it gave: loss, delta1"
    assert history.trials() == [failed]


def test_notes_are_kept(storage: BaseStorage) -> None:
    opened(storage).annotate("plan:search", {"total": 3, "slots": 2})
    assert opened(storage).notes()["plan:search"] == {"total": 3, "slots": 2}


def test_a_study_that_does_not_exist_is_made_only_when_asked(storage: BaseStorage) -> None:
    with pytest.raises(HistoryError, match="holds no study called 'study'; is this the run's own storage"):
        opened(storage, create=False)
    opened(storage)
    assert opened(storage, create=False).trials() == []


def test_a_foreign_study_is_refused(storage: BaseStorage) -> None:
    study = storage.create_new_study([StudyDirection.MINIMIZE], "study")
    with pytest.raises(HistoryError, match="'study' has record format None, this version reads 1; use a new folder"):
        opened(storage)
    storage.set_study_user_attr(study, "chamnas:format", 2)
    with pytest.raises(HistoryError, match="has record format 2"):
        opened(storage)


def test_two_studies_in_one_storage_do_not_meet(storage: BaseStorage) -> None:
    opened(storage).start(TRIAL)
    other = History(storage, "other", choices=CHOICES, objective="error")
    assert other.trials() == []


def finished(location: str | Path) -> Trial:
    """One trial, written and closed."""
    storage = open_storage(location)
    history = opened(storage)
    history.start(TRIAL)
    done = history.finish(TRIAL, ending(TRIAL, {"error": 0.5}))
    if isinstance(storage, RDBStorage):
        storage.engine.dispose()
    return done


def goes_on(location: str | Path, done: Trial) -> None:
    """A record opens with one trial, takes another, and holds both when it is opened again."""
    second = replace(TRIAL, ticket=1)
    for expected in ([done], [done, second]):
        storage = open_storage(location)
        history = opened(storage, create=False)
        assert history.trials() == expected
        history.start(second)
        if isinstance(storage, RDBStorage):
            storage.engine.dispose()


def test_a_torn_last_line_does_not_stop_a_run(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    done = finished(path)
    with path.open("ab") as file:
        file.write(b'{"op_code": 4, "trial')
    assert opened(open_storage(path), create=False).trials() == [done]  # for one who only looks
    repair_journal(path)
    goes_on(path, done)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_half_written_transaction_does_not_stop_a_run(mode: str, tmp_path: Path) -> None:
    done = finished(f"sqlite:///{tmp_path}/study.db")
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(tmp_path / "study.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("UPDATE alembic_version SET version_num = version_num")  # a whole transaction before it
        connection.execute("PRAGMA cache_size=1")  # so that the half transaction reaches the files
        connection.execute("BEGIN")
        connection.execute("UPDATE studies SET study_name = 'torn'")
        for i in range(100):
            row = (1000 + i, f"key{i}", "x" * 2000)
            connection.execute("INSERT INTO study_user_attributes VALUES (?, 1, ?, ?)", row)
        for file in tmp_path.glob("study.db*"):  # what a machine that lost power now would find
            shutil.copy(file, crashed)
    damaged = crashed / ("study.db-wal" if mode == "wal" else "study.db")
    assert b"torn" in damaged.read_bytes()
    if mode == "wal":
        with damaged.open("rb+") as log:
            log.truncate(damaged.stat().st_size - 1000)  # and a torn page
    goes_on(f"sqlite:///{crashed}/study.db", done)


def write_for_ever(location: str | Path, telling: int) -> None:
    """A driver's life: what ran when the last one was killed, then new trials; each end is told once it is recorded."""
    if isinstance(location, Path):
        repair_journal(location)
    history = opened(open_storage(location))
    history.recover()
    running = [trial for trial in history.trials() if trial.state == "running"]
    new = (replace(TRIAL, ticket=ticket) for ticket in range(len(history.trials()), 10**9))
    for trial in chain(running, new):
        history.start(trial)
        history.finish(trial, ending(trial, {"error": trial.ticket / 8}))
        os.write(telling, b".")


def _read_all(source: int, number: int) -> bytes:
    return b"".join(os.read(source, 1) for _ in range(number))


@pytest.mark.slow
def test_writers_that_are_killed_at_any_moment_lose_nothing_that_they_told(location: str | Path) -> None:
    num_told = 0
    for life in range(8):
        listening, telling = os.pipe()
        if not (writer := os.fork()):
            try:
                write_for_ever(location, telling)
            finally:
                os._exit(1)
        os.close(telling)
        rng = np.random.default_rng(life)
        num_told += len(_read_all(listening, int(rng.integers(1, 5))))  # it is at work
        for _ in range(rng.integers(1000)):
            os.sched_yield()  # to some moment between two of its words
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        while told := os.read(listening, 1000):
            num_told += len(told)
        os.close(listening)
        storage = open_storage(location)
        trials = opened(storage, create=False).trials()
        assert [trial.ticket for trial in trials] == list(range(len(trials)))
        complete = [trial for trial in trials if trial.state == "complete"]
        assert num_told <= len(complete) <= num_told + life + 1  # a writer may die before it tells its last one
        assert all(trial.metrics == {"error": trial.ticket / 8} for trial in complete)
        if isinstance(storage, RDBStorage):
            storage.engine.dispose()


def test_when_a_trial_was_first_handed_out_is_known_after_opening(storage: BaseStorage) -> None:
    before = datetime.now(UTC)
    first = opened(storage)
    first.start(TRIAL)
    first.start(TRIAL)
    (key, begun), *rest = opened(storage).begun().items()
    assert (key, rest) == (("search", 0), [])
    assert before <= begun <= datetime.now(UTC)
