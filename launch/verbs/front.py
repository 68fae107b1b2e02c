"""`nas front`: the Pareto front of a run's trained architectures, as a table, JSON, a page or a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from launch.json_text import json_text
from launch.pricing import Pricing
from launch.report.facts import Point, points_of
from launch.session import RunFolder
from launch.session.session import Session, open_session
from launch.terminal import check_outputs, number, table


def run(*, run: Path, x: str, y: str, html: Path | None, png: Path | None, as_json: bool) -> int:
    check_outputs({"--html": html, "--png": png}, _kept(RunFolder(path=run)))
    session = open_session(RunFolder(path=run))
    own = session.own_files([x, y])
    pricing, x, y = session.pricing(own), own.name(x), own.name(y)
    points = points_of(session.full_trials(), pricing, x, y)
    front = [point for point in points if point.on_front]
    if as_json:
        records = [_record(point, session, pricing) for point in front]
        print(json_text({"run": str(run), "x": x, "y": y, "front": records}))
    else:
        print(table(["trial", x, y, "origin"], [_row(point) for point in front]))
    if html is not None or png is not None:
        _draw(session, pricing, points, axes=(x, y), html=html, png=png)
    return 0


def _kept(folder: RunFolder) -> dict[str, Path]:
    """Every file of the run; pages and pictures beside them, but for the report, may have been drawn before."""
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    drawn = {path for path in files if path.parent == folder.path and path.suffix in (".html", ".png")}
    return {f"the run's {path.name}": path for path in files if path not in drawn or path == folder.report}


def _draw(
    session: Session,
    pricing: Pricing,
    points: Sequence[Point],
    *,
    axes: tuple[str, str],
    html: Path | None,
    png: Path | None,
) -> None:
    from launch.report.front_page import sheet  # Matplotlib is loaded for those who want a picture

    drawn = sheet(session, pricing, points, *axes)
    if html is not None:
        html.write_text(drawn.html(), encoding="utf-8")
    if png is not None:
        png.write_bytes(drawn.png())


def _row(point: Point) -> list[str]:
    return [f"{point.trial.phase}-{point.trial.ticket}", number(point.x), number(point.y), point.trial.origin]


def _record(point: Point, session: Session, pricing: Pricing) -> Mapping[str, Any]:
    return {
        "trial": f"{point.trial.phase}-{point.trial.ticket}",
        "x": point.x,
        "y": point.y,
        "origin": point.trial.origin,
        "architecture": list(point.trial.architecture),
        "decisions": session.experiment.space.decisions(point.trial.architecture),
        "resources": pricing.costs(point.trial.architecture),
        "metrics": dict(point.trial.metrics),
    }
