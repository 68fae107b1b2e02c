"""One run as its dashboard shows it: its data and its page, worked out again when the record has changed.

Looking writes nothing. Prices are worked out once; the record is read on only when its file has grown, and the page's
sections, which fit predictors, only when somebody asks for them.
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from launch.paths import storage_file
from launch.report.explorer.data import explorer_json
from launch.report.facts.facts import Facts, read_facts, read_facts_again
from launch.report.page import render
from launch.session import RunFolder

DATABASE_EVERY_S = 5.0

Stamp = tuple[tuple[int, int], ...]
RECORD = 2
"""The place in a stamp from which on the record's files stand."""


def stamp(folder: RunFolder) -> Stamp:
    """Time and size of each file by which a run tells how far it is; of one that is not there, zeros.

    A database on another machine has no file here: it is looked at every few seconds.
    """
    record = storage_file(str(folder.settings()["storage"] or folder.journal))
    files = [folder.settings_file, folder.winner]
    if record is None:
        return (*map(_stamp, files), (int(time.monotonic() // DATABASE_EVERY_S), 0))
    return tuple(map(_stamp, [*files, record, record.with_name(f"{record.name}-wal")]))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def _shrank(before: Stamp, now: Stamp) -> bool:
    """Whether a file has got shorter: the record was mended, and what was read of it may be gone."""
    return any(size < old for (_, old), (_, size) in zip(before[RECORD:], now[RECORD:], strict=False))


@dataclass(slots=True, kw_only=True)
class LiveRun:
    """A run that is looked at by several requests at once; one works, the others wait for what it finds."""

    folder: RunFolder
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _facts: Facts | None = None
    _read: Stamp | None = None
    _data: bytes = b""

    def data(self) -> bytes:
        """The script's data as JSON."""
        with self._lock:
            self._renew()
            return self._data

    def quick_page(self) -> bytes:
        """The page without what takes long: it comes with the first `page`."""
        with self._lock:
            return render(self._renew(), live=True, quick=True).encode()

    def page(self) -> bytes:
        with self._lock:
            facts = self._renew()
        return render(facts, live=True).encode()

    def _renew(self) -> Facts:
        found = stamp(self.folder)
        if self._facts is None or found != self._read:
            grows = self._read is not None and not _shrank(self._read, found)
            self._facts = read_facts_again(self._facts) if self._facts and grows else read_facts(self.folder)
            self._data = str(explorer_json(self._facts)).encode()
            self._read = found
        return self._facts
