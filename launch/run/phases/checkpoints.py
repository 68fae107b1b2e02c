"""Where a run's trainings are kept: what `--checkpoints` says, or the run folder where every worker sees it."""

import re
from pathlib import Path

from nas.record.checkpoints import SMALL_BYTES, Checkpoints
from nas.space import Architecture, Space

BYTES_PER_PARAMETER = 12  # float32: the weight and its two moments in Adam

NOWHERE = (
    "no checkpoints are kept: the nodes of a cluster may not share the run folder. A training whose worker is lost "
    "starts anew; --checkpoints FOLDER or URL, seen by every node, lets it go on"
)


def expected_bytes(space: Space) -> int:
    """About what a checkpoint takes: of the smallest reference, or of the middle options.

    A probe larger than what a run will keep would refuse it where it has room.
    """
    middle = tuple(len(choice.options) // 2 for choice in space.choices)
    rows = [space.reference(name) for name in space.references] or [middle]
    return SMALL_BYTES + BYTES_PER_PARAMETER * min(_num_parameters(space, row) for row in rows)


def checkpoints_of(
    run: Path, study: str, *, url: str | None, address: str | None, each_bytes: int = SMALL_BYTES
) -> Checkpoints | None:
    """A place that is this run's alone, also where several runs are given one URL.

    Args:
      study: the run's name, which no other run has.
      each_bytes: see `expected_bytes`.
      url: a folder or an fsspec URL; None for the run folder, unless `address` says that workers are elsewhere.

    Returns:
      None where there is no place that every worker is sure to see.
    """
    if url is None:
        return None if address else Checkpoints(url=str((run / "checkpoints").resolve()), each_bytes=each_bytes)
    parent = url if "://" in url else str(Path(url).expanduser().resolve())  # workers have another working directory
    name = re.sub(r"[^A-Za-z0-9._-]", "-", study)
    return Checkpoints(url=f"{parent.rstrip('/')}/{name}", each_bytes=each_bytes)


def _num_parameters(space: Space, architecture: Architecture) -> int:
    return sum(node.op.num_weights + node.op.num_biases for node in space.lower(architecture).nodes)
