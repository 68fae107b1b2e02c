"""The decisions of a table: what its header says of them, which options they have, and what may be a number.

    x_op         a decision; whether its options are numbers or names is not said
    x_op:name    its options are names, though they may look like numbers, as codes do
    x_width:number    its options are numbers

Options are equal only where their texts are: 1, 01 and 1.0 are three options, and so are 3_1 and 31. Where every text
of a decision is a whole number as one writes it, its options are those numbers, in order.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas.space import Choice, Option
from search_spaces._csv import ResultsError

PREFIX = "x_"
EMPTY = "(empty)"
"""The option that an empty cell of a decision stands for."""
MAX_OPTIONS = 127
SUFFIXES: Mapping[str, bool] = {
    **dict.fromkeys(("number", "numbers", "numeric", "int", "float"), True),
    **dict.fromkeys(("name", "names", "category", "categorical", "str"), False),
}
"""What may follow a decision's name behind a colon, in any case, and whether its options are then numbers."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""What a person would call a number: Python would also take 3_1, nan, infinity and digits of other scripts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision's column of the table.

    Attributes:
      choice: its name, without what the header says behind a colon, and its options.
      is_number: what the header says; None if nothing.
    """

    choice: Choice
    column: str
    is_number: bool | None


def decision(column: str, texts: Sequence[str]) -> Decision:
    """Read one column.

    Raises:
      ResultsError: it has too many options, or is said to hold numbers and does not.
    """
    name, colon, said = column.rpartition(":")
    is_number = SUFFIXES.get(said.strip().lower()) if colon else None
    name = column if is_number is None else name.strip()
    options = _options(texts)
    if len(options) > MAX_OPTIONS:
        raise ResultsError(
            f"a decision has at most {MAX_OPTIONS} options, {name!r} has {len(options)}; group them, or rename the "
            "column if it is no decision"
        )
    choice = Choice(name=name, options=options)
    if is_number:
        values_of(choice)
    return Decision(choice=choice, column=column, is_number=is_number)


def codes(choice: Choice, texts: Sequence[str]) -> list[int]:
    """The index of each text's option."""
    place = {str(option): i for i, option in enumerate(choice.options)}
    return [place[text or EMPTY] for text in texts]


def holds_numbers(choice: Choice) -> bool:
    """Whether every option can be read as a number."""
    return all(number_of(str(option)) is not None for option in choice.options)


def values_of(choice: Choice) -> list[float]:
    """The options as numbers.

    Raises:
      ResultsError: one is none.
    """
    values = [number_of(str(option)) for option in choice.options]
    for option, value in zip(choice.options, values, strict=True):
        if value is None:
            raise ResultsError(
                f"decision {choice.name!r} is said to hold numbers, got {str(option)!r}; write it as "
                f"one{hint(option)}, or take {choice.name} for names"
            )
    return [value for value in values if value is not None]


def number_of(text: str) -> float | None:
    """A finite number, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def hint(text: Option) -> str:
    """How a number is written, after one that was written with a decimal comma."""
    return " with a decimal point" if re.fullmatch(r"[+-]?\d+,\d+", str(text), re.ASCII) else ""


def notes_of(choices: Sequence[Choice], columns: Sequence[str]) -> list[str]:
    """Notes on decisions that a reader should know."""
    notes = []
    for choice, column in zip(choices, columns, strict=True):
        if len(choice.options) == 1:
            notes.append(
                f"decision {choice.name} has one option only, {choice.options[0]!r}: it is kept and changes nothing"
            )
        if EMPTY in choice.options:
            notes.append(f"decision {choice.name} has empty cells: they count as an option of their own")
        if choice.name == column and ":" in column:
            notes.append(
                f"decision {choice.name} says {column.rpartition(':')[2]!r} behind a colon, which is taken for a part "
                "of its name; :number and :name say what its options are"
            )
        notes += _look_alike(choice)
    return notes


def _look_alike(choice: Choice) -> list[str]:
    """A note on the first two options that are one number and two texts."""
    seen: dict[float, Option] = {}
    for option in choice.options:
        value = number_of(str(option))
        if value is None:
            continue
        if value in seen:
            return [
                f"decision {choice.name} has the options {seen[value]} and {option}, the same number written in two "
                "ways: they count as two options; write them alike if they are one"
            ]
        seen[value] = option
    return []


def _options(texts: Sequence[str]) -> tuple[Option, ...]:
    """Whole numbers in order; other numbers, as texts, in order; else names in alphabetical order."""
    distinct = {text or EMPTY for text in texts}
    if "" in texts and EMPTY in texts:
        raise ResultsError(f"an empty cell is called {EMPTY!r}, and a decision has an option of that name; rename it")
    values = {text: value for text in distinct if (value := number_of(text)) is not None}
    if len(values) < len(distinct):
        return tuple(sorted(distinct))
    if all(re.fullmatch(r"0|-?[1-9]\d*", text, re.ASCII) for text in distinct):
        return tuple(sorted(int(text) for text in distinct))
    return tuple(sorted(distinct, key=lambda text: (values[text], text)))
