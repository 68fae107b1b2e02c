"""Makes a command's paths absolute once: whoever changes the working directory later moves no file.

Loaded with the command itself, so nothing heavy stands here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

SQLITE = "sqlite"


def absolute(options: Mapping[str, Any]) -> dict[str, Any]:
    """A verb's options with every path, and the file of every SQLite URL, as seen from the root.

    References such as an experiment's file are left: a verb loads them at once, and keeps what it needs of them.
    """
    return {name: _absolute(name, value) for name, value in options.items()}


def _absolute(name: str, value: Any) -> Any:
    if isinstance(value, Path):
        return value.absolute()
    if name == "storage" and value:
        return absolute_url(value)
    if name == "checkpoints" and value and "://" not in value:
        return str(Path(value).expanduser().absolute())
    return value


def absolute_url(location: str) -> str:
    """A storage's URL, or a journal's path; what lies below the working directory is named in full.

    "sqlite:///runs.db" is such a file, "sqlite:////data/runs.db" is absolute already.
    """
    if "://" not in location:
        return str(Path(location).expanduser().absolute())
    before, file, after = _split(location)
    return f"{before}{Path(file).absolute()}{after}" if file else location


def storage_file(location: str) -> Path | None:
    """The file behind a storage's URL or a journal's path; None for a server and for what is in memory."""
    path = location if "://" not in location else _split(location)[1]
    return Path(path).absolute() if path else None


def _split(url: str) -> tuple[str, str, str]:
    """What stands before an SQLite URL's file, the file, and what follows; no file for every other storage."""
    scheme, _, rest = url.partition(":///")
    file, mark, query = rest.partition("?")
    if scheme.partition("+")[0] != SQLITE or file.removeprefix("file:").startswith(":memory:"):
        return url, "", ""
    prefix = "file:" if file.startswith("file:") else ""
    return f"{scheme}:///{prefix}", file.removeprefix(prefix), f"{mark}{query}"
