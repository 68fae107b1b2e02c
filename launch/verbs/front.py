"""`nas front`: the Pareto front of a run's trained architectures, as a table, JSON, CSV, a page or a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from launch.json_text import json_text
from launch.pricing import Pricing
from launch.report.facts import Point, points_of
from launch.report.facts.foreseen import Foreseen, foreseen
from launch.report.facts.front_rows import csv_text
from launch.session import RunFolder
from launch.session.merging import pooled
from launch.session.session import Session, open_session
from launch.terminal import check_outputs, number, table
from nas.record import Trial


def run(
    *,
    run: Path,
    others: tuple[Path, ...] = (),
    x: str,
    y: str | None,
    html: Path | None,
    png: Path | None,
    as_json: bool,
    csv: Path | None = None,
    colour: str | None = None,
    predicted: int = 0,
) -> int:
    check_outputs({"--html": html, "--png": png, "--csv": csv}, _kept(RunFolder(path=run)))
    session = open_session(RunFolder(path=run))
    y = y or session.objective
    own = session.own_files([name for name in (x, y, colour) if name])
    pricing, x, y = session.pricing(own), own.name(x), own.name(y)
    colour = own.name(colour) if colour else None
    limits = [pricing.limit(text) for text in session.settings["limits"]]
    points = points_of(_trials(session, others), pricing, x, y, limits)
    promised = _foreseen(session, pricing, x, y, predicted)
    front = [point for point in points if point.on_front]
    if as_json:
        records = [_record(point, session, pricing) for point in front]
        told = {"run": str(run), **({"others": list(map(str, others))} if others else {})}
        print(json_text({**told, "x": x, "y": y, "front": records, **_predictions(promised, session)}))
    else:
        print(table(["trial", x, y, "origin"], [*map(_row, front), *map(_promise, promised)]))
    if csv is not None:
        csv.write_text(csv_text(points, promised, session, pricing, (x, y)), encoding="utf-8")
    if html is not None or png is not None:
        _draw(session, pricing, points, promised, axes=(x, y), colour=colour, html=html, png=png)
    return 0


def _trials(session: Session, others: Sequence[Path]) -> list[Trial]:
    """The search's trials at the full fidelity, of several runs each architecture once.

    Raises:
      MergeError: the runs do not train the same networks alike.
    """
    if not others:
        return session.full_trials()
    together = pooled([session, *(open_session(RunFolder(path=path)) for path in others)])
    fidelity = session.experiment.fidelity
    return [one.trial for one in together if one.trial.phase == "search" and one.trial.fidelity == fidelity]


def _foreseen(session: Session, pricing: Pricing, x: str, y: str, num: int) -> list[Foreseen]:
    if not num:
        return []
    if y != session.objective:
        raise ValueError(
            f"the predictor knows {session.objective} alone, got --y {y}; give that one, or no --predicted"
        )
    return foreseen(session, pricing, x, num)


def _kept(folder: RunFolder) -> dict[str, Path]:
    """Every file of the run; pages and pictures beside them, but for the report, may have been drawn before."""
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    drawn = {path for path in files if path.parent == folder.path and path.suffix in (".html", ".png")}
    return {f"the run's {path.name}": path for path in files if path not in drawn or path == folder.report}


def _draw(
    session: Session,
    pricing: Pricing,
    points: Sequence[Point],
    promised: Sequence[Foreseen],
    *,
    axes: tuple[str, str],
    colour: str | None,
    html: Path | None,
    png: Path | None,
) -> None:
    from launch.report.front_page import sheet  # Matplotlib is loaded for those who want a picture

    drawn = sheet(session, pricing, points, *axes, colour=colour, foreseen=promised)
    if html is not None:
        html.write_text(drawn.html(), encoding="utf-8")
    if png is not None:
        png.write_bytes(drawn.png())


def _row(point: Point) -> list[str]:
    return [_name(point.trial), number(point.x), number(point.y), point.trial.origin]


def _name(trial: Trial) -> str:
    """What the trial is called in its own run, and which that is, where several are put together."""
    return trial.name if trial.source is None else f"{trial.source.run} {trial.source.trial}"


def _promise(one: Foreseen) -> list[str]:
    return ["predicted", number(one.x), f"{number(one.mean)} +- {number(one.std)}", "nobody trained it"]


def _predictions(promised: Sequence[Foreseen], session: Session) -> dict[str, Any]:
    space = session.experiment.space
    records = [
        {
            "x": one.x,
            "predicted": one.mean,
            "predicted_std": one.std,
            "architecture": list(one.architecture),
            "decisions": space.decisions(one.architecture),
        }
        for one in promised
    ]
    return {"predicted": records} if records else {}


def _record(point: Point, session: Session, pricing: Pricing) -> Mapping[str, Any]:
    return {
        "trial": point.trial.name if point.trial.source is None else point.trial.source.trial,
        **({} if point.trial.source is None else {"source": asdict(point.trial.source)}),
        "x": point.x,
        "y": point.y,
        "origin": point.trial.origin,
        "architecture": list(point.trial.architecture),
        "decisions": session.experiment.space.decisions(point.trial.architecture),
        "resources": pricing.costs(point.trial.architecture),
        "metrics": dict(point.trial.metrics),
    }
