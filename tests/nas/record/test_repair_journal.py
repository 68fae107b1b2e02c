"""Repairing a journal: what is whole stays, in its order, and no result is handed to another trial than its own."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.study import StudyDirection

from nas.record.history import History
from nas.record.repair_journal import RepairError, mend, missing, unended
from nas.record.storage import HistoryError, open_storage
from nas.record.trial import Evaluation, Job, Outcome, Trial
from nas.space import Choice

CHOICES = tuple(Choice(name=f"choice{i}", options=tuple(range(9))) for i in range(3))
NUM_TRIALS = {"search": 7, "final": 3}


def trial_of(phase: str, ticket: int) -> Trial:
    architecture = (ticket, 8 - ticket, 0 if phase == "search" else 1)
    return Trial(phase=phase, ticket=ticket, architecture=architecture, fidelity=1, origin="x", state="running")  # type: ignore[arg-type]


def outcome_of(trial: Trial) -> Outcome:
    job = Job(phase=trial.phase, ticket=trial.ticket, architecture=trial.architecture, fidelity=1, seed=0)
    error = float(np.dot(trial.architecture, (100, 10, 1)))  # tells whose it is
    return Outcome(job=job, evaluation=Evaluation(metrics={"error": error}), failure=None, duration_s=1.0)


def write(path: Path, *, slots: int) -> list[Trial]:
    """A journal of a run with so many trials at a time, behind another study with a trial of its own."""
    storage = open_storage(path)
    other = storage.create_new_study([StudyDirection.MINIMIZE], "other")
    storage.create_new_trial(other)
    history = opened(path, create=True)
    for phase, number in NUM_TRIALS.items():
        running: list[Trial] = []
        for ticket in range(number):
            running.append(trial_of(phase, ticket))
            history.start(running[-1])
            if len(running) == slots:
                done = running.pop(0)
                history.finish(done, outcome_of(done))
        for done in reversed(running):
            history.finish(done, outcome_of(done))
    return history.trials()


def opened(path: Path, *, create: bool = False) -> History:
    return History(open_storage(path), "study", choices=CHOICES, objective="error", create=create)


def checked(path: Path, before: list[Trial]) -> set[str]:
    """Trials of a repaired journal are those from before, or wait to be trained; names of those that are not there."""
    after = {(trial.phase, trial.ticket): trial for trial in opened(path).trials()}
    gone = set()
    for trial in before:
        found = after.pop((trial.phase, trial.ticket), None)
        if found is None:
            gone.add(f"{trial.phase}-{trial.ticket}")
        elif found.state == "running":
            assert found == replace(trial, state="running", metrics={}, duration_s=None, ended=None)
        else:
            assert found == trial
    assert not after
    return gone


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("damage", [b"null\n", b"{}\n", b'{"op_code":4,"stu\n', b"\0\0\0\n", b'{"op_code":42}\n'])
def test_any_one_line_may_be_lost(damage: bytes, slots: int, tmp_path: Path) -> None:
    """Also one that creates a trial, on whose number every later line rests."""
    path = tmp_path / "journal"
    before = write(path, slots=slots)
    lines = path.read_bytes().splitlines(keepends=True)
    for place in range(2, len(lines)):
        path.write_bytes(b"".join([*lines[:place], damage, *lines[place + 1 :]]))
        with pytest.raises(HistoryError, match=rf"line {place + 1} .*`nas repair RUN` saves what can be read"):
            open_storage(path)
        mended = mend(path.read_bytes(), "study")
        path.write_bytes(mended.content)
        assert [one.line for one in mended.damaged] == [place + 1]
        gone = checked(path, before)
        storage = open_storage(path)
        assert gone <= {*missing(storage, "study"), "search-6", "final-2"} and len(gone) <= 1
        assert len(unended(storage, "study")) <= 1
        JournalStorage(JournalFileBackend(str(path)))  # Optuna reads it, too
        again = mend(mended.content, "study")
        assert again.content == mended.content and not again.damaged


@pytest.mark.parametrize("slots", [1, 3])
def test_a_block_of_lines_may_be_lost(slots: int, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    before = write(path, slots=slots)
    lines = path.read_bytes().splitlines(keepends=True)
    for place in range(5, len(lines) - 3):
        path.write_bytes(b"".join([*lines[:place], b"\0" * 100 + b"\n", *lines[place + 3 :]]))
        mended = mend(path.read_bytes(), "study")
        path.write_bytes(mended.content)
        assert len(checked(path, before)) <= 3


def test_lines_that_were_run_together_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    before = write(path, slots=2)
    whole = path.read_bytes()
    ends = [i for i, byte in enumerate(whole) if byte == ord("\n")]
    for first, _ in pairwise(ends):
        mended = mend(whole[:first] + whole[first + 1 :], "study")
        assert (mended.content, mended.damaged, mended.num_lost) == (whole, (), 0)
    path.write_bytes(mended.content)
    assert opened(path).trials() == before


def test_blank_lines_are_passed_over_by_readers_and_dropped(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    before = write(path, slots=2)
    whole = path.read_bytes()
    path.write_bytes(b"\n" + whole.replace(b"\n", b"\n \n\n", 5))
    history = opened(path)
    assert history.trials() == before
    history.annotate("note", 1)
    assert opened(path).notes()["note"] == 1
    path.write_bytes(b"\n" + whole.replace(b"\n", b"\n \n\n", 5))
    assert mend(path.read_bytes(), "study").content == whole


def test_the_studys_first_lines_may_be_lost(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    before = write(path, slots=1)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"?\n", b"?\n", *lines[4:]]))
    path.write_bytes(mend(path.read_bytes(), "study").content)
    assert checked(path, before) == set()


def test_a_lost_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, slots=1)
    whole = path.read_bytes()
    mended = mend(whole + b'{"op_code":8,"tri', "study")
    assert mended.content == whole and mended.damaged[0].text == b'{"op_code":8,"tri'


def test_a_file_that_holds_nothing_of_the_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(path, slots=1)
    for content in (b"", b"not a record\n", path.read_bytes()):
        with pytest.raises(RepairError, match="holds nothing of the run's study 'mine'; restore it from a copy"):
            mend(content, "mine")
