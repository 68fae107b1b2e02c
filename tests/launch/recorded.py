"""A started run with some trials on record, made without a search."""

from pathlib import Path

from optuna.storages import RDBStorage

from launch.experiment import Experiment
from launch.session import RunFolder
from launch.session.session import load_experiment, note_record, open_history
from launch.session.settings import Asked, settings_of
from nas.depth.data.sets import DataSet
from nas.record import Evaluation, Job, Outcome, Trial
from nas.record.history import History
from tests.experiments.tiny import error_of
from tests.launch.commands import TINY


def recorded(path: Path, *, num_trials: int = 4, storage: str | None = None, reference: str = TINY) -> RunFolder:
    """A run folder whose record holds complete trials 0 .. n - 1 of the search."""
    folder, experiment = RunFolder(path=path), load_experiment(reference)
    path.mkdir(parents=True, exist_ok=True)
    orders = (DataSet(path=path.parent / "orders"),)
    asked = Asked(seed=0, lag=2, slots=1, storage=storage, data=orders)
    settings = settings_of(experiment, reference, folder, asked)
    folder.settle(settings)
    history = open_history(folder, settings, experiment, create=True)
    folder.start()
    record(history, experiment, range(num_trials))
    note_record(folder, history)
    history.annotate("plan:search", {"total": num_trials, "slots": 1})
    closed(history)
    return folder


def record(history: History, experiment: Experiment, tickets: range) -> None:
    for ticket in tickets:
        architecture = tuple((ticket + i) % 4 for i in range(experiment.space.num_decisions))
        trial = Trial(
            phase="search", ticket=ticket, architecture=architecture, fidelity=1, origin="design", state="running"
        )
        history.start(trial)
        job = Job(phase="search", ticket=ticket, architecture=architecture, fidelity=1, seed=0)
        evaluation = Evaluation(metrics={"error": error_of(architecture)})
        history.finish(trial, Outcome(job=job, evaluation=evaluation, failure=None, duration_s=1.0))


def closed(history: History) -> None:
    if isinstance(history._storage, RDBStorage):
        history._storage.engine.dispose()
