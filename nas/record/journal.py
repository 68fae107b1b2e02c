"""Journal storage: Optuna's file of operations, one line of JSON each, with a writer and reader of our own.

The file is exactly what Optuna's own `JournalFileBackend` writes, and optuna-dashboard and Optuna's plots read it with
that. Two things differ here, for the sake of a driver that records 20,000 trials:

  * A line is in the system's hands at once, so that no death of the process loses it, but the disk is waited for at
    most once a second. A machine that loses power may forget the end of a burst; those trials are run again.
  * Parameters and their distributions, nine tenths of the file, are written but not read back: the record goes by each
    trial's architecture. Reading them costs most of the time and memory of opening a record.
"""

import json
import math
import os
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from optuna.storages.journal import BaseJournalBackend, JournalFileSymlinkLock

from nas.record.journal_operations import UNREAD, Line, parsed

SYNC_EVERY_S = 1.0
BLOCK_BYTES = 1 << 16


class JournalFile(BaseJournalBackend):
    """Optuna's journal file for one driver and any number of readers. Made by the first operation that is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = JournalFileSymlinkLock(str(path))
        self._read_to = (0, 0, 0)  # operations and lines read, and the place in the file behind them
        self._synced_at = -math.inf

    def append_logs(self, logs: list[Line]) -> None:
        """Write operations, all or none of them; Optuna's name for it. Its lock keeps a dashboard's notes out.

        Raises:
          OSError: the disk is full, or the folder cannot be written.
        """
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in logs)
        self._lock.acquire()
        try:
            with self._path.open("ab", buffering=0) as file:
                _append(file, text.encode())
                self._sync(file.fileno())
        finally:
            self._lock.release()

    def read_logs(self, log_number_from: int) -> Iterator[Line]:
        """Operations from a number on, without a last line that is still being written, or torn; blank lines are none.

        Raises:
          ValueError: a line is not an operation.
        """
        number, line, place = self._read_to if self._read_to[0] <= log_number_from else (0, 0, 0)
        if not self._path.exists() and self._path.parent.is_dir():
            return  # nothing has been written yet
        with self._path.open("rb") as file:
            file.seek(place)
            for text in file:
                if not text.endswith(b"\n"):
                    return
                line, place = line + 1, place + len(text)
                if text.isspace():
                    continue
                number += 1
                if number > log_number_from:
                    self._read_to = (number, line, place)
                    yield _parsed(text, line)

    def _sync(self, descriptor: int) -> None:
        if time.monotonic() - self._synced_at >= SYNC_EVERY_S:
            os.fsync(descriptor)
            self._synced_at = time.monotonic()


def repair_journal(path: Path) -> None:
    """Make a journal writable again after its driver was killed: drop its lock and a half-written last line.

    Only for the process that holds the run: nobody else may be writing.
    """
    for leftover in path.parent.glob(f"{path.name}.lock*"):
        leftover.unlink()
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        whole = _end_of_last_line(file, size)
        if whole < size:
            file.truncate(whole)
            os.fsync(file.fileno())


def _append(file: FileIO, content: bytes) -> None:
    size, rest = file.tell(), memoryview(content)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(size)  # half a line would spoil the next one
        raise


def _end_of_last_line(file: BinaryIO, size: int) -> int:
    """The place behind the last line feed; read from the end, since a journal may be long."""
    end = size
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _parsed(text: bytes, number: int) -> Line:
    try:
        line = parsed(text)
    except ValueError as error:
        raise ValueError(f"line {number} {error}") from error
    for unread in UNREAD:
        line.pop(unread, None)
    return line
