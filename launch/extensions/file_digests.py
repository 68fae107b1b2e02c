"""Files of the user's own that a run's figures rest on: where each is, and a digest that tells when it has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nas.plugins import PluginError


class KeptFileError(ValueError):
    """A file that a run rests on and that is gone, or is not what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """`reference` is its path as it was first written, `path` is absolute."""

    reference: str
    path: Path
    sha256: str

    @classmethod
    def named(cls, reference: str) -> "KeptFile":
        """The file that a command names.

        Raises:
          PluginError: there is none.
        """
        path = path_of(reference)
        if not path.is_file():
            raise PluginError(f"there is no file {reference}; write its path as seen from {Path.cwd()}, or in full")
        return cls(reference=reference, path=path, sha256=digest(path))

    @classmethod
    def read(cls, reference: str, kept: Mapping[str, Any]) -> "KeptFile":
        """As a run's settings keep it, see `record`."""
        return cls(reference=reference, path=Path(kept["file"]), sha256=kept["sha256"])

    def record(self) -> dict[str, str]:
        """For a run's settings, under its reference."""
        return {"file": str(self.path), "sha256": self.sha256}

    def check(self, use: str) -> None:
        """See that it is what it was.

        Args:
          use: what the run does with it, such as "prices".

        Raises:
          KeptFileError: it is gone or has changed.
        """
        if not self.path.is_file():
            raise KeptFileError(f"the run {use} with {self.path}, which is gone; put the file back there")
        if digest(self.path) != self.sha256:
            raise KeptFileError(
                f"{self.path} must stay what it was when the run began, and has changed (SHA-256 was {self.sha256}); "
                "restore it, and give what is new a file of its own"
            )


def path_of(reference: str) -> Path:
    return Path(reference).expanduser().resolve()  # within quotes, no shell has expanded a ~


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
