"""Libraries that only one format needs: named with their extra where they are missing."""

from importlib import import_module
from typing import Any

from nas.depth.data.images import DataError


def extra(module: str, name: str, what: str) -> Any:
    """A library of the extra `name`.

    Raises:
      DataError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        package = module.replace("_", "-")
        raise DataError(f"{what} is read by {package}, which is not installed; pip install 'chamnas[{name}]'") from None
