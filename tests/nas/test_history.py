"""The record: what is written is read again, by this process or the next one, whatever killed the one before."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import optuna
import pytest
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState

from nas.history import History, HistoryError, open_storage, split_password
from nas.journal import repair_journal
from nas.space import Choice
from nas.trial import Evaluation, Job, Outcome, Trial

CHOICES = (Choice(name="width", options=(8, 16, 24)), Choice(name="mode", options=("nearest", "bilinear")))
TRIAL = Trial(phase="search", ticket=0, architecture=(2, 0), fidelity=7, origin="design", state="running")


def opened(storage: BaseStorage, *, create: bool = True) -> History:
    return History(storage, "study", choices=CHOICES, objective="error", create=create)


def ending(
    trial: Trial, metrics: Mapping[str, float] | None, *, failure: str | None = None, duration_s: float = 1.5
) -> Outcome:
    job = Job(phase=trial.phase, ticket=trial.ticket, architecture=trial.architecture, fidelity=trial.fidelity, seed=0)
    evaluation = None if metrics is None else Evaluation(metrics=metrics)
    return Outcome(job=job, evaluation=evaluation, failure=failure, duration_s=duration_s)


@pytest.fixture(params=["journal", "sqlite"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    return tmp_path / "study.journal" if request.param == "journal" else f"sqlite:///{tmp_path}/study.db"


@pytest.fixture
def storage(location: str | Path) -> Iterator[BaseStorage]:
    storage = open_storage(location)
    yield storage
    if isinstance(storage, RDBStorage):
        storage.engine.dispose()


def optunas(location: str | Path) -> BaseStorage | str:
    """The record as optuna-dashboard opens it."""
    return location if isinstance(location, str) else JournalStorage(JournalFileBackend(str(location)))


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


def test_a_corrupt_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    path.write_bytes(b"not a record\nof anything\n")
    with pytest.raises(HistoryError, match=r"study\.journal is not a readable record .*restore it from a copy"):
        open_storage(path)


def test_a_journal_in_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"gone/study\.journal is not a readable record .*No such file"):
        open_storage(tmp_path / "gone" / "study.journal")


@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/study.db", "nonsense://host/study", "mysql+nodriver://host/study"]
)
def test_a_database_that_cannot_be_opened_is_named(url: str) -> None:
    with pytest.raises(HistoryError, match=rf"{url.split('+')[0]}.* is not a readable record"):
        open_storage(url)


@pytest.mark.parametrize(
    ("given", "kept", "password"),
    [
        (
            "postgresql://me:s3cret@db:5432/chamnas?sslmode=require",
            "postgresql://me@db:5432/chamnas?sslmode=require",
            "s3cret",
        ),
        ("postgresql+psycopg2://me:a%40b@db/x", "postgresql+psycopg2://me@db/x", "a@b"),
        ("postgresql://db/x?user=me&password=s3cret", "postgresql://db/x?user=me", "s3cret"),
        ("postgresql://me@db/x", "postgresql://me@db/x", None),
        ("sqlite:////tmp/study.db", "sqlite:////tmp/study.db", None),
        ("run/study.journal", "run/study.journal", None),
    ],
)
def test_a_password_is_taken_out_of_a_storages_url(given: str, kept: str, password: str | None) -> None:
    assert split_password(given) == (kept, password)


def test_a_password_that_would_have_to_be_written_down_is_refused() -> None:
    with pytest.raises(HistoryError, match="taken for postgresql only, got mysql://me@db/x; let the") as caught:
        split_password("mysql://me:s3cret@db/x")
    assert "s3cret" not in str(caught.value)


def test_an_error_shows_no_password() -> None:
    with pytest.raises(HistoryError, match=r"postgresql://me@127\.0\.0\.1:1/x is not a readable record") as caught:
        open_storage("postgresql://me:s3cret@127.0.0.1:1/x")
    assert "s3cret" not in str(caught.value)
