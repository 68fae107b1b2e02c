"""Limits as text, parsed: "macs <= 2e9", "weight_bytes.int8 <= 3MB", "latency_ms.cpu <= 0.9 * baseline".

One resource, one comparison, one amount; the sides may be swapped. An amount is a number, with a unit suffix if you
like, or a factor times a named reference architecture, which stands for that architecture's cost. Texts are never
evaluated: Python's parser reads the amount, and anything but numbers, names, `*`, `/` and signs is refused.

    resource   macs | latency_ms.pixel4 | path/to/file.py:name | "latency_ms.Pixel 4", in any quotes
    amount     2e9 | 2.5G | 2.5 GMACs | 3 MB | 0.9 * baseline | published / 2
"""

import ast
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from nas.units import WELL_KNOWN, nearest, plain_spellings, sizes, spellings

Relation = Literal["<=", ">="]

EXAMPLES = "'macs <= 2e9', 'weight_bytes.int8 <= 3MB' or 'latency_ms.cpu <= 0.9 * baseline'"
MAX_LENGTH = 200  # characters of an amount; keeps Python's parser from deep recursion

_COMPARISON = re.compile(r"<=|>=|==|!=|=<|=>|[<>=≤≥]")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_NAME = r"[A-Za-z_][\w.-]*"
_RESOURCE = re.compile(rf"(?:[^<>=]*\.py:)?{_NAME}")
_AMOUNT = re.compile(r"[\w\s.+*/()-]*", re.ASCII)
_MICRO = str.maketrans("µμ", "uu")  # the sign and the Greek letter
_NUMBER_WITH_UNIT = re.compile(  # a prefix may stand by itself: "2.6 G MACs"
    r"(?<![\w.])((?>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))\s*(?:([KkMGTmun])\s+)?([A-Za-z]\w*)", re.ASCII
)


class LimitError(ValueError):
    """A limit that cannot be read, or that cannot make a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`resource` must be at most ("<=") or at least (">=") `bound`, in the resource's unit; `text` is as written."""

    resource: str
    relation: Relation
    bound: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amount:
    """A product of numbers with at most one name in it: a unit suffix or a reference architecture."""

    value: Fraction
    name: str | None = None


def parse_limit(text: str, *, units: Mapping[str, str], reference_cost: Callable[[str, str], float]) -> Limit:
    """Read one limit.

    Args:
      units: the unit of every known resource, such as {"macs": "MACs", "latency_ms.cpu": "ms"}.
      reference_cost: cost of a named architecture, as (reference, resource) -> number in the resource's unit; raises
        ValueError or KeyError for a name it does not know.

    Raises:
      LimitError: the text is malformed, its resource, unit or reference is unknown, or its bound is not finite.
    """
    resource, relation, amount_text = _split(text)
    if resource not in units:
        raise LimitError(_unknown_resource(text, resource, units))
    amount = _read_amount(text, amount_text)
    if amount.name is None:
        bound = _as_float(text, amount.value)
    else:
        bound = _as_float(text, amount.value * _scale(text, amount.name, resource, units, reference_cost))
    return Limit(resource=resource, relation=relation, bound=bound, text=text)


def resource_name(text: str) -> str:
    """Which resource a limit is about, without quotes; for a resource from a file, the path and name as written.

    Raises:
      LimitError: the text is not one comparison with a resource on one side.
    """
    return _split(text)[0]


def is_resource_name(name: str) -> bool:
    """Whether a limit can name a resource so without quotes; what a file comes before is left out."""
    return re.fullmatch(_NAME, name) is not None


def quoted(resource: str) -> str:
    """A resource's name as a limit must give it: in quotes if it needs them."""
    if _RESOURCE.fullmatch(resource):
        return resource
    return next((f"{mark}{resource}{mark}" for mark in "\"'`" if mark not in resource), resource)


def check_reach(limit: Limit, low: float, high: float) -> None:
    """Refuse a limit that makes no difference in a space where its resource goes from `low` to `high`.

    Raises:
      LimitError: every architecture meets the limit, or none does.
    """
    at_most = limit.relation == "<="
    reach = f"{limit.resource} goes from {low:,.10g} to {high:,.10g} in this space, the limit is {limit.bound:,.10g}"
    if high <= limit.bound if at_most else low >= limit.bound:
        raise LimitError(f"limit {limit.text!r} can never fail: {reach}; leave it out or tighten it")
    if low > limit.bound if at_most else high < limit.bound:
        raise LimitError(f"limit {limit.text!r} can never hold: {reach}; loosen it")


def _split(text: str) -> tuple[str, Relation, str]:
    """Resource, relation as seen from the resource, and the text of the amount."""
    if not text.strip():
        raise LimitError(f"a limit must not be empty; write one such as {EXAMPLES}")
    at, relation = _relation(text)
    left, right = text[:at].strip(), text[at + len(relation) :].strip()
    if not left or not right:
        raise LimitError(f"limit {text!r} has nothing on one side of {relation}; write one such as {EXAMPLES}")
    if name := _name(left):
        return name, relation, right
    if name := _name(right):
        return name, ">=" if relation == "<=" else "<=", left
    raise LimitError(
        f"limit {text!r} has no resource standing alone on one side; {_with_quotes(left, relation, right)}"
        f"write one such as {EXAMPLES}"
    )


def _name(side: str) -> str:
    """The resource that one side of a limit names, "" if it names none."""
    if _QUOTED.fullmatch(side):
        return side[1:-1] if side[1:-1].strip() else ""
    return side if _RESOURCE.fullmatch(side) else ""


def _with_quotes(left: str, relation: Relation, right: str) -> str:
    """The limit as it may have been meant, if quotes are all that it lacks."""
    is_a_name = left[0].isalpha() and not any(sign in left for sign in "*/\"'`")
    return f"a name with spaces or signs takes quotes, {f'{quoted(left)} {relation} {right}'!r}; " if is_a_name else ""


def _relation(text: str) -> tuple[int, Relation]:
    """Where the comparison stands, and which it is."""
    found = list(_COMPARISON.finditer(_QUOTED.sub(lambda name: "x" * len(name[0]), text)))
    if not found:
        raise LimitError(f"limit {text!r} has no comparison; write one such as {EXAMPLES}")
    if len(found) > 1:
        raise LimitError(f"limit {text!r} has {len(found)} comparisons, a limit has one; split it into several limits")
    if found[0][0] == "<=":
        return found[0].start(), "<="
    if found[0][0] == ">=":
        return found[0].start(), ">="
    raise LimitError(f"limit {text!r} compares with {found[0][0]!r}; use <= or >=")


def _unknown_resource(text: str, resource: str, units: Mapping[str, str]) -> str:
    known = ", ".join(map(quoted, sorted(units))) or "none"
    hint = _did_you_mean(map(quoted, nearest(resource, units)))
    return f"limit {text!r} is about {resource!r}, which is no known resource{hint}; known: {known}"


def _read_amount(text: str, amount: str) -> _Amount:
    if len(amount) > MAX_LENGTH:
        raise LimitError(
            f"an amount has at most {MAX_LENGTH} characters, got {len(amount)}: {amount[:40]!r}...; shorten it"
        )
    amount = amount.translate(_MICRO)
    if meant := plain_spellings(amount):
        limits = " or ".join(repr(text.replace(wrong, right, 1)) for wrong, right in meant)
        raise LimitError(f"limit {text!r}: a number is written with a point and without separators; write {limits}")
    if not _AMOUNT.fullmatch(amount):
        wrong = next(character for character in amount if not _AMOUNT.fullmatch(character))
        raise LimitError(f"limit {text!r}: an amount has no {wrong!r}; write one such as {EXAMPLES}")
    try:
        tree = ast.parse(_NUMBER_WITH_UNIT.sub(r"(\1*\2\3)", amount).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise LimitError(f"limit {text!r}: cannot read the amount {amount!r}; write one such as {EXAMPLES}") from None
    return _reduce(text, tree.body)


def _reduce(text: str, node: ast.expr) -> _Amount:
    """Reduce an amount's syntax tree to a product; the match is a whitelist: anything else is refused."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _Amount(value=_as_fraction(text, number))
        case ast.Name(id=name):
            return _Amount(value=Fraction(1), name=name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _reduce(text, operand)
            return _Amount(value=-inner.value, name=inner.name)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _reduce(text, operand)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _multiply(text, _reduce(text, left), _reduce(text, right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _multiply(text, _reduce(text, left), _inverse(text, _reduce(text, right)))
    raise LimitError(
        f"limit {text!r}: an amount is a number, with a unit or times a reference architecture; "
        f"{ast.unparse(node)!r} is not allowed"
    )


def _multiply(text: str, left: _Amount, right: _Amount) -> _Amount:
    if left.name and right.name:
        raise LimitError(
            f"limit {text!r} multiplies {left.name!r} and {right.name!r}; an amount has one unit or one reference"
        )
    return _Amount(value=left.value * right.value, name=left.name or right.name)


def _inverse(text: str, amount: _Amount) -> _Amount:
    if amount.name:
        raise LimitError(f"limit {text!r} divides by {amount.name!r}; divide by a plain number")
    if amount.value == 0:
        raise LimitError(f"limit {text!r} divides by zero; divide by another number")
    return _Amount(value=1 / amount.value)


def _scale(
    text: str, name: str, resource: str, units: Mapping[str, str], reference_cost: Callable[[str, str], float]
) -> Fraction:
    """How many of the resource's unit a unit, or a reference architecture, is."""
    unit = units[resource]
    fitting = sizes(unit)
    if name in fitting:
        return fitting[name]
    if name in WELL_KNOWN:
        raise LimitError(_misfit(text, name, resource, unit))
    try:
        cost = reference_cost(name, resource)
    except (ValueError, KeyError) as error:
        if any(name in sizes(other) for other in units.values()):
            raise LimitError(_misfit(text, name, resource, unit)) from None
        hint = _did_you_mean(nearest(name, spellings(unit))) or f": {error.args[0] if error.args else error}"
        raise LimitError(
            f"limit {text!r}: {name!r} is neither a unit ({', '.join(spellings(unit))}) nor a reference architecture"
            f"{hint}"
        ) from None
    return _as_fraction(text, cost)


def _misfit(text: str, name: str, resource: str, unit: str) -> str:
    measured, plain = (f"is measured in {unit}", f"a plain number of {unit}") if unit else ("has no unit", "a number")
    hint = _did_you_mean(other for other in spellings(unit) if other.casefold() == name.casefold())
    return (
        f"limit {text!r}: {resource!r} {measured}, so its amount cannot be in {name!r}{hint}; "
        f"use {', '.join(spellings(unit))}, or {plain}"
    )


def _did_you_mean(names: Iterable[str]) -> str:
    listed = " or ".join(map(repr, names))
    return f"; did you mean {listed}?" if listed else ""


def _as_fraction(text: str, number: int | float) -> Fraction:
    if not math.isfinite(number):
        raise LimitError(f"limit {text!r}: its amount must be a finite number, got {number}; write a smaller one")
    # As written: 1.001 G is 1,001,000,000, which a thousand million times the nearest binary number is not.
    return Fraction(number if isinstance(number, int) else repr(float(number)))


def _as_float(text: str, value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise LimitError(f"limit {text!r}: its amount must be a finite number, but it is too large") from None
