"""The processor and library versions that devices report, and imports of their optional libraries."""

import importlib
import importlib.metadata
import platform
from pathlib import Path
from typing import Any


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def version(distribution: str, extra: str) -> str:
    """Version of an installed library, without importing it.

    Raises:
      ValueError: it is not installed; the message names our extra that brings it.
    """
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError as error:
        raise ValueError(_missing(distribution, extra)) from error


def library(module: str, extra: str) -> Any:
    """Import a module that stands on an optional library: ours are imported when something is loaded, not before.

    Raises:
      ValueError: the library is not installed; the message names our extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ValueError(_missing(str(error.name).split(".")[0], extra)) from error


def _missing(name: str, extra: str) -> str:
    return f"this device needs {name}, which is not installed: pip install 'chamnas[{extra}]'"
