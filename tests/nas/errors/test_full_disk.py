"""A full disk is recognised however deep, and told with what was wanted and what there is."""

import errno
from pathlib import Path

import pytest

from nas.errors import full_disk
from nas.errors.full_disk import free_bytes, is_lack_of_room, room_text, size_text


def wrapped(error: Exception) -> Exception:
    """As a library raises its own error over the system's."""
    try:
        try:
            raise error
        except OSError as cause:
            raise RuntimeError("could not be written") from cause
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False), (errno.ENOENT, False)]
)
def test_a_full_disk_is_recognised(number: int, full: bool) -> None:
    error = OSError(number, "as the system says")
    assert is_lack_of_room(error) is full and is_lack_of_room(wrapped(error)) is full
    assert not is_lack_of_room(ValueError("no room"))


def test_what_is_wanted_and_what_there_is_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_disk, "free_bytes", lambda path: 1_500_000)
    assert room_text("run", 2_000_000) == "2.0 MB are wanted at run, its disk has 1.5 MB free"
    assert (
        room_text("run", 900)
        == "900 bytes are wanted at run, its disk has 1.5 MB free, so a quota may be what is used up"
    )
    assert room_text("run") == "the disk of run has 1.5 MB free"


def test_a_store_elsewhere_has_no_disk_to_look_at(tmp_path: Path) -> None:
    assert free_bytes("s3://bucket/folder") is None
    assert room_text("s3://bucket/folder", 2_000_000) == "2.0 MB are wanted at s3://bucket/folder"
    later = tmp_path / "not" / "yet"
    assert free_bytes(later) is not None and not later.exists()


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (12_340_000, "12.3 MB"), (5 * 10**12, "5,000.0 GB")],
)
def test_sizes_are_decimal(num_bytes: int, text: str) -> None:
    assert size_text(num_bytes) == text
