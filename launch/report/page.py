"""The report of a run: one HTML page that needs nothing beside itself, from whatever the run folder holds by now."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from launch.report.explorer import LIVE, script, style
from launch.report.explorer.data import explorer_json
from launch.report.facts.facts import Facts, read_facts
from launch.report.plots.draw import COLOURS
from launch.report.plots.pictures import Picture, PictureError, pictures
from launch.report.sections import course, fronts, provenance
from launch.report.sections import winner as winning
from launch.report.sections.predictor import judged, unseen
from launch.report.sections.resources import resources
from launch.report.sections.verdict import minimised, status, verdict
from launch.report.view import Table
from launch.session import RunFolder
from launch.session.session import limits_of
from nas.record import TEST


@dataclass(frozen=True, slots=True, kw_only=True)
class WinnerView:
    """The winner's section. `test` is None where the evaluator held nothing out."""

    limits: Table
    resources: Table
    test: Table | None
    validation: Table
    seeds: str
    prediction: str
    architecture: Table
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Pictures of the winner's predictions and how to read them; `problem` says why they cannot be shown."""

    text: str = ""
    pictures: tuple[Picture, ...] = ()
    problem: str = ""


def write_report(folder: RunFolder) -> None:
    """Write RUN/report.html, of a finished run or of one under way.

    Raises:
      FolderError: there is no run, or it is too young to have been priced.
      HistoryError: its record cannot be read.
    """
    folder.write_bytes(folder.report, render(read_facts(folder)).encode())


def render(facts: Facts, *, live: bool = False, quick: bool = False) -> str:
    """The page; the same facts give the same text.

    Args:
      live: it asks its own server for what is new.
      quick: without what the predictor must be fitted for.
    """
    prediction = None if quick else unseen(facts)
    return page(
        "report.html",
        facts=facts,
        run_name=facts.session.folder.path.resolve().name,
        status=status(facts),
        verdict=verdict(facts),
        minimised=minimised(facts),
        limits=limits_of(facts.session.settings),
        winner=None if facts.winner is None else _winner_view(facts, facts.winner),
        gallery=_gallery(facts),
        front_table=fronts.front_table(facts) if facts.complete else None,
        judged="Being worked out." if quick else judged(facts, prediction),
        resources=resources(facts),
        failures=course.failures(facts),
        training=course.training_text(facts),
        counts={state: course.counts(facts.every, state) for state in ("complete", "running", "failed")},
        num_full=len(facts.complete),
        command=provenance.command(facts),
        repeatability=provenance.repeatability(facts),
        parts=provenance.parts_text(facts),
        settings=provenance.settings_table(facts),
        data_facts=provenance.data_table(facts.winner),
        latency=[provenance.latency_view(table) for table in facts.latency],
        data=explorer_json(facts, prediction),
        script=script(LIVE) if live else script(),
        live=live,
        explorer_style=style(),
    )


def page(template: str, **content: Any) -> str:
    """Fill a template of this folder; every text is escaped, and a name that the template lacks is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(colours=COLOURS, **content)


def _winner_view(facts: Facts, winner: Mapping[str, Any]) -> WinnerView:
    space = facts.pricing.space
    has_test = any(name.startswith(TEST) for name in winner["metrics"])
    return WinnerView(
        limits=winning.limits_table(winner),
        resources=winning.resources_table(winner),
        test=winning.metrics_table(facts, winner, test=True) if has_test else None,
        validation=winning.metrics_table(facts, winner, test=False),
        seeds=winning.seeds_text(winner),
        prediction=winning.prediction_text(facts, winner),
        architecture=winning.architecture_table(space, tuple(winner["architecture"])),
        files=winning.files(facts.session.folder),
    )


def _gallery(facts: Facts) -> Gallery:
    """Empty for an evaluator without pictures; a broken file of them is told, and costs no other figure."""
    if facts.winner is None:
        return Gallery()
    path = facts.session.folder.artifacts / f"{facts.winner['trial']}.npz"
    words = facts.card.pictures
    if words is None or not path.exists():
        return Gallery()
    try:
        return Gallery(text=words.text, pictures=pictures(path, words))
    except PictureError as error:
        return Gallery(problem=str(error))
