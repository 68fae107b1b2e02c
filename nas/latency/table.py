"""A latency table: milliseconds by operator key, how they came about, and how well they add up to whole networks.

Operator times are put together by a line fitted to whole networks (`nas.latency.fit`); what is left is the table's own
error, which a search keeps as a margin. Stored as JSON (docs/latency.md), read without unpickling anything.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nas.costs import Resource
from nas.devices import check_key
from nas.errors import refusing
from nas.latency.fit import Fit, Line
from nas.space import Operator

FORMAT = 2


class TableError(ValueError):
    """A latency table that cannot be used: corrupt, foreign or incomplete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A whole network, timed in several sessions, each in a process of its own.

    Attributes:
      architecture: option indices in the space's order.
      sessions_ms: the time of each session; the quickest is what was measured.
      predicted_ms: by a line fitted to the other networks.
    """

    architecture: tuple[int, ...]
    sessions_ms: tuple[float, ...]
    predicted_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Operators that were not timed, with times predicted from the features of those that were.

    Attributes:
      num_timed: operators that the regressor learned from.
      mape: its mean absolute relative error on operators that it had not seen (cross-validated).
      within_10_percent: share of those within 10 %.
      keys: the predicted operators.
    """

    num_timed: int
    mape: float
    within_10_percent: float
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTable:
    """Operator latencies of a space on a device, with the regression to whole networks and its error.

    Attributes:
      device: key of the device; the resource is called "latency_ms.<device>".
      machine: what the device said of itself; with space and input it is the table's identity.
      space: name of the space whose operators were timed.
      input: of the space, as "3x384x288".
      conditions: when it was timed, the machine's load and clock; they explain a timing, they do not identify it.
      entries: milliseconds by operator key.
      fit: None if no whole network was ever timed.
      margin: what a search must keep free below a limit, as a share of it: the fit's, or somebody's word.
      intervals: order statistics of the rounds by key of the operators that were timed: they enclose the true
        median with a probability of 95 %.
      guess: about the entries that have no interval; None if all were timed.
      on_word: the margin is somebody's word, whatever the checks say.
    """

    device: str
    machine: Mapping[str, str]
    entries: Mapping[str, float]
    line: Line
    fit: Fit | None
    margin: float
    space: str = ""
    input: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    guess: Guess | None = None
    on_word: bool = False

    def resource(self) -> Resource:
        """The meter that limits and searches use, in milliseconds."""
        return Resource(
            name=f"latency_ms.{self.device}", unit="ms", measure=self.measure, constant=self.line.intercept_ms
        )

    def measure(self, op: Operator) -> float:
        """Milliseconds that one operator adds to a network.

        Raises:
          TableError: the table lacks the operator.
        """
        if op.key not in self.entries:
            origin = f" (it was made for {self.space} at {self.input})" if self.space else ""
            raise TableError(
                f"the latency table of {self.device!r}{origin} has no operator {op.key!r}; "
                "profile this space at this input size"
            )
        return self.line.operator_ms(op, self.entries[op.key])

    def check_covers(self, ops: Iterable[Operator]) -> None:
        """Refuse a table for another space or another input size.

        Raises:
          TableError: an operator is missing; the message tells how many.
        """
        missing = {op.key: op for op in ops if op.key not in self.entries}
        if len(missing) > 1:
            first = next(iter(missing))
            origin = f"for {self.space} at {self.input}" if self.space else "elsewhere"
            raise TableError(
                f"the latency table of {self.device!r} was made {origin} and lacks {len(missing):,} operators of this "
                f"space, such as {first!r}; profile this space at this input size"
            )
        for op in missing.values():
            self.measure(op)


def vouched(table: LatencyTable, margin: float) -> LatencyTable:
    """The table with a margin that the user states, in place of the fit's.

    Raises:
      TableError: the margin is no finite number from 0.
    """
    if not math.isfinite(margin) or margin < 0:
        raise TableError(f"a margin is a share from 0, such as 0.2 for 20 %, got {margin}; give another")
    return replace(table, margin=margin, on_word=True)


def write(table: LatencyTable, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps({"format": FORMAT, "unit": "ms", **asdict(table)}, indent=1, allow_nan=False))
    draft.replace(path)


def read(path: Path) -> LatencyTable:
    """Load and check a table.

    Raises:
      TableError: the file is no table of this format, or an entry is not a positive number.
    """
    with refusing(TableError, lambda why: f"cannot read the latency table {path}: {why}; profile the device again"):
        content = json.loads(path.read_text())
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("unit") != "ms":
        raise TableError(f"{path} is no latency table of format {FORMAT} in ms; profile the device again")
    with refusing(TableError, lambda why: f"{path} is damaged ({why}); profile the device again"):
        return _thaw(path, content)


def _thaw(path: Path, content: Mapping[str, Any]) -> LatencyTable:
    check_key(content["device"])
    line = Line(**content["line"])
    _check_numbers(path, {f"operator {key!r}": ms for key, ms in content["entries"].items()})
    _check_numbers(path, {"the intercept": line.intercept_ms, "the margin": content["margin"]})
    _check_numbers(path, {f"the slope of {name}": slope for name, slope in line.slopes.items()})
    guess = content["guess"]
    return LatencyTable(
        device=content["device"],
        machine=content["machine"],
        space=content["space"],
        input=content["input"],
        conditions=content["conditions"],
        entries=content["entries"],
        intervals={key: (low, high) for key, (low, high) in content["intervals"].items()},
        line=line,
        fit=None if content["fit"] is None else _thaw_fit(content["fit"]),
        margin=content["margin"],
        checks=tuple(_thaw_check(check) for check in content["checks"]),
        guess=None if guess is None else Guess(**{**guess, "keys": tuple(guess["keys"])}),
        on_word=bool(content.get("on_word", False)),  # tables of earlier versions have none
    )


def _thaw_fit(content: Mapping[str, Any]) -> Fit:
    fit = Fit(**content)
    return replace(fit, spearman=None) if fit.spearman is not None and math.isnan(fit.spearman) else fit


def _thaw_check(content: Mapping[str, Any]) -> Check:
    return Check(
        architecture=tuple(content["architecture"]),
        sessions_ms=tuple(content["sessions_ms"]),
        predicted_ms=content["predicted_ms"],
    )


def _check_numbers(path: Path, numbers: Mapping[str, Any]) -> None:
    for name, value in numbers.items():
        if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
            raise TableError(f"{path}: {name} is {value!r}; it must be a number from 0; profile the device again")
