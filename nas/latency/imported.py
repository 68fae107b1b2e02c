"""Latency tables from elsewhere: another team's CSV of operators, and perhaps of whole networks.

Operators, one in each row, in either form (docs/latency.md):

    operator,ms                                   conv k3 s2 g1 relu 3>16 @224x224,0.31
    op,shape,width,kernel,stride,groups,act,ms    conv,3x224x224,16,3,2,1,relu,0.31
                                                  add,16x112x112,,,,,,0.05

Networks: a column `x_<choice>` for each choice of the space, holding its option, and the time. The time's column is
called after its unit, `ms`, `us` or `s`, and there is one of them. Semicolons and tabs may stand for the commas.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nas.devices import check_key
from nas.latency.delimited_text import Cells, Row, read_cells
from nas.latency.fit import Line, cross_fit, fit_line, judge, sums
from nas.latency.table import Check, LatencyTable, TableError, vouched
from nas.latency.untimed import guess
from nas.space import Add, Architecture, Choice, Conv, GlobalPool, Linear, Operator, Shape, Space, Upsample
from nas.space.variants import operators

UNITS_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
MARGIN = 0.1  # of limits, where no network was timed and nobody says another
MIN_NETWORKS = 10  # from which a line is fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A table, and what of the files was not needed: rows about operators that the space does not have."""

    table: LatencyTable
    num_foreign: int


def import_table(
    space: Space, device: str, file: Path, *, networks: Path | None = None, margin: float | None = None
) -> Import:
    """A latency table of a space from CSV files.

    Args:
      networks: whole networks that were timed, to fit the line and to judge the sums.
      margin: of limits on this latency, on somebody's word; None for what the networks show, or `MARGIN` without any.

    Raises:
      ValueError: the device's name cannot be used.
      TableError: a file is malformed (the message gives its line), or too little of the space is in it.
    """
    check_key(device)
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
        margin=MARGIN,
        guess=about,
    )
    table = _checked(plain, space, networks) if networks else plain
    return Import(table=table if margin is None else vouched(table, margin), num_foreign=num_foreign)


def _checked(table: LatencyTable, space: Space, file: Path) -> LatencyTable:
    timed = _networks(file, space)
    measured = np.array(list(timed.values()))
    by_kind = [sums(table.entries, space.lower(architecture)) for architecture in timed]
    predicted = cross_fit(by_kind, measured)
    fit = judge(predicted, measured)
    return replace(
        table,
        line=fit_line(by_kind, measured),
        fit=fit,
        margin=fit.margin,
        checks=tuple(
            Check(architecture=architecture, sessions_ms=(ms,), predicted_ms=float(predicted[i]))
            for i, (architecture, ms) in enumerate(timed.items())
        ),
    )


def _operators(file: Path) -> dict[str, float]:
    """Milliseconds by operator key."""
    found: dict[str, float] = {}
    cells = read_cells(file, UNITS_MS)
    unit = _unit(cells)
    for row in cells.rows:
        key = row.cells.get("operator") or _operator(file, row).key
        ms = cells.positive(row, unit) * UNITS_MS[unit]
        if key in found and not math.isclose(found[key], ms):
            raise TableError(f"{file}, line {row.line}: {key!r} has two times, {found[key]:g} and {ms:g} ms; keep one")
        found[key] = ms
    return found


def _operator(file: Path, row: Row) -> Operator:
    """An operator from its parts."""

    def whole(name: str, default: int | None = None) -> int:
        text = row.cells.get(name, "")
        if not text and default is not None:
            return default
        if not text.isdigit() or int(text) < 1:
            raise TableError(f"{file}, line {row.line}: {name} must be a whole number from 1, got {text!r}")
        return int(text)

    sides = row.cells.get("shape", "").split("x")
    if len(sides) != 3 or not all(side.isdigit() for side in sides):
        raise TableError(
            f"{file}, line {row.line}: shape is the input's, such as 3x224x224, got {row.cells.get('shape')!r}"
        )
    shape = Shape(*map(int, sides))
    activation, mode = row.cells.get("act") or "none", row.cells.get("mode") or "nearest"
    match row.cells.get("op", ""):
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
            raise TableError(f"{file}, line {row.line}: act is none, relu or relu6, got {activation!r}")
        case "upsample" if mode in ("nearest", "bilinear"):
            return Upsample(input=shape, mode=mode)  # type: ignore[arg-type]  # one of the two
        case "upsample":
            raise TableError(f"{file}, line {row.line}: mode is nearest or bilinear, got {mode!r}")
        case "add":
            return Add(input=shape)
        case "global_pool":
            return GlobalPool(input=shape)
        case "linear":
            return Linear(input=shape, width=whole("width"))
        case other:
            raise TableError(
                f"{file}, line {row.line}: op is conv, upsample, add, global_pool or linear, got {other!r}; "
                "or give a column `operator` with keys as a latency table has them"
            )


def _networks(file: Path, space: Space) -> dict[Architecture, float]:
    """Milliseconds by architecture; of one that was timed more than once, the median."""
    found: dict[Architecture, list[float]] = {}
    cells = read_cells(file, UNITS_MS)
    unit = _unit(cells)
    for row in cells.rows:
        architecture = tuple(_option(file, row, choice) for choice in space.choices)
        found.setdefault(architecture, []).append(cells.positive(row, unit) * UNITS_MS[unit])
    if len(found) < MIN_NETWORKS:
        raise TableError(f"{file} must hold at least {MIN_NETWORKS} different networks, got {len(found)}; time more")
    return {architecture: float(np.median(times)) for architecture, times in found.items()}


def _option(file: Path, row: Row, choice: Choice) -> int:
    column = f"x_{choice.name}"
    if column not in row.cells:
        raise TableError(f"{file} has no column {column!r}; a network is given by all of its choices")
    options = [str(option) for option in choice.options]
    if (text := row.cells[column]) not in options:
        raise TableError(f"{file}, line {row.line}: {column} must be one of {', '.join(options)}, got {text!r}")
    return options.index(text)


def _unit(cells: Cells) -> str:
    found = [name for name in cells.columns if name in UNITS_MS]
    if len(found) != 1:
        raise TableError(
            f"{cells.file} must have one column of times, called after its unit: {', '.join(UNITS_MS)}; "
            f"it has {', '.join(found) or 'none of them'}, its header is {', '.join(map(repr, cells.columns))}"
        )
    return found[0]
