"""Sweeps as text: "macs <= 1e9..8e9:16", a resource or a metric with so many bounds in turn, evenly on a log scale.

sweep     NAME <= LOW..HIGH[:NUMBER]; >= likewise
LOW, HIGH amounts as in a limit: 2.5 GMACs, 3MB, 0.5 * baseline
grid      several sweeps: every combination of their bounds
"""

import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nas.costs import Limit, LimitError, Relation

DEFAULT_NUMBER = 8
MAX_POINTS = 1000

_SWEEP = re.compile(r"(?P<head>.*?(?:<=|>=))\s*(?P<low>.+?)\s*\.\.\s*(?P<high>[^:]+?)\s*(?::\s*(?P<number>\d+)\s*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`name` is bounded by each of `bounds` in turn, ascending, in its unit."""

    name: str
    relation: Relation
    bounds: tuple[float, ...]
    text: str


def read_sweep(text: str, read_limit: Callable[[str], Limit]) -> Sweep:
    """Read one sweep.

    Args:
      read_limit: reads a limit on what may be swept.

    Raises:
      LimitError: it is no sweep, a bound cannot be read, or the bounds do not ascend from above 0.
    """
    match = _SWEEP.fullmatch(text.strip())
    if match is None:
        raise LimitError(
            f"a sweep is a resource, <=, and two amounts with .. between them, got {text!r}; write one "
            "such as 'macs <= 1e9..8e9:16'"
        )
    low, high = (read_limit(f"{match['head']} {match[name]}") for name in ("low", "high"))
    number = int(match["number"] or DEFAULT_NUMBER)
    if not 0 < low.bound < high.bound < math.inf:
        raise LimitError(f"a sweep goes up from above 0, got {low.bound:g} to {high.bound:g} in {text!r}; change them")
    if not 2 <= number <= MAX_POINTS:
        raise LimitError(f"a sweep has 2 to {MAX_POINTS:,} bounds, got {number} in {text!r}; change the number")
    bounds = np.geomspace(low.bound, high.bound, number)
    return Sweep(name=low.resource, relation=low.relation, bounds=tuple(bounds.tolist()), text=text)


def grid(sweeps: Sequence[Sweep]) -> list[tuple[float, ...]]:
    """Every combination of the sweeps' bounds, the last one's turning fastest.

    Raises:
      LimitError: they are too many, or two sweeps are about one resource.
    """
    for sweep in sweeps:
        if sum(other.name == sweep.name for other in sweeps) > 1:
            raise LimitError(f"{sweep.name} is swept twice; give one --sweep for each resource")
    if (number := math.prod(len(sweep.bounds) for sweep in sweeps)) > MAX_POINTS:
        raise LimitError(f"a grid has at most {MAX_POINTS:,} points, got {number:,}; give the sweeps fewer bounds")
    return list(itertools.product(*(sweep.bounds for sweep in sweeps)))
