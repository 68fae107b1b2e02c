"""The durable record of a run, on Optuna's storages, so that optuna-dashboard and every Optuna plot work on our runs.

One study per run. A trial is written twice: when it starts (all parameters in one operation, because Optuna commits
once per parameter otherwise) and when it ends (its outcome as one attribute, then its state). The outcome is what
counts: a driver killed between the two writes has lost nothing. Only the driver writes.

The default storage is a journal file in the run folder; any URL that Optuna's RDB storage takes works too.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from optuna.distributions import CategoricalDistribution
from optuna.exceptions import DuplicatedStudyError, OptunaError
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from nas.space import Choice
from nas.trial import Outcome, Trial

FORMAT = 1


class HistoryError(ValueError):
    """A record that cannot be opened, or that belongs to something else."""


def open_storage(location: str | Path) -> BaseStorage:
    """The storage behind a URL ("postgresql://...", "sqlite:///...") or a journal file's path.

    Raises:
      HistoryError: the file is no journal, or the database cannot be opened.
    """
    try:
        if isinstance(location, str) and "://" in location:
            return RDBStorage(location)
        return JournalStorage(JournalFileBackend(str(location)))
    except (ValueError, KeyError, ImportError, OptunaError, SQLAlchemyError) as error:
        raise HistoryError(
            f"{location} is not a readable record ({error}); give the storage that the run was started with, "
            "restore it from a copy, or start in an empty folder"
        ) from error


def repair_journal(path: Path) -> None:
    """Make a journal writable again after its driver was killed: drop its lock and a half-written last line.

    Only for the process that holds the run: nobody else may be writing.
    """
    for leftover in path.parent.glob(f"{path.name}.lock*"):
        leftover.unlink()
    if not path.exists():
        return
    with path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
            os.fsync(file.fileno())


class History:
    """Reads and writes the trials of one study.

    Args:
      storage: where the study lives.
      name: the study's name; created if it is new and `choices` are given.
      choices: the space's choices, written as each trial's parameters.
      objective: the metric that is Optuna's value, minimised.

    Raises:
      HistoryError: the study does not exist and may not be created, or is of another format.
    """

    def __init__(
        self, storage: BaseStorage, name: str, *, choices: Sequence[Choice], objective: str, create: bool = True
    ) -> None:
        self._storage = storage
        self._objective = objective
        self._distributions = {choice.name: CategoricalDistribution(choice.options) for choice in choices}
        self._study_id = _open_study(storage, name, create=create)
        self._ids = {(t.phase, t.ticket): frozen._trial_id for t, frozen in self._read()}

    def trials(self) -> list[Trial]:
        """All trials in the order in which they started."""
        return [trial for trial, _ in self._read()]

    def start(self, trial: Trial) -> None:
        """Record that a trial has been handed out; once more for one that was running when a driver died is fine."""
        if (trial.phase, trial.ticket) in self._ids:
            return
        options = zip(self._distributions.items(), trial.architecture, strict=True)
        template = FrozenTrial(
            number=-1,
            trial_id=-1,
            state=TrialState.RUNNING,
            value=None,
            values=None,
            datetime_start=datetime.now(),
            datetime_complete=None,
            params={name: distribution.choices[i] for (name, distribution), i in options},
            distributions=dict(self._distributions),
            user_attrs={
                "phase": trial.phase,
                "ticket": trial.ticket,
                "architecture": list(trial.architecture),
                "fidelity": trial.fidelity,
                "origin": trial.origin,
            },
            system_attrs={},
            intermediate_values={},
        )
        self._ids[trial.phase, trial.ticket] = self._storage.create_new_trial(self._study_id, template_trial=template)

    def finish(self, trial: Trial, outcome: Outcome) -> Trial:
        """Record how a trial ended, and return it as recorded; without the objective it has failed."""
        metrics = {} if outcome.evaluation is None else dict(outcome.evaluation.metrics)
        failure = outcome.failure
        if failure is None and self._objective not in metrics:
            failure = f"the evaluator gave no {self._objective!r}; it gave: {', '.join(metrics) or 'nothing'}"
        record = {
            "metrics": {} if failure else metrics,
            "failure": failure,
            "duration_s": outcome.duration_s,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        trial_id = self._ids[trial.phase, trial.ticket]
        self._storage.set_trial_user_attr(trial_id, "outcome", record)
        self._close(trial_id, record)
        return _ended(trial, record)

    def recover(self) -> None:
        """Close the trials whose outcome was written but whose state was not, because the driver died in between."""
        for trial, frozen in self._read():
            if trial.state != "running" and not frozen.state.is_finished():
                self._close(frozen._trial_id, frozen.user_attrs["outcome"])

    def annotate(self, key: str, value: Any) -> None:
        """Keep a JSON value on the study."""
        self._storage.set_study_user_attr(self._study_id, key, value)

    def notes(self) -> dict[str, Any]:
        """What `annotate` has kept."""
        return self._storage.get_study_user_attrs(self._study_id)

    def _close(self, trial_id: int, record: Mapping[str, Any]) -> None:
        if record["failure"] is None:
            values = [record["metrics"][self._objective]]
            self._storage.set_trial_state_values(trial_id, TrialState.COMPLETE, values)
        else:
            self._storage.set_trial_state_values(trial_id, TrialState.FAIL)

    def _read(self) -> list[tuple[Trial, FrozenTrial]]:
        frozen = self._storage.get_all_trials(self._study_id, deepcopy=False)
        return [(_thaw(trial), trial) for trial in frozen]


def _open_study(storage: BaseStorage, name: str, *, create: bool) -> int:
    try:
        study_id = storage.get_study_id_from_name(name)
    except KeyError:
        if not create:
            raise HistoryError(f"the record holds no study called {name!r}; is this the run's own storage?") from None
        try:
            study_id = storage.create_new_study([StudyDirection.MINIMIZE], name)
        except DuplicatedStudyError:
            raise HistoryError(f"another process has just made the study {name!r}; run the command again") from None
        storage.set_study_user_attr(study_id, "chamnas:format", FORMAT)
    found = storage.get_study_user_attrs(study_id).get("chamnas:format")
    if found != FORMAT:
        raise HistoryError(f"study {name!r} has record format {found}, this version reads {FORMAT}; use a new folder")
    return study_id


def _thaw(frozen: FrozenTrial) -> Trial:
    attrs = frozen.user_attrs
    trial = Trial(
        phase=attrs["phase"],
        ticket=attrs["ticket"],
        architecture=tuple(attrs["architecture"]),
        fidelity=attrs["fidelity"],
        origin=attrs["origin"],
        state="running",
    )
    return _ended(trial, attrs["outcome"]) if "outcome" in attrs else trial


def _ended(trial: Trial, record: Mapping[str, Any]) -> Trial:
    return replace(
        trial,
        state="complete" if record["failure"] is None else "failed",
        metrics=record["metrics"],
        failure=record["failure"],
        duration_s=record["duration_s"],
        ended=record["ended"],
    )
