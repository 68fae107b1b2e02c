"""A record of a small space, and a trial to put into it, for tests."""

from collections.abc import Mapping
from pathlib import Path

from optuna.storages import BaseStorage
from optuna.storages.journal import JournalFileBackend, JournalStorage

from nas.record.history import History
from nas.record.trial import Evaluation, Job, Outcome, Trial
from nas.space import Choice

CHOICES = (Choice(name="width", options=(8, 16, 24)), Choice(name="mode", options=("nearest", "bilinear")))
TRIAL = Trial(phase="search", ticket=0, architecture=(2, 0), fidelity=7, origin="design", state="running")


def opened(storage: BaseStorage, *, create: bool = True) -> History:
    return History(storage, "study", choices=CHOICES, objective="error", create=create)


def ending(
    trial: Trial, metrics: Mapping[str, float] | None, *, failure: str | None = None, duration_s: float = 1.5
) -> Outcome:
    job = Job(phase=trial.phase, ticket=trial.ticket, architecture=trial.architecture, fidelity=trial.fidelity, seed=0)
    evaluation = None if metrics is None else Evaluation(metrics=metrics)
    return Outcome(job=job, evaluation=evaluation, failure=failure, duration_s=duration_s)


def optunas(location: str | Path) -> BaseStorage | str:
    """The record as optuna-dashboard opens it."""
    return location if isinstance(location, str) else JournalStorage(JournalFileBackend(str(location)))
