"""Limits on a table's columns: which rows meet them, and by how much the others do not.

A plain number is in the column's own unit. An amount with a unit, such as `4 ms`, needs a column whose unit is known:
by its name or because it was said (`launch.bench.question.column_units`). For a column that counts in millions, 300M
is 300.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from launch.bench.question.column_units import Unit, unit_of
from nas.costs import Limit, LimitError, parse_limit, resource_name
from nas.units import BYTES, TIMES
from search_spaces.table import Results, ResultsError

_WORDS = re.compile(r"(?<![A-Za-z_])[A-Za-z]\w*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A table's architectures under limits on its columns.

    Attributes:
      excess: by how much of its bound each limit is broken, at most 0 where it holds.
      allowed: which rows meet every limit.
      notes: what a reader should know, as sentences.
    """

    excess: Float[np.ndarray, "n limits"]
    allowed: Bool[np.ndarray, " n"]
    notes: tuple[str, ...]


def limited(results: Results, texts: Sequence[str], said: Mapping[str, Unit]) -> Limited:
    """Apply limits to a table's architectures.

    Args:
      said: units of columns, which go before those that their names say.

    Raises:
      LimitError: a limit cannot be read.
      ResultsError: no row meets a limit, or all of them together.
    """
    units = {column: said.get(column, unit_of(column)) for column in results.cells}
    excess, notes = np.zeros((len(results.architectures), len(texts))), list[str]()
    for i, text in enumerate(texts):
        limit = _read(text, units, notes)
        values = results.numbers(limit.resource)
        excess[:, i] = _excess(values, limit)
        notes += _reach(limit, values, excess[:, i])
    allowed = np.all(excess <= 0, axis=1)
    if not allowed.any():
        raise ResultsError(f"no row meets all of {', '.join(map(repr, texts))} together; loosen one")
    if texts:
        notes.append(f"{allowed.sum()} of {len(allowed)} architectures meet the limits; the others do not exist here")
    return Limited(excess=excess, allowed=allowed, notes=tuple(notes))


def _read(text: str, units: Mapping[str, Unit], notes: list[str]) -> Limit:
    """A limit, its bound in the column's own unit."""
    column, words = resource_name(text), _words(text)
    unit = units.get(column, Unit())
    if column in units and not unit.is_known and (strange := [word for word in words if word in {**TIMES, **BYTES}]):
        raise LimitError(
            f"limit {text!r}: the column {column!r} does not say its unit, so its amount cannot be in {strange[0]!r}; "
            f"say it with --unit {column}={strange[0]}, or give a plain number"
        )
    limit = parse_limit(text, units={name: unit.name for name, unit in units.items()}, reference_cost=_no_reference)
    if unit.scale == 1.0 or not words:
        return limit
    limit = replace(limit, bound=limit.bound / unit.scale)
    notes.append(f"{column} is in {unit}, so {text!r} is {column} {limit.relation} {limit.bound:,.10g}")
    return limit


def _words(text: str) -> list[str]:
    """The units of a limit's amount; the exponent of a number is none."""
    column = resource_name(text)
    left, right = re.split("<=|>=", text, maxsplit=1)
    amount = right if left.strip(" \t'\"`") == column else left
    return _WORDS.findall(re.sub(r"\d[eE][+-]?\d", "0", amount))


def _no_reference(reference: str, resource: str) -> float:
    raise ValueError(f"a table has no architecture called {reference!r}")


def _excess(values: Float[np.ndarray, " n"], limit: Limit) -> Float[np.ndarray, " n"]:
    """Positive where the limit is broken, as a share of the bound; 1 where nothing was measured."""
    over = values - limit.bound if limit.relation == "<=" else limit.bound - values
    return np.where(np.isnan(over), 1.0, over / (abs(limit.bound) or 1.0))


def _reach(limit: Limit, values: Float[np.ndarray, " n"], excess: Float[np.ndarray, " n"]) -> list[str]:
    """Notes on a limit that every row meets, and on rows without a value.

    Raises:
      ResultsError: no row meets it.
    """
    finite = values[np.isfinite(values)]
    reach = f"goes from {finite.min():,.10g} to {finite.max():,.10g}" if len(finite) else "has no value"
    if not (excess <= 0).any():
        raise ResultsError(f"no row meets the limit {limit.text!r}: {limit.resource} {reach}; loosen it")
    if (excess <= 0).all():
        return [
            f"the limit {limit.text!r} binds nothing: {limit.resource} {reach}, and {limit.bound:,.10g} is met by "
            "every row; look at the column's unit, tighten the limit or leave it out"
        ]
    missing = int(np.isnan(values).sum())
    return [f"{missing} architectures have no {limit.resource}: they do not meet {limit.text!r}"] if missing else []
