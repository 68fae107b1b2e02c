"""The journal: Optuna's own file, whatever tears it."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution
from optuna.storages import BaseStorage
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from nas.record import journal
from nas.record.journal import JournalFile, repair_journal


def write(storage: BaseStorage, num_trials: int) -> None:
    study = storage.create_new_study([StudyDirection.MINIMIZE], f"study of {num_trials}")
    for i in range(num_trials):
        distribution = CategoricalDistribution(tuple(range(num_trials)))
        trial = create_trial(
            state=TrialState.RUNNING,
            params={"i": i},
            distributions={"i": distribution},
            user_attrs={"architecture": [i]},
        )
        number = storage.create_new_trial(study, template_trial=trial)
        storage.set_trial_state_values(number, TrialState.COMPLETE, [i / 10])


def optunas(path: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(path)))


def ours(path: Path) -> JournalStorage:
    return JournalStorage(JournalFile(path))


def test_optuna_reads_what_we_write_and_we_all_but_the_parameters_of_what_optuna_writes(tmp_path: Path) -> None:
    for writer in (ours, optunas):
        path = tmp_path / writer.__name__
        write(writer(path), 3)
        theirs, mine = (reader(path).get_all_trials(0) for reader in (optunas, ours))
        assert [(trial.params, trial.value) for trial in theirs] == [({"i": 0}, 0), ({"i": 1}, 0.1), ({"i": 2}, 0.2)]
        assert [trial.params for trial in mine] == [{}, {}, {}]
        for trial in theirs:
            trial.params, trial.distributions = {}, {}
        assert mine == theirs


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    reader, writer = ours(path), ours(path)
    for study in range(3):
        write(writer, num_trials=study)
        assert [len(reader.get_all_trials(study)) for study in range(study + 1)] == list(range(study + 1))


def test_reading_starts_at_any_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(ours(path), 4)
    file = JournalFile(path)
    lines = list(file.read_logs(0))
    assert [line["op_code"] for line in lines] == [0, *[4, 6] * 4]
    for first in (9, 3, 9, 0, 5):
        assert list(file.read_logs(first)) == lines[first:]


@pytest.mark.parametrize("torn", [b'{"op_code": 4, "trial', b"\0" * 5000, b"x" * 200_000])
def test_a_torn_last_line_and_a_dead_drivers_lock_are_cleared_away(torn: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(ours(path), 2)
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    (tmp_path / "journal.lock").symlink_to(path)
    (tmp_path / "journal.lock0815.rename").symlink_to(path)
    repair_journal(path)
    assert path.read_bytes() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["journal"]


@pytest.mark.parametrize("content", [b"", b'{"op_code":', b"{}\n"])
def test_repair_keeps_whole_lines_and_nothing_else(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    repair_journal(path)
    assert not path.exists()
    path.write_bytes(content)
    repair_journal(path)
    assert path.read_bytes() == (content if content.endswith(b"\n") else b"")


def test_a_journal_cut_anywhere_opens_with_the_lines_that_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(ours(path), 2)
    whole = path.read_bytes()
    for size in range(0, len(whole) + 1, 7):
        path.write_bytes(whole[:size])
        before = list(JournalFile(path).read_logs(0))
        repair_journal(path)
        assert list(JournalFile(path).read_logs(0)) == before
        assert path.read_bytes() == whole[: whole.rfind(b"\n", 0, size) + 1]
        assert len(before) == whole[:size].count(b"\n")


@pytest.mark.parametrize(
    ("damage", "message"), [(b"not a record", "line 2 is damaged: "), (b"[1]", r"line 2 is no operation: b'\[1\]")]
)
def test_a_damaged_line_in_the_middle_is_named(damage: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(ours(path), 1)
    first, *rest = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([first, damage, *rest, b""]))
    with pytest.raises(ValueError, match=message):
        ours(path)


def test_the_disk_is_waited_for_at_once_and_then_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    file = JournalFile(path)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(num_written))
    for num_written, now in enumerate((100.0, 100.2, 100.9, 101.1, 101.5, 103.0), start=1):
        monkeypatch.setattr(journal.time, "monotonic", lambda now=now: now)
        file.append_logs([{"op_code": 0}])
        assert path.read_bytes() == b'{"op_code":0}\n' * num_written  # in the system's hands, on the disk or not
    assert synced == [1, 4, 6]


def test_a_failed_write_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "journal"
    path.parent.mkdir()
    file = JournalFile(path)
    path.mkdir()  # no file that can be appended to
    with pytest.raises(IsADirectoryError):
        file.append_logs([{"op_code": 0}])
    assert [entry.name for entry in path.parent.iterdir()] == ["journal"]


def test_a_full_disk_leaves_the_lines_that_were_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    storage = ours(path)
    write(storage, 2)
    whole = path.read_bytes()
    with no_more_than(len(whole) + 20), pytest.raises(OSError, match="File too large"):
        storage.set_study_user_attr(0, "note", "long" * 100)
    assert path.read_bytes() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["journal"]
    storage.set_study_user_attr(0, "note", "with room again")
    assert ours(path).get_study_user_attrs(0) == {"note": "with room again"}


@contextmanager
def no_more_than(num_bytes: int) -> Iterator[None]:
    """Files of this process may grow to that size: as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_looking_does_not_touch(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    write(ours(path), 1)
    os.utime(path, (1, 1))
    ours(path).get_all_trials(0)
    assert path.stat().st_mtime == 1
