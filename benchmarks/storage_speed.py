"""Which of Optuna's storages should a record use, and how should it be written?

    python -m benchmarks.storage_speed [--trials 300] [--long 10000]

A trial has 28 decisions (the reference space) and four metrics. Wall milliseconds per trial and storage:

    start       all parameters in one operation, as `nas.record.history` does when a trial is handed out
    finish      the outcome as one attribute, then the state: two operations
    whole       instead of both: one operation when the trial has ended. A record written so knows no running trials
    parameters  instead of both: Optuna's ask and tell, one operation for each parameter

and what opening a record takes (CPU seconds), of `--long` trials for the journals and of `--trials` elsewhere, scaled
up to as many ("~"). The journals differ in who reads and writes the same file: `nas.record.journal`, which waits for
the disk once a second and does not read parameters back, or Optuna, which waits for it at every operation. About five
minutes.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.storages import BaseStorage, InMemoryStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalStorage

from launch.terminal import table
from nas.record import Evaluation, Job, Outcome, Trial
from nas.record.history import History
from nas.record.storage import open_storage
from search_spaces.tiefenrausch import SPACE

METRICS = {"error": 0.25, "delta1": 0.75, "absrel": 0.125, "rmse": 0.5}
DISTRIBUTIONS: dict[str, BaseDistribution] = {c.name: CategoricalDistribution(c.options) for c in SPACE.choices}


class WriteAhead(sqlite3.Connection):
    """SQLite that appends to a log and waits for the disk only when the log is merged."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.execute("PRAGMA journal_mode=WAL")
        self.execute("PRAGMA synchronous=NORMAL")


def write_ahead(folder: Path) -> BaseStorage:
    options = {"connect_args": {"factory": WriteAhead}}
    return RDBStorage(f"sqlite:///{folder}/wal.db", engine_kwargs=options)


STORAGES: dict[str, Callable[[Path], BaseStorage]] = {
    "in memory": lambda folder: InMemoryStorage(),
    "journal, nas.record.journal": lambda folder: open_storage(folder / "ours.journal"),
    "journal, Optuna's": lambda folder: JournalStorage(JournalFileBackend(str(folder / "optuna.journal"))),
    "SQLite": lambda folder: open_storage(f"sqlite:///{folder}/study.db"),
    "SQLite, write-ahead log": write_ahead,
}


def trials(n: int) -> list[Trial]:
    rows = SPACE.sample(n, np.random.default_rng(0)).tolist()
    return [
        Trial(phase="search", ticket=i, architecture=tuple(row), fidelity=1000, origin="genetic", state="running")
        for i, row in enumerate(rows)
    ]


def start_all(history: History, wanted: list[Trial]) -> None:
    for trial in wanted:
        history.start(trial)


def finish_all(history: History, wanted: list[Trial]) -> None:
    for trial in wanted:
        job = Job(phase="search", ticket=trial.ticket, architecture=trial.architecture, fidelity=1000, seed=0)
        outcome = Outcome(job=job, evaluation=Evaluation(metrics=METRICS), failure=None, duration_s=3600.0)
        history.finish(trial, outcome)


def write_whole(storage: BaseStorage, wanted: list[Trial]) -> None:
    """A trial with its outcome in one operation."""
    study = optuna.create_study(storage=storage)
    for trial in wanted:
        options = zip(SPACE.choices, trial.architecture, strict=True)
        whole = optuna.trial.create_trial(
            params={choice.name: choice.options[i] for choice, i in options},
            distributions=DISTRIBUTIONS,
            value=METRICS["error"],
            user_attrs={"ticket": trial.ticket, "architecture": list(trial.architecture), "outcome": METRICS},
        )
        study.add_trial(whole)


def ask_and_tell(storage: BaseStorage, num_trials: int) -> None:
    """Record trials by Optuna's ask and tell."""
    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(num_trials):
        study.tell(study.ask(DISTRIBUTIONS), METRICS["error"])


def measure(name: str, num_trials: int, num_long: int) -> list[str]:
    """A row of the table."""
    wanted = trials(num_trials)
    with opened(name) as (_, storage):
        history = record(storage)
        start_ms = milliseconds(lambda: start_all(history, wanted)) / num_trials
        finish_ms = milliseconds(lambda: finish_all(history, wanted)) / num_trials
    with opened(name) as (_, storage):
        whole_ms = milliseconds(lambda: write_whole(storage, wanted)) / num_trials
    with opened(name) as (_, storage):
        parameters_ms = milliseconds(lambda: ask_and_tell(storage, num_trials // 3)) / (num_trials // 3)
    times = [f"{ms:.2f}" for ms in (start_ms, finish_ms, whole_ms, parameters_ms)]
    return [name, *times, *opening(name, num_trials, num_long)]


def opening(name: str, num_trials: int, num_long: int) -> list[str]:
    """The size of a trial on disk, and CPU seconds to open a record of `num_long` trials."""
    if name == "in memory":
        return ["-", "-"]
    journal = name.startswith("journal")
    n = num_long if journal else num_trials
    with opened(name) as (folder, storage):
        # Both journals are the same file; ours fills it faster.
        filled = open_storage(folder / "optuna.journal") if name == "journal, Optuna's" else storage
        history = record(filled)
        start_all(history, trials(n))
        finish_all(history, trials(n))
        size = sum(file.stat().st_size for file in folder.iterdir())
        begin = time.process_time()
        again = STORAGES[name](folder)
        assert len(record(again).trials()) == n
        seconds = (time.process_time() - begin) * num_long / n
        dispose(again)
    return [f"{size / n / 1024:.1f}", f"{'' if journal else '~'}{seconds:.2f}"]


def record(storage: BaseStorage) -> History:
    return History(storage, "speed", choices=SPACE.choices, objective="error")


@contextmanager
def opened(name: str) -> Iterator[tuple[Path, BaseStorage]]:
    """A new storage in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        storage = STORAGES[name](Path(folder))
        yield Path(folder), storage
        dispose(storage)


def dispose(storage: BaseStorage) -> None:
    if isinstance(storage, RDBStorage):
        storage.engine.dispose()


def milliseconds(act: Callable[[], None]) -> float:
    begin = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=300, help="trials written to each storage (300)")
    parser.add_argument("--long", type=int, default=10_000, help="trials in the record that is opened (10000)")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    header = ["ms per trial", "start", "finish", "whole", "parameters", "KiB", f"opening {arguments.long}, s"]
    print(table(header, [measure(name, arguments.trials, arguments.long) for name in STORAGES]))


if __name__ == "__main__":
    main()
