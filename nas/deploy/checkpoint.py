"""A training's state as bytes, sealed with its digest and read without unpickling, and the store that keeps them."""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from nas.deploy.curve import Row
from nas.errors import refusing
from nas.record import write_whole
from nas.record.checkpoints import CheckpointError, sealed, unsealed

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """Everything that the steps from here on depend on.

    Attributes:
      step: how many have been made.
      average: the averaged weights; None where there is no average.
      rows: of the learning curve so far.
      losses: of the steps since the last row.
    """

    step: int
    module: Mapping[str, Tensor]
    optimiser: Mapping[str, Any]
    average: Mapping[str, Tensor] | None
    rows: tuple[Row, ...]
    losses: tuple[float, ...]


@runtime_checkable
class Store(Protocol):
    """Where a training keeps its state; `name` is for messages."""

    @property
    def name(self) -> str: ...

    def read(self) -> bytes | None:
        """What was written last; None if nothing was."""
        ...

    def write(self, content: bytes) -> None:
        """Put `content` in place of what was there, whole or not at all.

        Raises:
          NoRoomError: the disk is full; what was there still is.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStore:
    """A file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def read(self) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def write(self, content: bytes) -> None:
        write_whole(self.path, content)


def packed(state: State, key: str) -> bytes:
    """The state as a store keeps it; `key` is that of the training."""
    content = {
        "format": FORMAT,
        "key": key,
        "step": state.step,
        "module": dict(state.module),
        "optimiser": dict(state.optimiser),
        "average": None if state.average is None else dict(state.average),
        "rows": [{**asdict(row), "metrics": dict(row.metrics)} for row in state.rows],
        "losses": list(state.losses),
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return sealed(buffer.getvalue())


def unpacked(content: bytes, key: str, device: torch.device, name: str) -> State:
    """The state that a training has left in the store called `name`.

    Raises:
      CheckpointError: it is damaged, of another version or of another training.
    """
    plain = unsealed(content, name)
    rule = f"{name} must hold a training's state, and cannot be read"
    with refusing(CheckpointError, lambda why: f"{rule} ({why}); delete it to begin anew"):
        kept = torch.load(io.BytesIO(plain), map_location=device, weights_only=True)
        found, version = kept.pop("key"), kept.pop("format")
    if version != FORMAT:
        raise CheckpointError(f"{name} has format {version}, this version reads {FORMAT}; delete it to begin anew")
    if found != key:
        raise CheckpointError(
            f"a checkpoint continues its own training only, and {name} is another's; delete it to begin anew, or give "
            "--out a new folder"
        )
    with refusing(CheckpointError, lambda why: f"{rule} ({why}); delete it to begin anew"):
        rows, losses = tuple(Row(**row) for row in kept.pop("rows")), tuple(kept.pop("losses"))
        return State(rows=rows, losses=losses, **kept)
