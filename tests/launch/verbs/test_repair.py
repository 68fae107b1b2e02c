"""`nas repair`: the damaged record is kept, what can be read goes on, and it is said what is trained again."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from launch.session import FolderError, RunFolder
from launch.session.session import load_experiment, open_history, open_session
from launch.verbs import repair
from nas.record import Trial
from nas.record.repair_journal import RepairError
from nas.record.storage import HistoryError
from tests.experiments.tiny import trained
from tests.launch.commands import TINY, nas_alone, place_at
from tests.launch.recorded import closed, recorded


def mended(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    assert repair.run(run=folder.path, as_json=True) == 0
    record: dict[str, object] = json.loads(capsys.readouterr().out)
    return record


def trials(folder: RunFolder) -> list[Trial]:
    history = open_history(folder, folder.settings(), load_experiment(TINY), create=False)
    found = history.trials()
    closed(history)
    return found


def test_a_damaged_journal_is_kept_and_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = recorded(tmp_path / "run")
    before, whole = trials(folder), folder.journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    (place,) = [i for i, line in enumerate(lines) if b'"ticket":2' in line]
    damaged = b"".join([*lines[:place], b"torn" + lines[place][20:], *lines[place + 1 :]])
    folder.journal.write_bytes(damaged)
    with pytest.raises(HistoryError, match=rf"line {place + 1} is damaged.*`nas repair RUN`"):
        trials(folder)
    record = mended(folder, capsys)
    assert record["lost"] == ["search-2"] and record["unended"] == []
    assert Path(str(record["copy"])).read_bytes() == damaged
    assert Path(str(record["aside"])).read_bytes().startswith(b"line %d: torn" % (place + 1))
    assert trials(folder) == [trial for trial in before if trial.ticket != 2]
    record = mended(folder, capsys)
    assert record["copy"] is None and record["aside"] is None
    folder.journal.write_bytes(damaged)
    assert str(mended(folder, capsys)["copy"]).endswith("study.journal.before-repair-2")


def test_a_run_that_is_driven_is_not_repaired(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run")
    with folder.hold(), pytest.raises(FolderError, match="is held by"):
        repair.run(run=folder.path, as_json=True)


def test_what_is_not_there_and_what_is_a_servers_is_not_repaired(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run")
    folder.journal.unlink()
    with pytest.raises(
        RepairError, match=r"there is no record .*study\.journal to be repaired; restore it from a copy"
    ):
        repair.run(run=folder.path, as_json=True)
    folder.write_json(folder.settings_file, {**folder.settings(), "storage": "postgresql://me@db/runs"})
    with pytest.raises(RepairError, match="postgresql://me@db/runs is a server's; its own tools check and restore it"):
        repair.run(run=folder.path, as_json=True)


def test_a_sound_database_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = recorded(tmp_path / "run", storage=f"sqlite:///{tmp_path}/runs.db")
    before = (tmp_path / "runs.db").read_bytes()
    assert mended(folder, capsys)["what"] == "no row is damaged"
    assert (tmp_path / "runs.db").read_bytes() == before


def leaves_of(file: Path, table: str) -> list[int]:
    """Pages of a table that hold rows."""
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    content, size = file.read_bytes(), 4096
    page = content[(root - 1) * size : root * size]
    if page[0] == 0x0D:
        return [int(root)]
    count = int.from_bytes(page[3:5], "big")
    cells = [int.from_bytes(page[12 + 2 * i : 14 + 2 * i], "big") for i in range(count)]
    return [int.from_bytes(page[cell : cell + 4], "big") for cell in cells]


@pytest.mark.slow
def test_of_a_damaged_database_all_that_can_be_read_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "runs.db"
    folder = recorded(tmp_path / "run", num_trials=60, storage=f"sqlite:///{file}")
    before = trials(folder)
    leaf = leaves_of(file, "trial_user_attributes")[2]
    content = bytearray(file.read_bytes())
    content[(leaf - 1) * 4096 : leaf * 4096] = b"\xa5" * 4096
    file.write_bytes(content)
    with pytest.raises(HistoryError, match="`nas repair RUN`"):
        trials(folder)
    record = mended(folder, capsys)
    assert Path(str(record["copy"])).read_bytes() == content
    after = {trial.ticket: trial for trial in trials(folder)}
    whole = {trial.ticket for trial in before if after.get(trial.ticket) == trial}
    lost, unended = set(record["lost"]), set(record["unended"])  # type: ignore[call-overload]
    assert 40 <= len(whole) < 60
    for trial in before:
        assert trial.ticket in whole or f"search-{trial.ticket}" in lost | unended


def test_a_row_that_is_no_json_is_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "runs.db"
    folder = recorded(tmp_path / "run", storage=f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE trial_user_attributes SET value_json = '{' WHERE key = 'outcome' AND trial_id = 2")
        connection.commit()
    with pytest.raises(HistoryError, match=r"holds what cannot be read .*`nas repair RUN`"):
        trials(folder)
    record = mended(folder, capsys)
    assert (record["lost"], record["unended"]) == ([], ["search-1"])
    assert [trial.state for trial in trials(folder)] == ["complete", "running", "complete", "complete"]


def test_a_file_that_is_no_database_is_refused_and_left(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    folder = recorded(tmp_path / "run", storage=f"sqlite:///{file}")
    file.write_bytes(b"not a database" * 1000)
    with pytest.raises(RepairError, match=r"nothing can be read of .*; restore it from a copy"):
        repair.run(run=folder.path, as_json=True)
    assert file.read_bytes() == b"not a database" * 1000


@pytest.mark.slow
def test_a_repaired_run_goes_on_and_trains_what_was_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = place_at(tmp_path)
    first = nas_alone(*place.search("--trials", "6"))
    assert first.code == 0, first.err
    before, begun = place.trials(), trained(place.orders)
    lines = place.run.journal.read_bytes().splitlines(keepends=True)
    (lost,) = [i for i, line in enumerate(lines) if b'"phase":"search","ticket":4,' in line]
    place.run.journal.write_bytes(b"".join([*lines[:lost], b"{}\n", *lines[lost + 1 :]]))
    with pytest.raises(HistoryError, match=rf"line {lost + 1} is no operation.*`nas repair RUN`"):
        open_session(place.run)
    capsys.readouterr()
    assert repair.run(run=place.run.path, as_json=False) == 0
    said = capsys.readouterr().out
    assert f"damaged lines: {lost + 1}; " in said and "lost, and proposed anew: search-4" in said
    again = nas_alone(*place.search("--trials", "7"))
    assert again.code == 0, again.err
    assert trained(place.orders)[len(begun) :][:2] == ["search-4", "search-6"]
    assert place.trials()[:6] == before[:6]  # the lag makes it the same proposal
    assert len(open_session(place.run).trials("search")) == 7
