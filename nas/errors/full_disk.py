"""Error messages for a full disk: how much was wanted, and how much there is."""

import errno
import shutil
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class NoRoomError(OSError):
    """A file that could not be written for lack of room; the message is a whole sentence."""


def is_lack_of_room(error: BaseException) -> bool:
    """Whether a disk is full or a quota used up; a library may have wrapped the system's error."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in FULL:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def room_text(path: str | Path, wanted_bytes: int | None = None) -> str:
    """What a path wanted and what its disk has, as a clause.

    Args:
      path: need not exist; a URL has no disk that could be looked at.
    """
    wanted = "" if wanted_bytes is None else f"{size_text(wanted_bytes)} are wanted at {path}"
    free = free_bytes(path)
    if free is None:
        return wanted or f"there is no room at {path}"
    left = f"its disk has {size_text(free)} free" if wanted else f"the disk of {path} has {size_text(free)} free"
    quota = ", so a quota may be what is used up" if free > (wanted_bytes or free) else ""
    return ", ".join(filter(None, [wanted, left])) + quota


def free_bytes(path: str | Path) -> int | None:
    """Bytes that are free where a path is or will be; None if that cannot be known."""
    if "://" in str(path):
        return None
    place = Path(path).absolute()
    try:
        return shutil.disk_usage(next(folder for folder in (place, *place.parents) if folder.exists())).free
    except (OSError, StopIteration):
        return None


def size_text(num_bytes: int) -> str:
    """Such as "12.3 MB"; decimal, as disks are sold."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if num_bytes >= size:
            return f"{num_bytes / size:,.1f} {unit}"
    return f"{num_bytes:,} bytes"
