"""Continues a run under another strategy or predictor: when it is done, and is knowingly extended.

What was trained stays; what is trained from then on is proposed by the new one, and the new predictor chooses the
finalists. The run keeps what it had before, and for how many trials.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from launch.experiment import Experiment
from launch.extensions.parts import SETTINGS, shown
from launch.session.folder import FolderError, RunFolder, check_unchanged
from launch.session.session import open_history
from nas.record.journal import repair_journal

SETTING = "before"  # where experiment.json keeps what a run had, one entry for each extension


def settle(
    folder: RunFolder,
    settings: Mapping[str, Any],
    experiment: Experiment,
    *,
    named: Mapping[str, str | None],
    num_trials: int,
) -> None:
    """Write the settings of a new run, or see that they are those of the run that is here, or that it is extended.

    Args:
      named: the strategy and the predictor that the command names, by kind.
      num_trials: search trials that the command asks for.

    Raises:
      FolderError: see `RunFolder.settle`; or another part is named, and the command does not extend a run that is done.
    """
    old = folder.settings() if folder.started else {}
    changed = [name for name in SETTINGS if old and named.get(name) and old.get(name) != settings[name]]
    if not changed:
        folder.settle(settings)
        return
    check_unchanged(folder.path, old, {name: value for name, value in settings.items() if name not in changed})
    _check_extends(folder, old, settings, changed, num_trials)
    repair_journal(folder.journal)
    history = open_history(folder, old, experiment, create=False)
    num_before = sum(trial.phase == "search" for trial in history.trials())
    before = {"num_trials": num_before, **{name: old.get(name) for name in changed}}
    folder.amend({**{name: settings[name] for name in changed}, SETTING: [*old.get(SETTING, []), before]})


def _check_extends(
    folder: RunFolder, old: Mapping[str, Any], new: Mapping[str, Any], changed: Sequence[str], num_trials: int
) -> None:
    num_done = folder.read_json(folder.winner)["num_trials"] if folder.winner.exists() else None
    if num_done is not None and num_trials > num_done:
        return
    name = changed[0]
    cure = "once it is done, extend it" if num_done is None else f"extend it with --trials above {num_done}"
    raise FolderError(
        f"{folder.path} has the {name} {shown(old.get(name))}, now it is {shown(new[name])}; "
        f"keep the old one, give --out a new folder, or {cure}"
    )


def history_of(settings: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    """What a run had before, for people: for how many trials, and what; the oldest first."""
    return tuple(
        (
            int(before["num_trials"]),
            " and ".join(f"{name} {shown(before[name])}" for name in SETTINGS if name in before),
        )
        for before in settings.get(SETTING, ())
    )
