"""`nas select`: search a finished run again under new limits, on what it has learned; trains nothing unless told to."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from launch.pricing import quality_limit, within
from launch.run.execution import Execution
from launch.selection.along_front import along_front
from launch.selection.best import best
from launch.selection.named_points import named_before, note_named
from launch.selection.operating_points import OperatingPoint, Question
from launch.selection.sweep import asked, tell
from launch.selection.wanted import Wanted, wanted
from launch.session import RunFolder
from launch.session.session import Session, open_session
from launch.terminal import Progress
from nas.errors import aside
from nas.record.journal import repair_journal


def run(
    *,
    run: Path,
    limits: tuple[str, ...],
    sweeps: tuple[str, ...] = (),
    train: bool = False,
    top: int,
    as_json: bool,
    **execution: Any,
) -> int:
    folder = RunFolder(path=run)
    if train and not sweeps:
        raise ValueError(
            "--train trains the points of a sweep, got none; give one such as --sweep 'macs <= 1e9..8e9:16'"
        )
    if train:
        return _train(folder, limits, sweeps, Execution(**execution), as_json=as_json)
    session = open_session(folder)
    sought = wanted(session, limits, sweeps)
    if sweeps:
        about = _question(session, sought)
        return tell(about, about.points(), as_json=as_json)
    return _select(session, sought, top, as_json=as_json)


def _select(session: Session, sought: Wanted, top: int, *, as_json: bool) -> int:
    pricing = sought.pricing
    quality = quality_limit(sought.bar, session.objective, pricing) if sought.bar else session.quality(pricing)
    space = within(pricing, sought.limits, session.seed)
    if space.note:
        print(space.note, file=sys.stderr)
    choose = along_front if session.experiment.objectives else best
    return choose(session, space, sought.limits, quality, top, as_json=as_json)


def _question(session: Session, sought: Wanted) -> Question:
    return asked(session, sought.pricing, sought.limits, sought.bar, sought.sweeps)


def _train(
    folder: RunFolder, limits: Sequence[str], sweeps: Sequence[str], execution: Execution, *, as_json: bool
) -> int:
    """Train the points that nobody has trained, in the run's own record, and print them all."""
    from launch.run.points import train_points  # torch: a refusal need not wait for it

    folder.settings()  # before anything is written: there is a run
    with aside(), folder.hold(), Progress() as progress:
        repair_journal(folder.journal)
        session = open_session(folder)
        about = _question(session, wanted(session, limits, sweeps))
        points = _named(about)
        train_points(session, [point.architecture for point in points if point.architecture], execution, progress)
    now = open_session(folder)
    about = _question(now, wanted(now, limits, sweeps))
    return tell(about, about.again(points), as_json=as_json)


def _named(about: Question) -> list[OperatingPoint]:
    """The points as this sweep has named them before, unless the run has learned more since; else named now."""
    if (before := named_before(about)) is not None:
        return before
    points = about.points()
    note_named(about, points)
    return points
