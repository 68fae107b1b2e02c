"""Points of a front as CSV: a row for each trained architecture, then one for each that is only predicted."""

import csv
import io
from collections.abc import Sequence

from launch.pricing import Pricing
from launch.report.facts.foreseen import Foreseen
from launch.report.facts.points import Point, knee
from launch.session.session import Session
from nas.space import Architecture

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula; origins are texts of the user's."""


def csv_text(
    points: Sequence[Point], promised: Sequence[Foreseen], session: Session, pricing: Pricing, axes: tuple[str, str]
) -> str:
    """Columns: what it is, both axes, every metric and resource, every decision; empty where a row has none."""
    bend = knee(points)
    rows = [
        {
            "trial": f"{point.trial.phase}-{point.trial.ticket}",
            "kind": "measured",
            "origin": _harmless(point.trial.origin),
            "on_front": int(point.on_front),
            "knee": int(point is bend),
            "meets_limits": int(point.meets_limits),
            **{f"metric.{name}": value for name, value in point.trial.metrics.items()},
            **_priced(point.trial.architecture, session, pricing),
        }
        for point in points
    ]
    rows += [
        {
            "kind": "predicted",
            f"metric.{axes[1]}": one.mean,
            "predicted_std": one.std,
            **_priced(one.architecture, session, pricing),
        }
        for one in promised
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _priced(architecture: Architecture, session: Session, pricing: Pricing) -> dict[str, object]:
    decisions = session.experiment.space.decisions(architecture)
    return {
        **{f"resource.{name}": cost for name, cost in pricing.costs(architecture).items()},
        **{f"x_{name}": option for name, option in decisions.items()},
    }


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text
