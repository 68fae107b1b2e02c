"""Checkpoints of trainings: whole files in a folder, or at any URL that fsspec knows, that every node can reach.

An evaluator that is given `Checkpoints` keeps its training at `Checkpoints.of(job)`. A job that is run again, on
another node or by a later command, has the same name there and goes on. A checkpoint is an insurance: without one a
training takes longer, and is never another one.

Passwords have no place in a URL: fsspec finds them where each store's own client does.
"""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem

from nas.errors import is_lack_of_room, room_text, size_text
from nas.record.trial import Job

SMALL_BYTES = 2**16  # of a checkpoint, where nobody says more
MOST_PROBE_BYTES = 2**24  # enough to meet a full disk or a quota, and quickly written anywhere
SEAL_BYTES = sha256().digest_size

T = TypeVar("T")

# A put is seen whole or not at all, and a rename would be another copy. Elsewhere a draft is renamed.
PUTS_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "tos", "memory"})


class CheckpointError(ValueError):
    """A place that cannot keep checkpoints, or a checkpoint that cannot be continued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """The place of one run's checkpoints while its trainings last; it holds nothing else.

    Attributes:
      url: a folder's absolute path or an fsspec URL; need not exist yet.
      each_bytes: about what a checkpoint of this run takes; a place is proved with a file of that size.
    """

    url: str
    each_bytes: int = SMALL_BYTES

    def of(self, job: Job) -> str:
        """The path or URL of a job's checkpoint."""
        return self._at(f"{job.name}-of-{job.fidelity}")

    def forget(self, job: Job) -> None:
        """Remove the checkpoint of a job that has ended."""
        with suppress(Exception):  # what stays behind takes room, and nothing else
            remove(self.of(job))

    def clear(self) -> None:
        """Remove everything, drafts of workers that died included."""
        with suppress(Exception):  # as above
            system, path = _locate(self.url)
            system.rm(path, recursive=True)

    def leave_mark(self) -> str:
        """Leave an empty file, for `prove` in another process; its path or URL.

        Raises:
          CheckpointError: it cannot be written.
        """
        mark = self._at(f"mark-{uuid.uuid4().hex}")
        self._try(lambda: write(mark, b""))
        return mark

    def prove(self, mark: str | None = None) -> None:
        """See that a file can be written here, read back and removed.

        Args:
          mark: what another process has left here and this one must see; None if nothing has been left.

        Raises:
          CheckpointError: it cannot, or the place is not the other process's.
        """
        # Random, lest a store that compresses takes it for nothing.
        probe, content = self._at(f"probe-{uuid.uuid4().hex}"), os.urandom(min(self.each_bytes, MOST_PROBE_BYTES))
        if mark is not None:
            self._see(mark)
        self._try(lambda: write(probe, content))
        found = self._try(lambda: read(probe))
        self._try(lambda: remove(probe))
        if mark is None:
            self._leave_no_folder()
        if found != content:
            raise CheckpointError(
                f"what is written to {self.url} must be read back the same, and was not; give --checkpoints another "
                "folder or URL"
            )

    def _leave_no_folder(self) -> None:
        """What comes next may be refused. Nobody else writes yet: workers are only asked where a mark has been left."""
        system, path = _locate(self.url)
        if isinstance(system, LocalFileSystem):
            with suppress(OSError):  # a run that goes on has checkpoints there
                system.rmdir(path)

    def _see(self, mark: str) -> None:
        try:
            read(mark)
        except FileNotFoundError:
            raise CheckpointError(
                f"checkpoints must lie where every node sees them, and what the driver left in {self.url} is not seen "
                "by a worker; give --checkpoints a folder that all nodes share, or a URL such as s3://bucket/folder"
            ) from None
        except Exception as error:
            raise self._unusable(error) from error

    def _try(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Exception as error:  # every store has its own
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> CheckpointError:
        if is_lack_of_room(error):
            return CheckpointError(
                f"a training of this run keeps about {size_text(self.each_bytes)}, and there is no room: "
                f"{room_text(self.url, min(self.each_bytes, MOST_PROBE_BYTES))}; make room there, or give "
                "--checkpoints another folder or URL"
            )
        return CheckpointError(
            f"checkpoints must be written, read and removed at {self.url}, and that fails "
            f"({type(error).__name__}: {error}); give rights there, install what the URL needs, or give "
            "--checkpoints another folder or URL"
        )

    def _at(self, name: str) -> str:
        return f"{self.url.rstrip('/')}/{name}"


def read(url: str) -> bytes:
    """Read a checkpoint and verify its digest.

    Raises:
      FileNotFoundError: there is nothing.
      CheckpointError: it is damaged.
    """
    system, path = _locate(url)
    return unsealed(system.cat_file(path), url)


def write(url: str, content: bytes) -> None:
    """Put a whole file, sealed with its digest, in place of what was there, or leave that as it was."""
    system, path = _locate(url)
    sealed_content = sealed(content)
    protocols = {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)
    if protocols & PUTS_WHOLE:
        system.pipe_file(path, sealed_content)
        return
    draft = f"{path}.{uuid.uuid4().hex}.part"
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    try:
        system.pipe_file(draft, sealed_content)
        system.mv(draft, path)
    except BaseException:
        with suppress(Exception):  # the first error is the one to tell
            system.rm_file(draft)
        raise


def sealed(content: bytes) -> bytes:
    """The content behind its digest."""
    return sha256(content).digest() + content


def unsealed(file: bytes, name: str) -> bytes:
    """The content of a sealed file, called `name` in messages.

    Raises:
      CheckpointError: it is damaged.
    """
    seal, content = file[:SEAL_BYTES], file[SEAL_BYTES:]
    if sha256(content).digest() != seal:
        raise CheckpointError(f"a checkpoint must be whole, and {name} is damaged; delete it")
    return content


def remove(url: str) -> None:
    """Remove a file; one that is not there is as good as removed."""
    system, path = _locate(url)
    with suppress(FileNotFoundError):
        system.rm_file(path)


def _locate(url: str) -> tuple[Any, str]:
    """The file system behind a URL and the path there. A plain path is none of fsspec's: it may hold "::"."""
    if "://" not in url:
        return LocalFileSystem(), url
    return fsspec.url_to_fs(url)  # type: ignore[no-any-return]  # fsspec ships no types
