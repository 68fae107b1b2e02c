"""Notes and pictures of a run, where optuna-dashboard looks for them.

    note      Markdown under system attributes of the study, also of a trial: in pieces of at most 2,045 characters,
              with a version that counts changes. Written as optuna-dashboard 0.21.0 does, which is not needed for it.
    picture   Optuna's artifact: a file in a folder, `optuna-dashboard --artifact-dir`, and what it is on its trial.

What others have written, such as a failure, is set as code: no Markdown of theirs is carried out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.artifacts import FileSystemArtifactStore, upload_artifact
from optuna.storages import BaseStorage

PIECE = 2045
"""Characters of a note that one attribute takes."""
ARTIFACT = "artifacts:"


def write_note(storage: BaseStorage, study_id: int, body: str, trial_id: int | None = None) -> None:
    """Keep a note, of the study or of one of its trials; one that says so already stays as it is."""
    place = "dashboard:" if trial_id is None else f"dashboard:{trial_id}:"
    kept = storage.get_study_system_attrs(study_id)
    pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)]
    old = _pieces(kept, f"{place}note_str:")
    if old == pieces:
        return
    storage.set_study_system_attr(study_id, f"{place}note_ver", int(kept.get(f"{place}note_ver", 0)) + 1)
    for i, piece in enumerate([*pieces, *[""] * (len(old) - len(pieces))]):
        storage.set_study_system_attr(study_id, f"{place}note_str:{i}", piece)


def as_code(text: str) -> str:
    """Any text as a block of code in Markdown."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def show_picture(storage: BaseStorage, trial_id: int, picture: Path, store: Path) -> None:
    """Keep a picture with a trial that has not been closed yet; one that has a picture keeps it."""
    trial = storage.get_trial(trial_id)
    if any(name.startswith(ARTIFACT) for name in trial.system_attrs):
        return
    store.mkdir(exist_ok=True)
    upload_artifact(
        artifact_store=FileSystemArtifactStore(str(store)),
        file_path=str(picture),
        study_or_trial=trial,
        storage=storage,
    )


def _pieces(kept: Mapping[str, Any], prefix: str) -> list[str]:
    found = [str(kept[name]) for name in kept if name.startswith(prefix)]
    return [piece for piece in found if piece]
