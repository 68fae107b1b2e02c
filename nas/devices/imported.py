"""Latency tables from elsewhere: another team's CSV of operators, and perhaps of whole networks.

Operators, one in each row, in either form (docs/latency.md):

    operator,ms                                   conv k3 s2 g1 relu 3>16 @224x224,0.31
    op,shape,width,kernel,stride,groups,act,ms    conv,3x224x224,16,3,2,1,relu,0.31
                                                  add,16x112x112,,,,,,0.05

Networks: a column `x_<choice>` for each choice of the space, holding its option, and the time. The time's column is
called after its unit, `ms`, `us` or `s`, and there is one of them.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.devices.fit import Line, cross_fit, fit_line, judge, sums
from nas.devices.guess import guess
from nas.devices.table import Check, LatencyTable, TableError
from nas.ops import Add, Conv, GlobalPool, Linear, Operator, Shape, Upsample
from nas.space import Architecture, Choice, Space
from nas.variants import operators

UNITS_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
MIN_NETWORKS = 10  # from which a line is fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A table, and what of the files was not needed: rows about operators that the space does not have."""

    table: LatencyTable
    num_foreign: int


def import_table(space: Space, device: str, file: Path, *, networks: Path | None = None, margin: float = 0.1) -> Import:
    """A latency table of a space from CSV files.

    Args:
      networks: whole networks that were timed, to fit the line and to judge the sums.
      margin: of limits on this latency, if there are no such networks.

    Raises:
      TableError: a file is malformed (the message gives its line), or too little of the space is in it.
    """
    distinct = {op.key: op for op in operators(space)}
    times = _operators(file)
    entries = {key: ms for key, ms in times.items() if key in distinct}
    if not entries:
        first = next(iter(times), "nothing")
        raise TableError(
            f"{file} has no operator of {space.name} at {space.input}: it has {first!r} where {next(iter(distinct))!r} "
            "would be one; give the input size that was timed (--size)"
        )
    try:
        guessed, about = guess(
            [distinct[key] for key in entries], entries, [op for key, op in distinct.items() if key not in entries]
        )
    except ValueError as error:
        raise TableError(f"{file} covers {len(entries):,} of {len(distinct):,} operators: {error}") from error
    num_foreign = len(times) - len(entries)
    every = entries | guessed
    plain = LatencyTable(
        device=device,
        machine={"runtime": f"timed elsewhere, imported from {file.name}"},
        space=space.name,
        input=str(space.input),
        entries=every,
        line=Line(),
        fit=None,
        margin=margin,
        guess=about,
    )
    return Import(table=_checked(plain, space, networks) if networks else plain, num_foreign=num_foreign)


def _checked(table: LatencyTable, space: Space, file: Path) -> LatencyTable:
    timed = _networks(file, space)
    measured = np.array(list(timed.values()))
    by_kind = [sums(table.entries, space.lower(architecture)) for architecture in timed]
    predicted = cross_fit(by_kind, measured)
    fit = judge(predicted, measured)
    return LatencyTable(
        device=table.device,
        machine=table.machine,
        space=table.space,
        input=table.input,
        entries=table.entries,
        line=fit_line(by_kind, measured),
        fit=fit,
        margin=fit.margin,
        checks=tuple(
            Check(architecture=architecture, sessions_ms=(ms,), predicted_ms=float(predicted[i]))
            for i, (architecture, ms) in enumerate(timed.items())
        ),
        guess=table.guess,
    )


def _operators(file: Path) -> dict[str, float]:
    """Milliseconds by operator key."""
    found: dict[str, float] = {}
    for line, row in _rows(file):
        key = row["operator"].strip() if row.get("operator") else _operator(file, line, row).key
        ms = _milliseconds(file, line, row)
        if key in found and not math.isclose(found[key], ms):
            raise TableError(f"{file}, line {line}: {key!r} has two times, {found[key]:g} and {ms:g} ms; keep one")
        found[key] = ms
    return found


def _operator(file: Path, line: int, row: Mapping[str, str]) -> Operator:
    """An operator from its parts."""

    def whole(name: str, default: int | None = None) -> int:
        text = (row.get(name) or "").strip()
        if not text and default is not None:
            return default
        if not text.isdigit() or int(text) < 1:
            raise TableError(f"{file}, line {line}: {name} must be a whole number from 1, got {text!r}")
        return int(text)

    sides = (row.get("shape") or "").strip().split("x")
    if len(sides) != 3 or not all(side.isdigit() for side in sides):
        raise TableError(f"{file}, line {line}: shape is the input's, such as 3x224x224, got {row.get('shape')!r}")
    shape = Shape(*map(int, sides))
    activation, mode = (row.get("act") or "none").strip(), (row.get("mode") or "nearest").strip()
    match (row.get("op") or "").strip():
        case "conv" if activation in ("none", "relu", "relu6"):
            return Conv(
                input=shape,
                width=whole("width"),
                kernel=whole("kernel"),
                stride=whole("stride", 1),
                groups=whole("groups", 1),
                activation=activation,  # type: ignore[arg-type]  # one of the three
            )
        case "conv":
            raise TableError(f"{file}, line {line}: act is none, relu or relu6, got {activation!r}")
        case "upsample" if mode in ("nearest", "bilinear"):
            return Upsample(input=shape, mode=mode)  # type: ignore[arg-type]  # one of the two
        case "upsample":
            raise TableError(f"{file}, line {line}: mode is nearest or bilinear, got {mode!r}")
        case "add":
            return Add(input=shape)
        case "global_pool":
            return GlobalPool(input=shape)
        case "linear":
            return Linear(input=shape, width=whole("width"))
        case other:
            raise TableError(
                f"{file}, line {line}: op is conv, upsample, add, global_pool or linear, got {other!r}; "
                "or give a column `operator` with keys as a latency table has them"
            )


def _networks(file: Path, space: Space) -> dict[Architecture, float]:
    """Milliseconds by architecture; of one that was timed more than once, the median."""
    found: dict[Architecture, list[float]] = {}
    for line, row in _rows(file):
        architecture = tuple(_option(file, line, row, choice) for choice in space.choices)
        found.setdefault(architecture, []).append(_milliseconds(file, line, row))
    if len(found) < MIN_NETWORKS:
        raise TableError(f"{file} must hold at least {MIN_NETWORKS} different networks, got {len(found)}; time more")
    return {architecture: float(np.median(times)) for architecture, times in found.items()}


def _option(file: Path, line: int, row: Mapping[str, str], choice: Choice) -> int:
    column = f"x_{choice.name}"
    if column not in row:
        raise TableError(f"{file} has no column {column!r}; a network is given by all of its choices")
    options = [str(option) for option in choice.options]
    if (text := (row[column] or "").strip()) not in options:
        raise TableError(f"{file}, line {line}: {column} must be one of {', '.join(options)}, got {text!r}")
    return options.index(text)


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows with their line numbers."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as source:
            reader = csv.DictReader(source)
            _unit(file, reader.fieldnames or ())
            return [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"cannot read {file}: {error}; give a CSV file") from error


def _unit(file: Path, columns: Sequence[str]) -> str:
    found = [name for name in columns if name in UNITS_MS]
    if len(found) != 1:
        raise TableError(
            f"{file} must have one column of times, called after its unit: {', '.join(UNITS_MS)}; "
            f"it has {', '.join(found) or 'none of them'}"
        )
    return found[0]


def _milliseconds(file: Path, line: int, row: Mapping[str, str]) -> float:
    unit = _unit(file, tuple(row))
    text = (row[unit] or "").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise TableError(f"{file}, line {line}: a time is a number above 0 in {unit}, without its unit, got {text!r}")
    return value * UNITS_MS[unit]
