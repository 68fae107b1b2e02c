"""Repairing a damaged SQLite record: every row that can be read goes into a fresh file of the same tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from nas.record.repair_journal import RepairError

CHUNK_ROWS = 4096
MAX_FAILURES = 20_000  # of reading; a table that fails so often has lost its root
LAST_ROW = 1 << 24  # looked for where the table cannot tell its own
_ATTRIBUTES = ("study_user_attributes", "study_system_attributes", "trial_user_attributes", "trial_system_attributes")


@dataclass(slots=True)
class Rows:
    """How many rows were copied, and how many reads of single rows failed."""

    num_kept: int = 0
    num_lost: int = 0
    failures: int = 0
    tables: list[str] = field(default_factory=list)  # those that have lost rows


def is_whole(path: Path) -> bool:
    """Whether SQLite finds nothing wrong, and every attribute is JSON as Optuna writes it."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchall()
            return found == [("ok",)] and not any(_invalid(connection, table) for table in _present(connection))
    except sqlite3.DatabaseError:
        return False


def copy_readable(damaged: Path, fresh: Path) -> Rows:
    """Copy what can be read.

    Args:
      damaged: opened as SQLite does, so a half-written transaction in it is undone.
      fresh: made; must not exist.

    Raises:
      RepairError: not even the tables' names can be read.
    """
    rows = Rows()
    with closing(sqlite3.connect(damaged)) as source, closing(sqlite3.connect(fresh)) as target:
        source.text_factory = lambda text: text.decode(errors="replace")
        for kind, name, sql in _schema(source, damaged):
            target.execute(sql)
            if kind == "table":
                _copy_table(source, target, name, rows)
        for table in _present(target):
            for identity in _invalid(target, table):
                target.execute(f"DELETE FROM {table} WHERE rowid = ?", (identity,))
                rows.num_lost += 1
                rows.tables.append(table)
        target.commit()
    return rows


def _schema(source: sqlite3.Connection, path: Path) -> list[tuple[str, str, str]]:
    """Kind, name and definition; tables before their indices."""
    query = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    try:
        return sorted(source.execute(query).fetchall(), key=lambda entry: entry[0] != "table")
    except sqlite3.DatabaseError as error:
        raise RepairError(f"nothing can be read of {path} ({error}); restore it from a copy") from error


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, name: str, rows: Rows) -> None:
    before, rows.failures = rows.num_lost, 0
    try:
        (last,) = source.execute(f'SELECT max(rowid) FROM "{name}"').fetchone()
    except sqlite3.DatabaseError:
        last = LAST_ROW
    for low in range(1, (last or 0) + 1, CHUNK_ROWS):
        for row in _read(source, name, low, min(low + CHUNK_ROWS - 1, last), rows):
            target.execute(f'INSERT OR IGNORE INTO "{name}" VALUES ({", ".join("?" * len(row))})', row)
            rows.num_kept += 1
    if rows.num_lost > before:
        rows.tables.append(name)


def _read(source: sqlite3.Connection, name: str, low: int, high: int, rows: Rows) -> Iterator[tuple[object, ...]]:
    """Rows of a range, halved until what cannot be read is a row of its own."""
    if rows.failures > MAX_FAILURES:
        return
    try:
        yield from source.execute(
            f'SELECT * FROM "{name}" NOT INDEXED WHERE rowid BETWEEN ? AND ?', (low, high)
        ).fetchall()
        return
    except sqlite3.DatabaseError:
        rows.failures += 1
    if low == high:
        rows.num_lost += 1
        return
    middle = (low + high) // 2
    yield from _read(source, name, low, middle, rows)
    yield from _read(source, name, middle + 1, high, rows)


def _present(connection: sqlite3.Connection) -> list[str]:
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [name for name in _ATTRIBUTES if name in names]


def _invalid(connection: sqlite3.Connection, table: str) -> list[int]:
    query = f"SELECT rowid FROM {table} WHERE value_json IS NULL OR NOT json_valid(value_json)"
    return [identity for (identity,) in connection.execute(query)]
