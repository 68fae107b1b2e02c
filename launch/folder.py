"""A run folder: where a search keeps everything, and the lock that lets one driver at a time write there.

experiment.json   what is searched, and every setting that may not change once a trial has been handed out
study.journal     the trials (unless another storage was given)
latency_*.json    the latency tables that this run's figures rest on
artifacts/        weights and pictures of the finals
winner.json .pt .py, report.html
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from launch.budget import NO_LIMITS, Budget

FORMAT = 1


class FolderError(ValueError):
    """A run folder that cannot be used: foreign, corrupt, changed or in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    path: Path

    @property
    def settings_file(self) -> Path:
        return self.path / "experiment.json"

    @property
    def journal(self) -> Path:
        return self.path / "study.journal"

    @property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    @property
    def winner(self) -> Path:
        return self.path / "winner.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def timings(self) -> Path:
        """Latencies of candidates for the finals, measured whole."""
        return self.path / "timings.json"

    def latency_table(self, device: str) -> Path:
        return self.path / f"latency_{device}.json"

    def settings(self) -> dict[str, Any]:
        """What `settle` wrote.

        Raises:
          FolderError: there is no run here, or its settings cannot be read.
        """
        if not self.settings_file.is_file():
            raise FolderError(f"{self.path} holds no run (no experiment.json); name the folder given to --out")
        settings = self.read_json(self.settings_file)
        if settings.get("format") != FORMAT:
            raise FolderError(f"{self.settings_file} has format {settings.get('format')}, this version reads {FORMAT}")
        return settings

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Write the settings of a new run, or see that they are those of the run that is here.

        A run that was refused or stopped while it prepared itself, before any trial, may be settled anew.

        Raises:
          FolderError: a setting differs from the run's, or the folder holds something else.
        """
        if self.started:
            check_unchanged(self.path, self.settings(), settings)
            return
        if not self.settings_file.exists():
            _check_empty(self.path)
        for table in self.path.glob("latency_*.json"):
            table.unlink()  # another space's, perhaps; the cache has it still
        self.write_json(self.settings_file, {"format": FORMAT, "started": False, **settings})

    def amend(self, changed: Mapping[str, Any]) -> None:
        """Change settings of the run that is here; whoever does must know that its trials allow it."""
        self.write_json(self.settings_file, {**self.settings(), **changed})

    @property
    def started(self) -> bool:
        """Whether a trial may have been handed out: from then on the settings stay as they are."""
        return self.settings_file.exists() and bool(self.settings().get("started"))

    def start(self) -> None:
        """Say that the record is open and trials are about to be handed out."""
        if not self.started:
            self.amend({"started": True})

    def is_done(self, num_trials: int, budget: Budget = NO_LIMITS) -> bool:
        """Whether a search of so many trials, or more, has ended with a winner; or would be stopped where it was.

        Raises:
          FolderError: the winner's record cannot be read.
        """
        if not self.winner.exists():
            return False
        record = self.read_json(self.winner)
        return int(record["num_trials"]) >= num_trials and budget.within(record.get("stopped_by"))

    def read_json(self, path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise FolderError(f"{path} cannot be read ({error}); restore it from a copy") from error
        if not isinstance(content, dict):
            raise FolderError(f"{path} holds no JSON object; restore it from a copy")
        return content

    def write_json(self, path: Path, content: Mapping[str, Any]) -> None:
        """Write a whole file or none of it."""
        self.write_bytes(path, json.dumps(content, indent=1).encode())

    def write_bytes(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.part")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def driver(self) -> str | None:
        """The process that holds the run now, if any."""
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            owner = self.path / ".driver"
            return owner.read_text() if owner.exists() else "an unknown process"
        lock.release()
        return None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the one driver of this run; the kernel lets go when the process dies, however it dies.

        Raises:
          FolderError: another process holds the run.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        owner = self.path / ".driver"
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=1)  # someone who only looks who drives holds it for a moment
        except Timeout:
            held_by = self.driver() or "another process"
            raise FolderError(
                f"the run {self.path} is held by {held_by}; wait for it, stop it, or give --out another folder"
            ) from None
        try:
            owner.write_text(f"process {os.getpid()} on {socket.gethostname()}")
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()


def _check_empty(path: Path) -> None:
    strangers = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    if strangers:
        raise FolderError(f"{path} is not empty ({strangers[0]}) and holds no run; give --out a new folder")


def check_unchanged(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """See that every setting in `new` is what the run at `path` was started with.

    Raises:
      FolderError: one is not.
    """
    for name, value in json.loads(json.dumps(new)).items():
        if old.get(name) != value:
            raise FolderError(
                f"{path} was started with {name} = {old.get(name)!r}, now it is {value!r}; "
                "keep the old setting, or give --out a new folder"
            )
