"""Opening a run to train in it: its record, mended where a crash has cut it, and the phases that write to it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from launch.experiment import Workplace
from launch.run.options import Options
from launch.run.phases.checkpoints import NOWHERE
from launch.run.phases.phases import Phases
from launch.run.phases.spending import open_account
from launch.run.prepare import Prepared
from launch.session import RunFolder
from launch.session.session import note_record, open_history
from launch.terminal import Progress
from nas.record import Executor
from nas.record.exhibits import as_code
from nas.record.history import History
from nas.record.journal import repair_journal


def check_checkpoints(place: Workplace, progress: Progress) -> None:
    """See that trainings can keep themselves there, or say that they do not.

    Raises:
      OSError: the place cannot be written to or read from.
    """
    if place.checkpoints is None:
        progress.say(NOWHERE)
    else:
        place.checkpoints.prove()


def open_record(prepared: Prepared, folder: RunFolder, settings: Mapping[str, Any], progress: Progress) -> History:
    """The run's record, mended where a crash has cut it, and the note in the folder that trials may follow."""
    repair_journal(folder.journal)
    history = open_history(folder, settings, prepared.experiment, create=not folder.started, shown=prepared.shown())
    history.recover()
    history.annotate("task", asdict(prepared.card))
    history.describe(_description(prepared))
    folder.start()
    note_record(folder, history)
    if passed_over := history.passed_over():
        progress.say(str(passed_over))
    return history


def open_phases(
    prepared: Prepared,
    folder: RunFolder,
    history: History,
    options: Options,
    place: Workplace,
    executor: Executor,
    progress: Progress,
) -> Phases:
    """The phases of this command, with what earlier ones have spent on their account."""
    return Phases(
        objective=prepared.objective,
        pictures=prepared.card.pictures,
        folder=folder,
        history=history,
        executor=executor,
        checkpoints=place.checkpoints,
        account=open_account(prepared.experiment, history, options, executor.slots, before_s=prepared.shared_s),
        progress=progress,
    )


def _description(prepared: Prepared) -> str:
    """What the study is, for those who meet it in optuna-dashboard: names of limits are not shown there."""
    experiment = prepared.experiment
    limits = [*(limit.text for limit in prepared.binding), *([prepared.quality.text] if prepared.quality else [])]
    listed = "\n".join(as_code(f"{i}: {text}") for i, text in enumerate(limits))
    within = (
        f"Its constraints, each the share by which one is beyond its limit:\n\n{listed}" if limits else "No limits."
    )
    return (
        f'A search of chamnas for the least {" and ".join(experiment.aims)}. Trials of the phase "final" were trained '
        f"for longer.\n\n{within}\n"
    )
