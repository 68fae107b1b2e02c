"""A search space that is a list of trained architectures: a CSV file, gzipped or not.

Columns whose name begins with `x_` are the decisions; what stands in them are names or numbers. Every other column was
measured or counted, and is read as numbers only when somebody asks for it. Nothing else is assumed: combinations of
options may be missing, architectures may come several times, cells may be empty.

    N   rows of the file
    n   distinct architectures, sorted by their option indices so that the order of the file tells nothing
    d   decisions
    s   statistics: columns counted without training, such as params
"""

import csv
import gzip
import hashlib
import io
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.readable import refusing
from nas.space import Choice, Option

PREFIX = "x_"
EMPTY = "(empty)"
"""The option that an empty cell of a decision stands for."""
NOT_MEASURED = frozenset({"", "-", "?", "na", "n/a", "nan", "none", "null"})
GZIP_MAGIC = b"\x1f\x8b"
MAX_OPTIONS = 127
MIN_ALIKE = 3
"""Decisions with the same options, from which on they are taken for parts of one structure."""


class ResultsError(ValueError):
    """A table of results that cannot be read, or a column that cannot be used as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The table.

    Attributes:
      name: the file's name.
      digest: SHA-256 of the text, the same for a file and its gzipped twin.
      choices: the decisions in the order of the columns.
      architectures: the distinct ones.
      place: of each row of the file, its architecture's.
      cells: of each other column, the texts.
      notes: what a reader should know, as sentences.
    """

    name: str
    digest: str
    choices: tuple[Choice, ...]
    architectures: Int8[np.ndarray, "n d"]
    place: Int[np.ndarray, " N"]
    cells: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()

    @property
    def num_options(self) -> Int[np.ndarray, " d"]:
        return np.array([len(choice.options) for choice in self.choices], dtype=np.int64)

    @property
    def is_complete(self) -> bool:
        """Whether every combination of options is in the table."""
        return math.prod(len(choice.options) for choice in self.choices) == len(self.architectures)

    def numbers(self, column: str) -> Float[np.ndarray, " n"]:
        """A column by architecture: the mean of its finite values, NaN where there is none.

        Raises:
          ResultsError: the column is unknown, a decision, or holds something that is no number.
        """
        values = self._parsed(column)
        finite = np.isfinite(values)
        total, count = np.zeros(len(self.architectures)), np.zeros(len(self.architectures))
        np.add.at(total, self.place[finite], values[finite])
        np.add.at(count, self.place[finite], 1)
        mean: Float[np.ndarray, " n"] = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
        return mean

    def num_disagreeing(self, column: str) -> int:
        """How many architectures come several times with different values.

        Raises:
          ResultsError: as for `numbers`.
        """
        values = self._parsed(column)
        finite = np.isfinite(values)
        low, high = np.full(len(self.architectures), np.inf), np.full(len(self.architectures), -np.inf)
        np.minimum.at(low, self.place[finite], values[finite])
        np.maximum.at(high, self.place[finite], values[finite])
        return int((high > low).sum())

    def _parsed(self, column: str) -> Float[np.ndarray, " N"]:
        if column in {choice.name for choice in self.choices}:
            raise ResultsError(f"{column!r} is a decision, not a result; known results: {', '.join(self.cells)}")
        if column not in self.cells:
            raise ResultsError(f"{self.name} has no column {column!r}; known: {', '.join(self.cells) or 'none'}")
        try:
            return np.array([_number(text) for text in self.cells[column]])
        except ValueError:
            row, text = next((i, text) for i, text in enumerate(self.cells[column]) if not _is_number(text))
            raise ResultsError(
                f"column {column!r} must hold numbers, got {text!r} in row {row + 1}; name another column, or "
                "leave the cell empty for a training that failed"
            ) from None


def read_results(path: Path) -> Results:
    """Read a table.

    Raises:
      ResultsError: the file cannot be read, is empty, is ragged, or has no usable decisions.
    """
    content = _content(path)
    header, rows = _lines(path, content)
    names = [name for name in header if name.startswith(PREFIX)]
    if not names:
        raise ResultsError(
            f"{path.name} has no decisions: their columns begin with {PREFIX!r}, and it has {', '.join(header)}; "
            "rename the columns (and separate them by commas)"
        )
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    choices = tuple(_choice(name, columns[name]) for name in names)
    codes = np.array([_codes(choice, columns[choice.name]) for choice in choices], dtype=np.int8).T
    architectures, place = np.unique(codes, axis=0, return_inverse=True)
    return Results(
        name=path.name,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        choices=choices,
        architectures=architectures,
        place=place.ravel(),
        cells={name: texts for name, texts in columns.items() if not name.startswith(PREFIX)},
        notes=tuple(_notes(choices)),
    )


def features(
    choices: Sequence[Choice], architectures: Int8[np.ndarray, "n d"], statistics: Float[np.ndarray, "n s"]
) -> Float[np.ndarray, "n f"]:
    """What a predictor sees: decisions one-hot, running counts, and each statistic scaled to [0, 1].

    Decisions with the same options are often the layers or edges of one structure, and what matters may be how many of
    a kind come before: resolution after the second layer is the number of strides so far. So for every set of decisions
    that share their options, the number of each option among the first two, three, ... of them is a feature too.

    A statistic is scaled by its logarithm if all of it is positive; missing ones stand at their median, constant ones
    at 0.
    """
    one_hot = [np.eye(len(choice.options))[architectures[:, i]] for i, choice in enumerate(choices)]
    scaled = [_unit(column)[:, None] for column in statistics.T]
    return np.concatenate([*one_hot, *_running_counts(choices, one_hot), *scaled], axis=1)


def _running_counts(
    choices: Sequence[Choice], one_hot: Sequence[Float[np.ndarray, "n _"]]
) -> list[Float[np.ndarray, "n _"]]:
    """By set of decisions that share their options, in the order of the columns."""
    alike: dict[tuple[Option, ...], list[int]] = {}
    for i, choice in enumerate(choices):
        alike.setdefault(choice.options, []).append(i)
    shared = [group for options, group in alike.items() if len(group) >= MIN_ALIKE and len(options) > 1]
    return [total for group in shared for total in list(itertools.accumulate(one_hot[i] for i in group))[1:]]


def _unit(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(len(values))
    filled = np.where(finite, values, np.median(values[finite]))
    scaled = np.log(filled) if filled.min() > 0 else filled
    span = np.ptp(scaled)
    unit: Float[np.ndarray, " n"] = (scaled - scaled.min()) / (span if span > 0 else 1.0)
    return unit


def _content(path: Path) -> str:
    with refusing(ResultsError, lambda why: f"cannot read {path}: {why}; give a CSV file in UTF-8, gzipped or not"):
        data = path.read_bytes()
        return (gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data).decode("utf-8-sig")


def _lines(path: Path, content: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows, all of one length; empty lines are left out."""
    try:
        lines = [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(content, newline="")) if line]
    except csv.Error as error:
        raise ResultsError(f"{path} is no CSV file: {error}; write it anew") from error
    if len(lines) < 2:
        raise ResultsError(f"{path} is empty; a table has a header and at least one row")
    header, *rows = lines
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise ResultsError(f"{path.name} has several columns called {repeated[0]!r}; a name stands once, rename one")
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise ResultsError(
                f"{path.name}: every row needs the header's {len(header)} cells, row {i + 1} has {len(row)}; mend it"
            )
    return header, rows


def _choice(name: str, texts: Sequence[str]) -> Choice:
    options = _options(texts)
    if len(options) > MAX_OPTIONS:
        raise ResultsError(
            f"a decision has at most {MAX_OPTIONS} options, {name!r} has {len(options)}; group them, or rename the "
            "column if it is no decision"
        )
    return Choice(name=name, options=options)


def _options(texts: Sequence[str]) -> tuple[Option, ...]:
    """Whole numbers in order; other numbers, as texts, in order; else names in alphabetical order."""
    if not all(_is_finite(text) for text in texts):
        return tuple(sorted({text or EMPTY for text in texts}))
    values = sorted({float(text) for text in texts})
    if all(value.is_integer() for value in values):
        return tuple(int(value) for value in values)
    return tuple(repr(value) for value in values)


def _codes(choice: Choice, texts: Sequence[str]) -> list[int]:
    place = {option: i for i, option in enumerate(choice.options)}
    code = {text: place[_option(text, choice)] for text in set(texts)}
    return [code[text] for text in texts]


def _option(text: str, choice: Choice) -> Option:
    if choice.is_numeric:
        return int(float(text))
    return text if text in choice.options else EMPTY if not text else repr(float(text))


def _notes(choices: Sequence[Choice]) -> list[str]:
    notes = []
    for choice in choices:
        if len(choice.options) == 1:
            notes.append(
                f"decision {choice.name} has one option only, {choice.options[0]!r}: it is kept and changes nothing"
            )
        if EMPTY in choice.options:
            notes.append(f"decision {choice.name} has empty cells: they count as an option of their own")
    return notes


def _number(text: str) -> float:
    return math.nan if text.lower() in NOT_MEASURED else float(text)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _is_finite(text: str) -> bool:
    return text.lower() not in NOT_MEASURED and _is_number(text) and math.isfinite(float(text))
