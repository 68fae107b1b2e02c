"""What is to be trained in full: an architecture, the experiment that trains such ones, and weights to begin from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launch.experiment import Experiment
from launch.session import WINNER_FORMAT, RunFolder
from launch.session.session import experiment_of, load_experiment
from nas.deploy import TrainingFolder
from nas.space import Architecture, Network

DEFAULT_EXPERIMENT = "depth"
WANTED = 'write {"decisions": {..}} with an option for every choice, as `nas select --json` prints them'


class SubjectError(ValueError):
    """A run, or a file of an architecture, that cannot be trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An architecture to train.

    Attributes:
      reference: of the experiment, as the command line would name it.
      settings: of the run or the training that it comes from: which data, and how to read them.
      weights: a file of folded weights to begin from; None for none.
      found: what winner.json says of it; empty for an architecture that no search has chosen.
    """

    experiment: Experiment
    reference: str
    architecture: Architecture
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        return self.experiment.space.lower(self.architecture)


def subject_of(source: Path, experiment: str | None) -> Subject:
    """What SOURCE names: a run folder with a winner, a training folder, a winner.json, or an architecture's file.

    Args:
      experiment: a key, a dotted path, a file or a run folder, whose data and recipe train it; None for the source's
        own.

    Raises:
      SubjectError, FolderError, TrainingFolderError, SpaceError: there is none, it cannot be read, or it is of another
        space.
    """
    if source.is_dir():
        return _of_folder(source, experiment)
    record = _read(source)
    run = RunFolder(path=source.parent)
    if experiment is None and run.settings_file.is_file() and source.name == run.winner.name:
        return _of_record(record, source, run.settings()["experiment"], run)
    reference = experiment or record.get("experiment") or DEFAULT_EXPERIMENT
    return _of_record(record, source, reference, _run(reference), chosen=experiment is not None)


def _of_folder(source: Path, experiment: str | None) -> Subject:
    training = TrainingFolder(path=source)
    if training.is_settled:
        settings = training.settings()
        reference = experiment or settings["experiment"]
        weights = training.weights if training.is_done else None
        record = {**settings, "format": WINNER_FORMAT}
        chosen = experiment is not None
        subject = _of_record(record, source, reference, _run(reference), chosen=chosen, weights=weights)
        return subject if experiment else _with_settings(subject, settings["data_settings"])
    run = RunFolder(path=source)
    if not run.settings_file.is_file():
        raise SubjectError(
            f"{source} holds neither a run (experiment.json) nor a training (training.json); name one that does, or a "
            "file with an architecture"
        )
    if not run.winner.is_file():
        raise SubjectError(f"{source} has no winner yet; let the search end, or name a file with an architecture")
    reference = experiment or run.settings()["experiment"]
    known = _run(experiment) if experiment else run
    return _of_record(_read(run.winner), run.winner, reference, known, chosen=experiment is not None)


def _of_record(
    record: Mapping[str, Any],
    source: Path,
    reference: str,
    run: RunFolder | None,
    *,
    chosen: bool = False,
    weights: Path | None = None,
) -> Subject:
    """What a record says is to be trained.

    Args:
      run: where the experiment comes from, None if it is no run's.
      chosen: whether the user named the experiment; then its pictures may be of another size than the record's.
      weights: None for those beside it.
    """
    experiment = experiment_of(run) if run else load_experiment(reference)
    beside = source.with_suffix(".pt")
    _check_space(record, source, experiment, chosen=chosen)
    alike = record.get("input", list(experiment.space.input)) == list(experiment.space.input)
    return Subject(
        experiment=experiment,
        reference=run.settings()["experiment"] if run else reference,
        architecture=_architecture(record, source, experiment),
        settings=run.settings() if run else {},
        weights=weights or (beside if source.is_file() and beside.is_file() else None),
        found=record if alike and "objective" in record and "metrics" in record else {},
    )


def _with_settings(subject: Subject, settings: Mapping[str, Any]) -> Subject:
    return Subject(
        experiment=subject.experiment,
        reference=subject.reference,
        architecture=subject.architecture,
        settings=settings,
        weights=subject.weights,
    )


def _run(reference: str) -> RunFolder | None:
    """The run folder that a reference names, if it names one."""
    run = RunFolder(path=Path(reference).absolute())
    return run if run.settings_file.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text())
    except FileNotFoundError:
        raise SubjectError(f"{path} is not there; name a run folder, a winner.json or an architecture's file") from None
    except (OSError, ValueError) as error:
        raise SubjectError(f"an architecture's file holds JSON, {path} cannot be read ({error}); {WANTED}") from error
    if not isinstance(record, dict) or record.get("format", WINNER_FORMAT) != WINNER_FORMAT:
        found = record.get("format") if isinstance(record, dict) else type(record).__name__
        raise SubjectError(
            f"{path} must be a JSON object of format {WINNER_FORMAT}, got {found!r}; use the version that wrote it, or "
            f"{WANTED}"
        )
    return record


def _check_space(record: Mapping[str, Any], source: Path, experiment: Experiment, *, chosen: bool) -> None:
    """The experiment's space must be the record's; its input too, unless the user has chosen another size."""
    space = experiment.space
    given = record.get("input", list(space.input))
    resized = isinstance(given, list) and given[:1] == list(space.input)[:1] and len(given) == len(space.input)
    other_size = given != list(space.input) and not (chosen and resized)
    for name, own, differs in (
        ("space", space.name, record.get("space", space.name) != space.name),
        ("input", list(space.input), other_size),
    ):
        if differs:
            raise SubjectError(
                f"{source} is of {name} {record[name]!r}, and experiment {experiment.name!r} trains {own!r}; give "
                "--experiment the one that it was found with"
            )


def _architecture(record: Mapping[str, Any], source: Path, experiment: Experiment) -> Architecture:
    space = experiment.space
    if isinstance(record.get("decisions"), dict):
        return space.architecture(record["decisions"])
    indices = record.get("architecture")
    if not isinstance(indices, list) or not all(type(one) is int for one in indices):
        raise SubjectError(f"{source} names no architecture; {WANTED}")
    space.decisions(indices)
    return tuple(indices)
