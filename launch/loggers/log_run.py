"""Gives a finished run to the loggers that a command names."""

import importlib
from collections.abc import Callable, Sequence

from launch.loggers.run_facts import run_facts
from launch.session import RunFolder


def log_run(folder: RunFolder, names: Sequence[str], say: Callable[[str], None]) -> None:
    """Log winner and finals with each of them, and say how they are looked at.

    Raises:
      FolderError, HistoryError: see `run_facts`.
    """
    if not names:
        return
    facts = run_facts(folder)
    for name in names:
        say(f"logged; look with: {importlib.import_module(f'launch.loggers.{name}').log(facts, folder.path)}")
