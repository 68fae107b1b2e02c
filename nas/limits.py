"""Limits as an engineer writes them: "macs <= 2e9", "weight_bytes.int8 <= 3MB", "latency_ms.cpu <= 0.9 * baseline".

One resource, one comparison, one amount; the sides may be swapped. An amount is a number, with a unit suffix if you
like, or a factor times a named reference architecture, which stands for that architecture's cost. Texts are never
evaluated: Python's parser reads the amount, and anything but numbers, names, `*`, `/` and signs is refused.

    resource   macs | latency_ms.pixel4 | path/to/file.py:name
    amount     2e9 | 2.5G | 3 MB | 0.9 * baseline | published / 2
"""

import ast
import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Relation = Literal["<=", ">="]

COUNT_SUFFIXES = {"K": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9)}
BYTE_SUFFIXES = {
    "B": Fraction(1), "KB": Fraction(10**3), "MB": Fraction(10**6), "GB": Fraction(10**9),
    "KiB": Fraction(2**10), "MiB": Fraction(2**20), "GiB": Fraction(2**30),
}  # fmt: skip
TIME_SUFFIXES = {"us": Fraction(1, 10**6), "ms": Fraction(1, 10**3), "s": Fraction(1)}
SUFFIXES = {**COUNT_SUFFIXES, **BYTE_SUFFIXES, **TIME_SUFFIXES}
EXAMPLES = "'macs <= 2e9', 'weight_bytes.int8 <= 3MB' or 'latency_ms.cpu <= 0.9 * baseline'"
MAX_LENGTH = 200  # characters of an amount; keeps Python's parser from deep recursion

_COMPARISON = re.compile(r"<=|>=|==|!=|=<|=>|[<>=]")
_NAME = r"[A-Za-z_][\w.-]*"
_RESOURCE = re.compile(rf"(?:[^<>=]*\.py:)?{_NAME}")
_AMOUNT = re.compile(r"[\w\s.+*/()-]*", re.ASCII)
_NUMBER_WITH_SUFFIX = re.compile(r"(?<![\w.])((?>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))\s*([A-Za-z]\w*)", re.ASCII)


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
    elif amount.name in SUFFIXES or amount.name == units[resource]:
        bound = _as_float(text, amount.value * _suffix_scale(text, amount.name, resource, units[resource]))
    else:
        bound = _as_float(text, amount.value * _reference(text, amount.name, resource, reference_cost))
    return Limit(resource=resource, relation=relation, bound=bound, text=text)


def resource_name(text: str) -> str:
    """Which resource a limit is about; for a resource from a file, the path and name as written.

    Raises:
      LimitError: the text is not one comparison with a resource on one side.
    """
    return _split(text)[0]


def is_resource_name(name: str) -> bool:
    """Whether a limit can name a resource so; what a file comes before is left out."""
    return re.fullmatch(_NAME, name) is not None


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
    relation = _relation(text)
    left, right = (side.strip() for side in text.split(relation))
    if not left or not right:
        raise LimitError(f"limit {text!r} has nothing on one side of {relation}; write one such as {EXAMPLES}")
    if _RESOURCE.fullmatch(left):
        return left, relation, right
    if _RESOURCE.fullmatch(right):
        return right, ">=" if relation == "<=" else "<=", left
    raise LimitError(f"limit {text!r} has no resource standing alone on one side; write one such as {EXAMPLES}")


def _relation(text: str) -> Relation:
    found = _COMPARISON.findall(text)
    if not found:
        raise LimitError(f"limit {text!r} has no comparison; write one such as {EXAMPLES}")
    if len(found) > 1:
        raise LimitError(f"limit {text!r} has {len(found)} comparisons, a limit has one; split it into several limits")
    if found[0] == "<=":
        return "<="
    if found[0] == ">=":
        return ">="
    raise LimitError(f"limit {text!r} compares with {found[0]!r}; use <= or >=")


def _unknown_resource(text: str, resource: str, units: Mapping[str, str]) -> str:
    nearest = difflib.get_close_matches(resource, units, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    known = ", ".join(sorted(units)) or "none"
    return f"limit {text!r} is about {resource!r}, which is no known resource{hint}; known: {known}"


def _read_amount(text: str, amount: str) -> _Amount:
    if len(amount) > MAX_LENGTH:
        raise LimitError(
            f"an amount has at most {MAX_LENGTH} characters, got {len(amount)}: {amount[:40]!r}...; shorten it"
        )
    if not _AMOUNT.fullmatch(amount):
        wrong = next(character for character in amount if not _AMOUNT.fullmatch(character))
        raise LimitError(f"limit {text!r}: an amount has no {wrong!r}; write one such as {EXAMPLES}")
    try:
        tree = ast.parse(_NUMBER_WITH_SUFFIX.sub(r"(\1*\2)", amount).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise LimitError(f"limit {text!r}: cannot read the amount {amount!r}; write one such as {EXAMPLES}") from None
    return _reduce(text, tree.body)


def _reduce(text: str, node: ast.expr) -> _Amount:
    """The whitelist: what is not matched here is refused."""
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


def _suffix_scale(text: str, suffix: str, resource: str, unit: str) -> Fraction:
    """How many of the resource's unit one `suffix` is."""
    if suffix == unit:
        return Fraction(1)
    known, own = _suffixes(unit)
    if suffix not in known:
        raise LimitError(
            f"limit {text!r}: {resource!r} is measured in {unit}, so its amount cannot be in {suffix!r}; "
            f"use {', '.join(known)}, or a plain number of {unit}"
        )
    return known[suffix] / own


def _suffixes(unit: str) -> tuple[Mapping[str, Fraction], Fraction]:
    """The suffixes that fit a unit, and the unit's own size among them."""
    if unit == "bytes":
        return BYTE_SUFFIXES, Fraction(1)
    if unit in BYTE_SUFFIXES:
        return BYTE_SUFFIXES, BYTE_SUFFIXES[unit]
    if unit in TIME_SUFFIXES:
        return TIME_SUFFIXES, TIME_SUFFIXES[unit]
    return COUNT_SUFFIXES, Fraction(1)


def _reference(text: str, name: str, resource: str, reference_cost: Callable[[str, str], float]) -> Fraction:
    try:
        cost = reference_cost(name, resource)
    except (ValueError, KeyError) as error:
        raise LimitError(
            f"limit {text!r}: {name!r} is neither a unit ({', '.join(SUFFIXES)}) nor a reference architecture: "
            f"{error.args[0] if error.args else error}"
        ) from None
    return _as_fraction(text, cost)


def _as_fraction(text: str, number: int | float) -> Fraction:
    if not math.isfinite(number):
        raise LimitError(f"limit {text!r}: its amount must be a finite number, got {number}; write a smaller one")
    return Fraction(number)


def _as_float(text: str, value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise LimitError(f"limit {text!r}: its amount must be a finite number, but it is too large") from None
