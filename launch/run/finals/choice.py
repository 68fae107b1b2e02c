"""Which point of a front becomes the run's winner: the knee, or what --choose names, such as "macs <= 2e9".

Points are judged by what their own winner.json says, so that another choice needs nothing but the run folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.costs import Limit, LimitError, parse_limit
from nas.genetic import knee

Record = Mapping[str, Any]
"""A point's winner.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The place of a point, and whether it is what was asked for."""

    place: int
    is_met: bool


def choose_point(points: Sequence[Record], objectives: Sequence[str], texts: Sequence[str]) -> Choice:
    """The knee; or, among the points that meet `texts`, the least of the objective that they do not speak of.

    If several objectives are left it is the knee of those; if no point meets the texts, the one that comes nearest.

    Raises:
      LimitError: a text cannot be read, or is about what the run does not know.
    """
    limits = [read_choice(text, points) for text in texts]
    beyond = np.array([max((_excess(limit, point) for limit in limits), default=0.0) for point in points])
    if not (beyond <= 0).any():
        return Choice(place=int(np.argmin(beyond)), is_met=False)
    named = {limit.resource for limit in limits}
    left = [name for name in objectives if name not in named] or list(objectives)
    places = np.flatnonzero(beyond <= 0)
    values = np.array([[value_of(points[place], name) for name in left] for place in places.tolist()])
    return Choice(place=int(places[knee(values)]), is_met=True)


def value_of(point: Record, name: str) -> float:
    """Of a metric or a resource, as measured if it was."""
    if name in point["metrics"]:
        return float(point["metrics"][name])
    resource = point["resources"][name]
    return float(resource["predicted"] if resource["measured"] is None else resource["measured"])


def read_choice(text: str, points: Sequence[Record]) -> Limit:
    """A text on a metric or a resource of the run; "baseline" stands for what that network gave, trained alike.

    Raises:
      LimitError: it cannot be read.
    """
    first = points[0]
    units = {**dict.fromkeys(first["metrics"], ""), **{name: r["unit"] for name, r in first["resources"].items()}}

    def of_baseline(reference: str, name: str) -> float:
        finals = (final for final in first["finals"] if _is(reference, final["origin"]))
        known = next(({**final["measured"], **final["metrics"]} for final in finals), {})
        if name not in known:
            raise LimitError(f"the run has trained no {reference} as a final; write a number")
        return float(known[name])

    return parse_limit(text, units=units, reference_cost=of_baseline)


def _is(reference: str, origin: str) -> bool:
    """Whether a final is the baseline that is meant, by that word or by its name."""
    names = [name for name in origin.split(", ") if name.startswith("baseline ")]
    return any(reference in ("baseline", name.removeprefix("baseline ")) for name in names)


def _excess(limit: Limit, point: Record) -> float:
    """How far beyond the bound, as a share of it; at most 0 where it is met."""
    value = value_of(point, limit.resource)
    beyond = value - limit.bound if limit.relation == "<=" else limit.bound - value
    return beyond / abs(limit.bound) if limit.bound else beyond
