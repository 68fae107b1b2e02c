"""The settings of a run: what may not change between the command that starts it and the one that continues it.

The number of trials, the hours, the workers and the executor are not among them.
"""

import uuid
from pathlib import Path
from typing import Any

from launch.experiment import Experiment
from launch.folder import RunFolder
from launch.own_files import SETTING, OwnFiles
from launch.session import identity
from nas.history import split_password


def settings_of(
    experiment: Experiment,
    reference: str,
    folder: RunFolder,
    *,
    limits: tuple[str, ...],
    seed: int | None,
    lag: int | None,
    slots: int,
    storage: str | None,
    data: Path | None,
) -> dict[str, Any]:
    """Settings for experiment.json. What the command leaves open is taken from the run that is there, or by default.

    The study's name is made up once: two runs may share a database, and a run folder may be renamed.
    """
    old = folder.settings() if folder.started else {}
    wanted = list(limits) or old.get("limits", list(experiment.limits))
    own = OwnFiles.kept(old).naming_limits(wanted)
    study = f"{experiment.name}@{folder.path.resolve().name}-{uuid.uuid4().hex[:8]}"
    return {
        "experiment": str(Path(reference).resolve()) if reference.endswith(".py") else reference,
        "study": old.get("study", study),
        **identity(experiment),
        "limits": [own.limit(text) for text in wanted],
        "seed": old.get("seed", 0) if seed is None else seed,
        "lag": old.get("lag", 2 * slots) if lag is None else lag,
        "storage": split_password(storage)[0] if storage else old.get("storage"),
        "data": str(data.resolve()) if data is not None else old.get("data"),
        **({SETTING: own.record(experiment.space)} if own.files else {}),
    }
