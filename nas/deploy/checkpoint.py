"""A training's state in a file: sealed with its digest, written whole, read without unpickling."""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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


def write_state(path: Path, state: State, key: str) -> None:
    """Put the state in place of an earlier one.

    Args:
      key: of the training that it belongs to.

    Raises:
      NoRoomError: the disk is full; the earlier one is still there.
    """
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
    write_whole(path, sealed(buffer.getvalue()))


def read_state(path: Path, key: str, device: torch.device) -> State | None:
    """The state that a training has left; None if it has left none.

    Raises:
      CheckpointError: it is damaged, of another version or of another training.
    """
    if not path.exists():
        return None
    content = unsealed(path.read_bytes(), str(path))
    rule = f"{path} must hold a training's state, and cannot be read"
    with refusing(CheckpointError, lambda why: f"{rule} ({why}); delete it to begin anew"):
        kept = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
        found, version = kept.pop("key"), kept.pop("format")
    if version != FORMAT:
        raise CheckpointError(f"{path} has format {version}, this version reads {FORMAT}; delete it to begin anew")
    if found != key:
        raise CheckpointError(
            f"a checkpoint continues its own training only, and {path} is another's; delete it to begin anew, or give "
            "--out a new folder"
        )
    with refusing(CheckpointError, lambda why: f"{rule} ({why}); delete it to begin anew"):
        rows, losses = tuple(Row(**row) for row in kept.pop("rows")), tuple(kept.pop("losses"))
        return State(rows=rows, losses=losses, **kept)
