"""Checks that no output goes onto an input: one check for every verb that writes a file."""

from collections.abc import Mapping
from pathlib import Path


class OutputError(ValueError):
    """A file to write that is read too, or written twice."""


def check_outputs(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Refuse to write where something is read, or twice to one place; links are followed.

    Args:
      outputs: the paths to write, by the option that gives them; None for one that is not given.
      inputs: the files and folders that are read, likewise.

    Raises:
      OutputError: an output is an input, or two outputs are one.
    """
    taken = {name: path for name, path in inputs.items() if path is not None}
    for option, path in outputs.items():
        if path is None:
            continue
        for name, other in taken.items():
            if _same(path, other):
                verb = "written" if name in outputs else "read"
                raise OutputError(
                    f"{option} must not be what is {verb} as {name}, got {path}, which would be ruined; "
                    f"give {option} a name of its own"
                )
        taken[option] = path


def own_file(reference: str) -> Path | None:
    """The file that a reference names, where it names one by its path; see `nas.plugins`."""
    path = Path(reference)
    return path if path.is_file() else None


def _same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file or folder; hard links and file systems blind to case are seen through."""
    if path.resolve() == other.resolve():
        return True
    try:
        return path.samefile(other)
    except OSError:
        return False
