"""A search space that is a list of trained architectures: a CSV file, gzipped or not.

Columns whose name begins with `x_` are the decisions; what stands in them are names or numbers. Every other column was
measured or counted, and is read as numbers only when somebody asks for it. Nothing else is assumed: combinations of
options may be missing, architectures may come several times, cells may be empty.

    N   rows of the file
    n   distinct architectures, sorted by their option indices so that the order of the file tells nothing
    d   decisions
    s   statistics: columns counted without training, such as params
"""

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.space import Choice, Option
from search_spaces._csv import SEPARATORS, ResultsError, content_of, sheet_of
from search_spaces._decisions import EMPTY, PREFIX, codes, decision, hint, holds_numbers, notes_of, values_of

__all__ = [
    "EMPTY", "PREFIX", "Results", "ResultsError",
    "features", "holds_numbers", "named", "numbers", "read_results", "values_of",
]  # fmt: skip

NOT_MEASURED = frozenset({"", "-", "?", "na", "n/a", "nan", "none", "null"})
MIN_ALIKE = 3
"""Decisions with the same options, from which on they are taken for parts of one structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A table of trained architectures.

    Attributes:
      name: the file's name.
      digest: SHA-256 of the text, the same for a file and its gzipped twin.
      choices: the decisions in the order of the columns.
      said: of each decision of which the header says it, whether its options are numbers.
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
    said: Mapping[str, bool]
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

    def _unknown(self, column: str) -> str:
        name, colon, direction = column.rpartition(":")
        if colon and name in self.cells:
            return f"{name} goes with :min or :max, got {':' + direction!r}; write {name}:min or {name}:max"
        return f"{self.name} has no column {column!r}; known: {', '.join(self.cells) or 'none'}"

    def _parsed(self, column: str) -> Float[np.ndarray, " N"]:
        if column in {choice.name for choice in self.choices}:
            raise ResultsError(f"{column!r} is a decision, not a result; known results: {', '.join(self.cells)}")
        if column not in self.cells:
            raise ResultsError(self._unknown(column))
        try:
            return np.array([_number(text) for text in self.cells[column]])
        except ValueError:
            row, text = next((i, text) for i, text in enumerate(self.cells[column]) if not _is_number(text))
            raise ResultsError(
                f"column {column!r} must hold numbers, got {text!r} in row {row + 1}; name another column, leave the "
                f"cell empty for a training that failed, or write a number{hint(text)}"
            ) from None


def read_results(path: Path) -> Results:
    """Read a table.

    Raises:
      ResultsError: the file cannot be read, is empty, is ragged, or has no usable decisions.
    """
    content = content_of(path)
    sheet = sheet_of(path, content, PREFIX)
    columns = dict(zip(sheet.header, zip(*sheet.rows, strict=True), strict=True))
    decisions = [decision(name, columns[name]) for name in sheet.header if name.startswith(PREFIX)]
    choices = tuple(found.choice for found in decisions)
    _check_names([choice.name for choice in choices])
    coded = np.array([codes(found.choice, columns[found.column]) for found in decisions], dtype=np.int8).T
    architectures, place = np.unique(coded, axis=0, return_inverse=True)
    notes = notes_of(choices, [found.column for found in decisions])
    if sheet.separator != ",":
        notes.insert(0, f"cells are separated by {SEPARATORS.get(sheet.separator, repr(sheet.separator))}")
    return Results(
        name=path.name,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        choices=choices,
        architectures=architectures,
        place=place.ravel(),
        cells={name: texts for name, texts in columns.items() if not name.startswith(PREFIX)},
        said={found.choice.name: found.is_number for found in decisions if found.is_number is not None},
        notes=tuple(notes),
    )


def features(
    choices: Sequence[Choice], architectures: Int8[np.ndarray, "n d"], statistics: Float[np.ndarray, "n s"]
) -> Float[np.ndarray, "n f"]:
    """What a predictor sees where decisions are names: `named`, and each statistic scaled to [0, 1].

    A statistic is scaled by its logarithm if all of it is positive; missing ones stand at their median, constant ones
    at 0.
    """
    return np.concatenate([named(choices, architectures), *(_unit(column)[:, None] for column in statistics.T)], axis=1)


def named(choices: Sequence[Choice], architectures: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n f"]:
    """Decisions as names: one-hot, and running counts.

    Decisions with the same options are often the layers or edges of one structure, and what matters may be how many of
    a kind come before: resolution after the second layer is the number of strides so far. So for every set of decisions
    that share their options, the number of each option among the first two, three, ... of them is a feature too.
    """
    one_hot = [np.eye(len(choice.options))[architectures[:, i]] for i, choice in enumerate(choices)]
    return np.concatenate([np.zeros((len(architectures), 0)), *one_hot, *_running_counts(choices, one_hot)], axis=1)


def numbers(choices: Sequence[Choice], architectures: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Decisions as numbers: one column each, scaled to [0, 1], by the logarithm if all options are positive.

    Raises:
      ResultsError: an option is no number.
    """
    levels = [_unit(np.array(values_of(choice))) for choice in choices]
    columns = [level[architectures[:, i]][:, None] for i, level in enumerate(levels)]
    return np.concatenate([np.zeros((len(architectures), 0)), *columns], axis=1)


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


def _check_names(names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ResultsError(f"several decisions are called {repeated[0]!r}; a name stands once, rename one")


def _number(text: str) -> float:
    if "_" in text:  # Python reads 3_1 as 31
        raise ValueError(f"{text!r} is no number")
    return math.nan if text.lower() in NOT_MEASURED else float(text)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True
