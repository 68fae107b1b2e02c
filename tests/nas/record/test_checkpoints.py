import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from nas.record.checkpoints import MOST_PROBE_BYTES, CheckpointError, Checkpoints, read, remove, write
from nas.record.trial import Job, Phase


def job(ticket: int = 0, *, phase: Phase = "search", fidelity: int = 5) -> Job:
    return Job(phase=phase, ticket=ticket, architecture=(0,), fidelity=fidelity, seed=0)


@pytest.fixture(params=["folder", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Checkpoints]:
    urls = {
        "folder": f"{tmp_path}/a b::c",
        "file": f"file://{tmp_path}/ab",
        "memory": f"memory://{uuid.uuid4().hex}/checkpoints/",
    }
    place = Checkpoints(url=urls[request.param])
    yield place
    place.clear()


def test_what_is_written_is_read_until_it_is_removed(place: Checkpoints) -> None:
    url = place.of(job())
    with pytest.raises(FileNotFoundError):
        read(url)
    for content in (b"first", b"", b"last"):
        write(url, content)
        assert read(url) == content
    place.forget(job())
    place.forget(job())
    with pytest.raises(FileNotFoundError):
        read(url)


def test_every_job_has_a_place_of_its_own(place: Checkpoints) -> None:
    jobs = [job(), job(1), job(phase="final"), job(fidelity=6)]
    for number, one in enumerate(jobs):
        write(place.of(one), bytes([number]))
    assert [read(place.of(one)) for one in jobs] == [b"\0", b"\1", b"\2", b"\3"]
    place.clear()
    for one in jobs:
        with pytest.raises(FileNotFoundError):
            read(place.of(one))
    place.clear()


def test_a_good_place_is_proved_and_left_empty(place: Checkpoints) -> None:
    place.prove()
    mark = place.leave_mark()
    place.prove(mark)
    remove(mark)
    with pytest.raises(FileNotFoundError):
        read(mark)


def test_a_proof_leaves_no_folder_unless_something_is_in_it(tmp_path: Path) -> None:
    place = Checkpoints(url=str(tmp_path / "run" / "checkpoints"))
    place.prove()
    assert not Path(place.url).exists()
    write(place.of(job()), b"kept")
    place.prove()
    assert read(place.of(job())) == b"kept"


@pytest.mark.parametrize("broken", ["pipe_file", "mv"])
def test_a_write_that_breaks_off_leaves_what_was_there(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(tmp_path / "kept")
    write(url, b"old")

    def full(system: LocalFileSystem, path: str, *rest: Any, **options: Any) -> None:
        Path(path).write_bytes(b"ne")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(LocalFileSystem, broken, full)
    with pytest.raises(OSError, match="No space left"):
        write(url, b"new")
    assert read(url) == b"old" and [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("content", [bytes(99), bytes(101), bytes(50) + b"?" + bytes(49), None])
def test_what_is_damaged_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    write(str(path), bytes(100))
    seal = path.read_bytes()[:-100]
    path.write_bytes(b"" if content is None else seal + content)
    with pytest.raises(CheckpointError, match=f"must be whole, and {path} is damaged; delete it"):
        read(str(path))


def test_a_full_place_is_told_at_once_with_what_is_wanted_and_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(LocalFileSystem, "pipe_file", full)
    monkeypatch.setattr("nas.errors.full_disk.free_bytes", lambda path: 300_000)
    with pytest.raises(
        CheckpointError,
        match=r"keeps about 2\.5 MB, and there is no room: 2\.5 MB are wanted at .*, its disk has 300\.0 KB free; make",
    ):
        Checkpoints(url=str(tmp_path), each_bytes=2_500_000).prove()


@pytest.mark.parametrize(("each_bytes", "written"), [(1000, 1000), (2**40, MOST_PROBE_BYTES)])
def test_a_place_is_proved_with_what_a_checkpoint_takes(
    each_bytes: int, written: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def noted(url: str, content: bytes) -> None:
        sizes.append(len(content))
        write(url, content)

    monkeypatch.setattr("nas.record.checkpoints.write", noted)
    Checkpoints(url=str(tmp_path), each_bytes=each_bytes).prove()
    assert sizes == [written]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("{folder}/file/below", "(FileExists|NotADirectory)Error"),
        ("wrong://bucket/folder", "ValueError: Protocol not known: wrong"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_at_once(url: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=f"must be written, read and removed at .*, and that fails .*{reason}"):
        Checkpoints(url=url.format(folder=tmp_path)).prove()


def test_a_place_that_does_not_keep_what_is_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.record.checkpoints.read", lambda url: b"something else")
    with pytest.raises(CheckpointError, match="must be read back the same, and was not"):
        Checkpoints(url=str(tmp_path)).prove()


def test_a_place_that_is_not_the_drivers_is_told(tmp_path: Path) -> None:
    mark = Checkpoints(url=str(tmp_path / "here")).leave_mark()
    with pytest.raises(CheckpointError, match=r"where every node sees them, and .* is not seen by a worker; give --ch"):
        Checkpoints(url=str(tmp_path / "there")).prove(mark.replace("/here/", "/there/"))
