"""The run folder: settings that stay, strangers and foreign runs that are refused, one driver at a time."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from launch.session.folder import FolderError, RunFolder

SETTINGS = {"seed": 0, "limits": ["macs <= 2e9"], "lag": 2}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(path=tmp_path / "run")


def test_settings_are_read_as_they_were_settled(folder: RunFolder) -> None:
    folder.settle(SETTINGS)
    assert folder.settings() == {"format": 1, "started": False, **SETTINGS}
    folder.start()
    folder.settle(SETTINGS)
    assert folder.settings() == {"format": 1, "started": True, **SETTINGS}


def test_a_changed_setting_of_a_run_that_has_started_is_named(folder: RunFolder) -> None:
    folder.settle(SETTINGS)
    folder.start()
    with pytest.raises(
        FolderError, match=r"was started with seed = 0, now it is 1; keep the old setting, or give --out a new folder"
    ):
        folder.settle({**SETTINGS, "seed": 1})
    assert folder.settings()["seed"] == 0


def test_a_run_that_never_started_may_be_settled_anew(folder: RunFolder) -> None:
    folder.settle({**SETTINGS, "limits": ["macs <= 1"]})
    folder.latency_table("cpu").write_text("of another space")
    folder.settle(SETTINGS)
    assert folder.settings()["limits"] == ["macs <= 2e9"]
    assert not folder.latency_table("cpu").exists()


def test_a_folder_with_something_else_in_it_is_refused(folder: RunFolder) -> None:
    (folder.path / "thesis.tex").touch()
    with pytest.raises(FolderError, match=r"is not empty \(thesis\.tex\) and holds no run; give --out a new folder"):
        folder.settle(SETTINGS)
    assert [entry.name for entry in folder.path.iterdir()] == ["thesis.tex"]


def test_hidden_files_do_not_make_a_folder_a_strangers(folder: RunFolder) -> None:
    (folder.path / ".DS_Store").touch()
    folder.settle(SETTINGS)


def test_a_folder_without_a_run_is_named(folder: RunFolder) -> None:
    with pytest.raises(FolderError, match=r"run holds no run \(no experiment\.json\); name the folder given to --out"):
        folder.settings()
    assert not folder.started


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"experiment\.json cannot be read .*; restore it from a copy"),
        ("[1]", r"experiment\.json holds no JSON object"),
        (json.dumps({"format": 7}), "has format 7, this version reads 1"),
        (json.dumps({"name": "a package.json, perhaps"}), "has format None, this version reads 1"),
    ],
)
def test_foreign_or_corrupt_settings_are_refused(folder: RunFolder, content: str, message: str) -> None:
    folder.settings_file.write_text(content)
    for use in (folder.settings, folder.start, lambda: folder.settle(SETTINGS)):
        with pytest.raises(FolderError, match=message):
            use()
    assert folder.settings_file.read_text() == content


def test_a_file_is_written_whole_or_not_at_all(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder.path / "artifacts" / "final-0.pt"
    folder.write_bytes(path, b"old")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    message = r"final-0.pt cannot be written \(No space left on device\): 14 bytes are wanted at .*; make room there"
    with pytest.raises(OSError, match=message):
        folder.write_bytes(path, b"new and longer")
    assert path.read_bytes() == b"old" and [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_who_reads_an_old_file_while_a_new_one_is_written_sees_the_whole_old_one(folder: RunFolder) -> None:
    path = folder.path / "winner.json"
    folder.write_json(path, {"version": 1})
    with path.open() as reader:
        folder.write_json(path, {"version": 2})
        assert json.load(reader) == {"version": 1}
    assert folder.read_json(path) == {"version": 2}


def test_nobody_drives_a_folder_that_nobody_holds(folder: RunFolder) -> None:
    assert folder.driver() is None
    with folder.hold():
        assert folder.driver() == f"process {os.getpid()} on {os.uname().nodename}"
    assert folder.driver() is None


HOLDER = (
    "import sys; from pathlib import Path; from launch.session import RunFolder\n"
    "with RunFolder(path=Path(sys.argv[1])).hold():\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


def test_another_process_is_kept_out_until_the_holder_dies(folder: RunFolder) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert folder.driver() == f"process {holder.pid} on {os.uname().nodename}"
    with (
        pytest.raises(FolderError, match=rf"is held by process {holder.pid} on .*; wait for it, stop it, or give"),
        folder.hold(),
    ):
        raise AssertionError("two drivers hold the run")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with folder.hold():
        assert folder.driver() == f"process {os.getpid()} on {os.uname().nodename}"


def test_looking_who_drives_writes_nothing(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a read-only disk: a file that is opened to be written is refused, and nothing is made."""
    really = os.open

    def read_only(path: object, flags: int, *rest: object, **named: object) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system", str(path))
        return really(path, flags, *rest, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        assert folder.driver() is None
    assert list(folder.path.iterdir()) == []
    with folder.hold(), monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        assert folder.driver() == f"process {os.getpid()} on {os.uname().nodename}"
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", read_only)
        assert folder.driver() is None


def test_where_the_lock_cannot_be_asked_the_last_drivers_word_is_taken(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: object, flags: int, *rest: object, **named: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    (folder.path / ".lock").touch()
    monkeypatch.setattr(os, "open", forbidden)
    assert folder.driver() is None
    (folder.path / ".driver").write_text("process 7 on node1")
    assert folder.driver() == "process 7 on node1"
