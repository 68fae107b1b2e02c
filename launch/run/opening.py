"""Opening a run to train in it: its record, mended where a crash has cut it, and the phases that write to it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from launch.experiment import Workplace
from launch.run.checkpoints import NOWHERE
from launch.run.options import Options
from launch.run.phases import Phases
from launch.run.prepare import Prepared
from launch.run.spending import open_account
from launch.session import RunFolder
from launch.session.session import note_record, open_history
from launch.terminal import Progress
from nas.record import Executor
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
        folder=folder,
        history=history,
        executor=executor,
        checkpoints=place.checkpoints,
        account=open_account(prepared.experiment, history, options, executor.slots),
        progress=progress,
    )
