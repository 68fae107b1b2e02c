"""Options on the encoding of depth files (`--depth-is`, `--depth-invalid`, ..), kept with the run."""

from collections.abc import Mapping
from typing import Any

from nas.depth.data import Kind, Meaning, text_of

FLAGS = {"depth_is": "--depth-is", "depth_invalid": "--depth-invalid", "depth_valid": "--depth-valid"}
"""By the setting's name in experiment.json."""


def record(
    *, depth_is: Kind | None, depth_invalid: tuple[float, ...], depth_valid: tuple[float, ...],
    data: object, old: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """For experiment.json: what the command says, else what the run has; nothing of what nobody has said.

    Raises:
      ValueError: a value cannot be meant so, or there are no data of the user's own to read.
    """
    said = {
        "depth_is": depth_is,
        "depth_invalid": sorted(set(depth_invalid)),
        "depth_valid": sorted(set(depth_valid)),
    }
    given = [FLAGS[name] for name, value in said.items() if value]
    if given and data is None:
        raise ValueError(f"{given[0]} says how to read depth files of your own, and there are none; give --data too")
    kept = {name: value or old.get(name) for name, value in said.items()}
    settings = {name: value for name, value in kept.items() if value}
    meaning_of(settings)
    return settings


def meaning_of(settings: Mapping[str, Any]) -> Meaning:
    """What a run's settings say."""
    return Meaning(
        kind=settings.get("depth_is"),
        invalid=tuple(settings.get("depth_invalid", ())),
        valid=tuple(settings.get("depth_valid", ())),
    )


def options_of(settings: Mapping[str, Any]) -> list[str]:
    """The options that say the same again."""
    meaning = meaning_of(settings)
    options = [FLAGS["depth_is"], meaning.kind] if meaning.kind else []
    for name, values in (("depth_invalid", meaning.invalid), ("depth_valid", meaning.valid)):
        for value in values:
            options += [FLAGS[name], text_of(value)]
    return options
