"""Where a run's trainings are kept: what `--checkpoints` says, or the run folder where every worker sees it."""

import re
from pathlib import Path

from nas.checkpoints import Checkpoints

NOWHERE = (
    "no checkpoints are kept: the nodes of a cluster may not share the run folder. A training whose worker is lost "
    "starts anew; --checkpoints FOLDER or URL, seen by every node, lets it go on"
)


def checkpoints_of(run: Path, study: str, *, url: str | None, address: str | None) -> Checkpoints | None:
    """A place that is this run's alone, also where several runs are given one URL.

    Args:
      study: the run's name, which no other run has.
      url: a folder or an fsspec URL; None for the run folder, unless `address` says that workers are elsewhere.

    Returns:
      None where there is no place that every worker is sure to see.
    """
    if url is None:
        return None if address else Checkpoints(url=str((run / "checkpoints").resolve()))
    parent = url if "://" in url else str(Path(url).expanduser().resolve())  # workers have another working directory
    return Checkpoints(url=f"{parent.rstrip('/')}/{re.sub(r'[^A-Za-z0-9._-]', '-', study)}")
