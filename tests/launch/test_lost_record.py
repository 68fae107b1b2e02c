"""A record that a run has had and that is gone, empty or shorter is missed, and never made anew without a word."""

from pathlib import Path

import pytest
from optuna.storages import RDBStorage

from launch.session import RunFolder
from launch.session.session import load_experiment, open_history, open_session
from launch.verbs import repair, status
from nas.record.storage import HistoryError
from tests.experiments.tiny import trained
from tests.launch.commands import TINY, Place, nas, place_at
from tests.launch.recorded import recorded

AFRESH = "restore it from a copy.* To begin again on purpose, give --out a new folder, or empty this one"


def opened(folder: RunFolder) -> None:
    open_history(folder, folder.settings(), load_experiment(TINY), create=not folder.started)


def lose(file: Path, how: str) -> None:
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(b"")


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_journal_that_is_gone_or_empty_is_missed_by_all_and_not_made(how: str, tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run")
    lose(folder.journal, how)
    for look in (opened, open_session, lambda run: status.run(run=run.path, as_json=True)):
        with pytest.raises(HistoryError, match=rf"run was started, and its record .*study\.journal is {how}; {AFRESH}"):
            look(folder)
    assert folder.journal.exists() == (how == "empty")


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_database_that_is_gone_or_empty_is_missed(how: str, tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    folder = recorded(tmp_path / "run", storage=f"sqlite:///{file}")
    lose(file, how)
    with pytest.raises(HistoryError, match=rf"its record {file} is {how}; {AFRESH}"):
        opened(folder)
    assert file.exists() == (how == "empty")


def test_a_study_that_was_deleted_is_missed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    folder = recorded(tmp_path / "run", storage=url)
    recorded(tmp_path / "other", storage=url)
    storage = RDBStorage(url)
    storage.delete_study(storage.get_study_id_from_name(folder.settings()["study"]))
    storage.remove_session()
    storage.engine.dispose()
    with pytest.raises(
        HistoryError, match=r"holds no study called 'tiny@run-.*was deleted, restore it from a copy, or"
    ):
        opened(folder)


def test_a_journal_that_is_shorter_than_it_was_is_missed_until_it_is_taken_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recorded(tmp_path / "run")
    lines = folder.journal.read_bytes().splitlines(keepends=True)
    folder.journal.write_bytes(b"".join(lines[:-2]))  # a note and the last trial's state: nothing of the trial
    opened(folder)
    folder.journal.write_bytes(b"".join(lines[:-4]))
    with pytest.raises(
        HistoryError, match=rf"holds 3 trials, and held 4: it has lost some.*`nas repair {folder.path}`"
    ):
        opened(folder)
    assert repair.run(run=folder.path, as_json=False) == 0
    assert "damaged lines: none" in capsys.readouterr().out
    opened(folder)


@pytest.mark.slow
def test_a_search_whose_journal_is_gone_trains_nothing(tmp_path: Path) -> None:
    place: Place = place_at(tmp_path)
    recorded(place.run.path)
    place.run.journal.unlink()
    ended = nas(*place.search())
    assert (ended.code, ended.out) == (2, "")
    assert "study.journal is gone; restore it from a copy. To begin again on purpose" in ended.err
    assert trained(place.orders) == [] and not place.run.journal.exists()
