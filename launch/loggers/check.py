"""Whether the packages that loggers need are installed; asked before anything is trained."""

import importlib.util
from collections.abc import Iterable

MODULES = {"tensorboard": "tensorboard", "mlflow": "mlflow"}
"""What is imported, by logger; the extra is called as the logger is."""


class LoggerError(ValueError):
    """A logger that cannot be used."""


def check_loggers(names: Iterable[str]) -> None:
    """See that every one of them can be used.

    Raises:
      LoggerError: one's package is not installed.
    """
    for name in names:
        if importlib.util.find_spec(MODULES[name]) is None:
            raise LoggerError(f"--log {name} needs a package that is not installed; pip install 'chamnas[{name}]'")
