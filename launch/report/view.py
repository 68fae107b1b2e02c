"""View types for the templates: texts and marks, already decided. A template only lays them out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from launch.terminal import number

UNKNOWN = "–"  # noqa: RUF001  # a dash that no figure can be mistaken for


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell. `style` holds CSS classes."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a header; the first cell of a row names it."""

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing: `svg` is markup of our own making, `label` says in words what it shows, `caption` how to read it."""

    svg: Markup
    label: str
    caption: str


def named(text: str) -> Cell:
    """A short name, such as a trial's, that stays on one line."""
    return Cell(text=text, style="name")


def words(text: str, style: str = "") -> Cell:
    return Cell(text=text, style=style)


def amount(value: int | float | None, style: str = "") -> Cell:
    """A cost or a count, see `launch.terminal.number`."""
    return Cell(text=shown(value), style=f"number {style}".strip())


def score(value: float | None, style: str = "") -> Cell:
    """A metric, with four decimals."""
    return Cell(text=decimals(value), style=f"number {style}".strip())


def shown(value: int | float | None) -> str:
    return UNKNOWN if value is None or not math.isfinite(value) else number(float(value))


def decimals(value: float | None) -> str:
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.4f}"


def percent(value: float | None, decimals: int = 0) -> str:
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.{decimals}%}"


def deviation(value: float | None) -> str:
    """A signed share; what rounds to nothing has no sign."""
    text = percent(value, decimals=1)
    if text in ("0.0%", "-0.0%"):
        return "0.0%"
    return text if text.startswith(("-", UNKNOWN)) else f"+{text}"


def header(*names: str, numbers: Sequence[str] = ()) -> tuple[Cell, ...]:
    """Columns of words, then columns of numbers."""
    return (*(Cell(text=name) for name in names), *(Cell(text=name, style="number") for name in numbers))


def clipped(text: str, length: int) -> str:
    """At most `length` characters, for where there is no room for more."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def counted(number: int, noun: str) -> str:
    """Such as "1 trial" and "2 trials"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """A list as people write it: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else list(names))
