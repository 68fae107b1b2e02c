"""Modules of ours that stand on optional libraries."""

import importlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def needed(module: str, library: str) -> Any:
    """A module of ours that stands on an optional library, whose import may use deprecated parts of torch.

    Raises:
      ValueError: the library is not installed.
    """
    with warnings.catch_warnings(), _unlogged():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(module)
        except ImportError as error:
            missing = error if isinstance(error, ModuleNotFoundError) else error.__cause__  # Ray has a text of its own
            if not isinstance(missing, ModuleNotFoundError):
                raise
            name = str(missing.name).split(".")[0]
            raise ValueError(f"this needs {name}, which is not installed: pip install 'chamnas[{library}]'") from error


@contextmanager
def _unlogged() -> Iterator[None]:
    """Context without warnings in logs: torchao tells of every file for GPUs that this machine cannot load."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)
