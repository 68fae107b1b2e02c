"""Reads a table's header and rows: gzipped or not, separated by commas, semicolons, tabs or bars.

The separator is the one by which the header has a decision and every row has the header's cells; of several such, the
one that makes the most cells; of equals, the first of `SEPARATORS`. A first line such as `sep=;`, which spreadsheets
write, says it. Spaces around a cell are no part of it.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nas.errors import refusing

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
GZIP_MAGIC = b"\x1f\x8b"

_SAID = re.compile(r"(?i)sep=(.)\r?\n")


class ResultsError(ValueError):
    """A table of results that cannot be read, or a column that cannot be used as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Header and rows of one length, without empty lines; `separator` is a key of `SEPARATORS`, or what was said."""

    header: list[str]
    rows: list[list[str]]
    separator: str


def content_of(path: Path) -> str:
    """The text of a file.

    Raises:
      ResultsError: it cannot be read.
    """
    with refusing(ResultsError, lambda why: f"cannot read {path}: {why}; give a CSV file in UTF-8, gzipped or not"):
        data = path.read_bytes()
        return (gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data).decode("utf-8-sig")


def sheet_of(path: Path, content: str, prefix: str) -> Sheet:
    """Header and rows of a text whose decisions begin with `prefix`.

    Raises:
      ResultsError: it is empty, has no decision, is ragged, or a name stands twice in its header.
    """
    said = _SAID.match(content)
    body = content[said.end() :] if said else content
    sheets = list(_sheets(path, body, [said[1]] if said else list(SEPARATORS)))
    having = [sheet for sheet in sheets if any(name.startswith(prefix) for name in sheet.header)]
    if not having:
        raise ResultsError(
            f"{path.name} has no decisions: their columns begin with {prefix!r}, and it has "
            f"{', '.join(sheets[0].header)}; rename the columns, and separate them by commas, semicolons or tabs"
        )
    best = max(having, key=lambda sheet: (_ragged(sheet) is None, len(sheet.header)))
    _check(path, best)
    return best


def _sheets(path: Path, content: str, separators: list[str]) -> Iterator[Sheet]:
    """The table as read with each separator, which its header must hold; at least one."""
    first = content.lstrip("\r\n").partition("\n")[0]
    present = [separator for separator in separators if separator in first] or separators[:1]
    for separator in present:
        try:
            reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator)
            lines = [[cell.strip() for cell in line] for line in reader if any(map(str.strip, line))]
        except csv.Error as error:
            raise ResultsError(f"{path} is no CSV file: {error}; write it anew") from error
        if len(lines) < 2:
            raise ResultsError(f"{path} is empty; a table has a header and at least one row")
        yield Sheet(header=lines[0], rows=lines[1:], separator=separator)


def _ragged(sheet: Sheet) -> int | None:
    """The first row that has not the header's number of cells."""
    return next((i for i, row in enumerate(sheet.rows) if len(row) != len(sheet.header)), None)


def _check(path: Path, sheet: Sheet) -> None:
    repeated = sorted({name for name in sheet.header if sheet.header.count(name) > 1})
    if repeated:
        raise ResultsError(f"{path.name} has several columns called {repeated[0]!r}; a name stands once, rename one")
    if (i := _ragged(sheet)) is not None:
        by = SEPARATORS.get(sheet.separator, repr(sheet.separator))
        raise ResultsError(
            f"{path.name}: every row needs the header's {len(sheet.header)} cells, separated by {by}, row {i + 1} has "
            f"{len(sheet.rows[i])}; mend it, and put quotes around a cell that holds the separator"
        )
