"""A run folder: where a search keeps everything, and the lock that lets one driver at a time write there.

experiment.json   what is searched, and every setting that may not change once a trial has been handed out
study.journal     the trials (unless another storage was given)
latency_*.json    the latency tables that this run's figures rest on
artifacts/        weights and pictures of the finals
pictures/         the same pictures, as optuna-dashboard is given them: --artifact-dir RUN/pictures
winner.json .pt .py, report.html
front.json, winners/01/ ..   of a search with several objectives: the front, and a winner's files for each point of it
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
from launch.json_text import json_text
from launch.paths import absolute_url
from nas.record import write_whole

FORMAT = 1
WINNER_FORMAT = 1
MAX_SHOWN = 120  # characters of a setting in a message
VETTED = ("meaning", "space_size")
"""Settings that `launch.session.compatibility` has compared, and that may grow; the second only where there is the
first.
"""


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
    def pictures(self) -> Path:
        return self.path / "pictures"

    @property
    def winner(self) -> Path:
        return self.path / "winner.json"

    @property
    def front(self) -> Path:
        """What a search with several objectives has found."""
        return self.path / "front.json"

    @property
    def winners(self) -> Path:
        return self.path / "winners"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def shared_weights(self) -> Path:
        """Of a search whose candidates share weights."""
        return self.path / "shared.pt"

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
        if settings.get("storage"):
            settings["storage"] = absolute_url(settings["storage"])  # an older version kept what the command said
        return settings

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Write the settings of a new run, or see that they are those of the run that is here.

        A run that was refused or stopped while it prepared itself, before any trial, may be settled anew.

        Raises:
          FolderError: a setting differs from the run's, or the folder holds something else.
        """
        if self.started:
            old = self.settings()
            vetted = VETTED if VETTED[0] in old else VETTED[:1]
            check_unchanged(self.path, old, {name: settings[name] for name in settings if name not in vetted})
            added = {name: settings[name] for name in vetted if name in settings}
            if json.loads(json.dumps({**old, **added})) != self.read_json(self.settings_file):
                self.write_json(self.settings_file, {**old, **added})
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

    def add_setting(self, name: str, value: Any) -> None:
        """Keep what is known only later, or what an older version did not keep."""
        self.write_json(self.settings_file, {**self.settings(), name: value})

    def known(self) -> dict[str, int]:
        """How much the record held when it was last noted; empty if it never was."""
        return self.read_json(self._known_file) if self._known_file.exists() else {}

    def note_known(self, extent: Mapping[str, int]) -> None:
        """Keep how much the record holds. What is noted must be on the disk, too."""
        if self.journal.exists():
            with self.journal.open("rb") as file:
                os.fsync(file.fileno())
        self.write_json(self._known_file, extent)

    def forget_known(self) -> None:
        """Take the record as it is, for somebody who has seen to it."""
        self._known_file.unlink(missing_ok=True)

    @property
    def _known_file(self) -> Path:
        return self.path / ".record.json"

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
        """Write a whole file or none of it; see `json_text`."""
        self.write_bytes(path, json_text(content).encode())

    def write_bytes(self, path: Path, content: bytes) -> None:
        write_whole(path, content)

    def driver(self) -> str | None:
        """The process that holds the run now, if any. Looking writes nothing: the run may be another user's.

        Where the lock cannot be asked at all, what the last driver wrote is taken for true.
        """
        held = _is_held(self.path / ".lock")
        if held is False:
            return None
        try:
            return (self.path / ".driver").read_text()
        except OSError:
            return "an unknown process" if held else None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the run for its one driver; the kernel lets go when the process dies, however it dies.

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


def _is_held(lock: Path) -> bool | None:
    """Whether a process holds the lock; None if it cannot be told. Opened to read and asked to share, never made."""
    try:
        import fcntl

        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except (OSError, ImportError):  # no such module on Windows
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system that knows no locks
        return None
    finally:
        os.close(descriptor)
    return False


def _check_empty(path: Path) -> None:
    strangers = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    if strangers:
        raise FolderError(f"{path} is not empty ({strangers[0]}) and holds no run; give --out a new folder")


def check_unchanged(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """See that every setting in `new` is what the run at `path` was started with.

    Raises:
      FolderError: one is not.
    """
    for name, value in json.loads(json_text(new)).items():
        if old.get(name) != value:
            where, before, now = _first_difference(name, old.get(name), value)
            raise FolderError(
                f"{path} was started with {where} = {_shown(before, now)}, now it is {_shown(now, before)}; "
                "keep the old setting, or give --out a new folder"
            )


def _first_difference(name: str, old: Any, new: Any) -> tuple[str, Any, Any]:
    """Where two settings differ: the innermost entry of long ones, and what it was and is."""
    if isinstance(old, dict) and isinstance(new, dict) and len(repr(old) + repr(new)) > MAX_SHOWN:
        key = next(key for key in {**old, **new} if old.get(key) != new.get(key))
        return _first_difference(f"{name}.{key}", old.get(key), new.get(key))
    return name, old, new


def _shown(value: Any, other: Any) -> str:
    """A setting's text; of a long one the part where it leaves the other's."""
    text = repr(value)
    if len(text) <= MAX_SHOWN:
        return text
    shared = next((i for i, (a, b) in enumerate(zip(text, repr(other), strict=False)) if a != b), 0)
    start = max(0, min(shared - MAX_SHOWN // 4, len(text) - MAX_SHOWN))
    end = start + MAX_SHOWN
    return f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"
