"""An account as text: one line for each budget."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One budget: what is spent, what runs, what it will be in the end; all in the unit that its name says.

    `forecast` is None until a trial has ended; `limit` is None where there is none.
    """

    name: str
    spent: int | float
    running: int | float
    forecast: int | float | None
    limit: int | float | None


def words(lines: Sequence[Line]) -> str:
    """Those lines that have a limit, but for the trials, as a part of a sentence; "" if there are none."""
    return "".join(f"; {_words(line)}" for line in lines if line.limit is not None and line.name != "trials")


def _words(line: Line) -> str:
    running = f", {amount(line.running)} running" if line.running else ""
    return f"{line.name} {amount(line.spent)} spent{running}, {amount(line.forecast)} forecast of {amount(line.limit)}"


def amount(value: int | float | None) -> str:
    """A number of hours or trials, "-" where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
