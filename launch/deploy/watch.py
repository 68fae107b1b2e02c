"""Tells how far a training is, and keeps its curve: in the folder, and in another tool that it is logged to."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from launch.terminal import Progress, duration
from nas.deploy import Row, TrainingFolder, csv_text
from nas.record import write_whole

LogRows = Callable[[tuple[Row, ...]], None]
"""Told all rows of a curve so far, whenever there is a new one."""


def no_log(rows: tuple[Row, ...]) -> None:
    """For a training that no other tool follows."""


class Watch:
    """Tells how far a training is and how long it will take, and keeps its curve."""

    def __init__(self, *, curve: Path, progress: Progress, total: int, log: LogRows = no_log) -> None:
        self._curve, self._progress, self._total, self._log = curve, progress, total, log
        self._began: tuple[float, int] | None = None
        self._latest = ""

    def step(self, done: int, loss: float) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = (now, done)
        since, first = self._began
        left = (now - since) / (done - first) * (self._total - done) if done > first else None
        text = f", loss {loss:.4f}{self._latest}" + ("" if left is None else f", about {duration(left)} left")
        self._progress.step("training", done, self._total, also=text)

    def row(self, rows: tuple[Row, ...]) -> None:
        write_whole(self._curve, csv_text(rows).encode())
        self._log(rows)
        name, value = next(iter(rows[-1].metrics.items()))
        self._latest = f", validation {name} {value:.4f}"


@contextmanager
def curve_log(folder: TrainingFolder, loggers: Sequence[str]) -> Iterator[LogRows]:
    """What is told the curve's rows beside its file."""
    if "tensorboard" not in loggers:
        yield no_log
        return
    from launch.loggers.tensorboard import CurveLog  # which not everybody has installed

    log = CurveLog(folder.path)
    try:
        yield log.rows
    finally:
        log.close()
