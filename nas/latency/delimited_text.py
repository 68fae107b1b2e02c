"""Reads delimited text from elsewhere: rows with their line numbers, any usual separator, decimal points or commas.

Separators are commas, semicolons or tabs, as the header has them. Where it is not a comma that separates, numbers may
have a decimal comma, if no number of the file has a point.
"""

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.latency.table import TableError
from nas.units import plain_spellings

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells by column, stripped; `line` is where the row ends in the file, from 1."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The cells of a delimited file, as text.

    Attributes:
      columns: the header, stripped.
      decimal: what stands in a number before its fraction, "." or ",".
    """

    file: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    decimal: str

    def positive(self, row: Row, column: str) -> float:
        """A finite number above 0.

        Raises:
          TableError: the cell holds something else; the message gives its line.
        """
        text = row.cells[column]
        number = text.replace(self.decimal, ".") if "." not in text else text
        value = float(number) if _NUMBER.fullmatch(number) else math.nan
        if self.decimal == "," and "." in text:
            raise TableError(
                f"{self.file}, line {row.line}: numbers have one decimal sign in a file, got {text!r} beside numbers "
                "with a decimal comma; write all with a point"
            )
        if not math.isfinite(value) or value <= 0:
            plain = " or ".join(repr(right) for _, right in plain_spellings(text))
            raise TableError(
                f"{self.file}, line {row.line}: a time is a number above 0 in {column}, without its unit, got {text!r}"
                f"{f'; write {plain}' if plain else ''}"
            )
        return value


def read_cells(file: Path, times: Iterable[str]) -> Cells:
    """Every row of a file that is not blank.

    Args:
      times: columns that hold numbers, if they are there.

    Raises:
      TableError: the file cannot be read, or a row has more or fewer cells than the header.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as source:
            separator = _separator(source.readline())
            source.seek(0)
            reader = csv.reader(source, delimiter=separator, strict=True)
            header = tuple(name.strip() for name in next(reader, ()))
            _check_header(file, header)
            lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (OSError, UnicodeError, csv.Error) as error:
        raise TableError(f"cannot read {file}: {error}; give a CSV file in UTF-8") from error
    rows = tuple(_row(file, header, separator, *line) for line in lines)
    return Cells(file=file, columns=header, rows=rows, decimal=_decimal(separator, rows, header, times))


def _separator(header: str) -> str:
    """What the header's names are separated by: names have no commas, so another sign counts where there is none."""
    return max(SEPARATORS, key=lambda sign: (header.count(sign), sign == ","))


def _check_header(file: Path, header: Sequence[str]) -> None:
    for name in header:
        if header.count(name) > 1:
            raise TableError(f"{file}: every column needs a name of its own, got {name!r} twice; rename one")


def _row(file: Path, header: Sequence[str], separator: str, line: int, cells: Sequence[str]) -> Row:
    if len(cells) != len(header):
        cure = "write decimal numbers with a point, or " if separator == "," and len(cells) > len(header) else ""
        raise TableError(
            f"{file}, line {line}: a row has as many cells as the header, {len(header)} separated by "
            f"{SEPARATORS[separator]}, got {len(cells)}: {separator.join(cells)[:80]!r}; {cure}mend the row"
        )
    return Row(line=line, cells={name: cell.strip() for name, cell in zip(header, cells, strict=True)})


def _decimal(separator: str, rows: Sequence[Row], header: Sequence[str], times: Iterable[str]) -> str:
    numbers = [row.cells[name] for name in times if name in header for row in rows]
    return "," if separator != "," and any("," in text for text in numbers) else "."
