"""Compatibility of an experiment with a run's record: trials hold option indices, so their space must stay what it was.

A run keeps every choice with its options, the table of stages, the reference architectures, a digest of sampled
networks (which tells what no table does, such as another block behind the same name), and what the experiment's
resources say of those. Options that are added behind the old ones leave every old index its meaning.

The evaluator's part is what it says of its data, compared as soon as there is one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from launch.experiment import Experiment
from launch.extensions.probes import first_difference, probes, sampled
from launch.session.folder import FolderError, RunFolder
from nas.record import Evaluator, Explained
from nas.space import Choice, Network, Space, Stage

SETTING = "meaning"
EVALUATOR = "evaluator"
DIGEST = "digest"  # of an evaluator's data: the pictures themselves, whatever the folder is called
ELSE = "restore it, or give --out a new folder"


def meaning_of(experiment: Experiment, num_options: Sequence[int] = ()) -> dict[str, Any]:
    """The space's description for the run's settings; see `launch.extensions.probes.sampled` for `num_options`."""
    space = experiment.space
    networks = sampled(space, num_options)
    return {
        "choices": [{"name": choice.name, "options": list(choice.options)} for choice in space.choices],
        "stages": _stages(space),
        "references": {name: dict(values) for name, values in space.references.items()},
        "num_options": list(num_options) or space.num_options.tolist(),
        "networks": _digest(networks),
        "resources": probes(networks, experiment.resources),
    }


def continued(
    path: Path, experiment: Experiment, kept: Mapping[str, Any], *, allow_new_options: bool
) -> dict[str, Any]:
    """The meaning of a run that goes on, perhaps with more options than it had.

    Args:
      path: the run folder, for messages.
      kept: what `meaning_of` said when the run began; empty for a run of a version that did not ask.

    Raises:
      FolderError: an index would have another meaning; or there are new options, and they are not allowed.
    """
    if not kept:
        return meaning_of(experiment)
    _check_form(path, kept)
    if fault := _changed_choice(kept["choices"], experiment.space.choices):
        raise FolderError(f"the space of {path} must stay what it was when the run began: {fault}; {ELSE}")
    if (grown := _grown(kept["choices"], experiment.space.choices)) and not allow_new_options:
        raise FolderError(
            f"the space of {path} has new options, {grown}; they leave what was trained its meaning: "
            "`nas search --allow-new-options` takes them, or restore the space"
        )
    found: dict[str, Any] = json.loads(json.dumps(meaning_of(experiment, kept["num_options"])))
    if fault := _changed_space(kept, found):
        raise FolderError(f"the space of {path} must stay what it was when the run began: {fault}; {ELSE}")
    if fault := first_difference(kept["resources"], found["resources"]):
        raise FolderError(f"{fault}; {ELSE}, or, if it measures, keep its measurements in a table")
    return found


def check_evaluator(folder: RunFolder, evaluator: Evaluator) -> None:
    """See that the evaluator says what it said when the run began; what it says for the first time is kept.

    Raises:
      FolderError: it says something else.
    """
    facts = {**evaluator.data_facts, **(evaluator.training_facts if isinstance(evaluator, Explained) else {})}
    said = json.loads(json.dumps(facts, default=str))
    kept = folder.settings().get(EVALUATOR)
    if kept is None or not folder.started:
        folder.add_setting(EVALUATOR, said)
        return
    same_pictures = DIGEST in kept and kept[DIGEST] == said.get(DIGEST)
    passed = evaluator.data_facts if same_pictures else {}
    for name in kept:
        if name in said and name not in passed and kept[name] != said[name]:
            what = "the data have changed: " if name in evaluator.data_facts else ""
            raise FolderError(
                f"{folder.path} was started with an evaluator that said {name} = {kept[name]!r}, now it says "
                f"{said[name]!r}; {what}{ELSE}"
            )


def _check_form(path: Path, kept: Mapping[str, Any]) -> None:
    try:
        _ = (
            [(choice["name"], list(choice["options"])) for choice in kept["choices"]],
            [dict(values) for part in ("stages", "references") for values in kept[part].values()],
            [float(probe) for probe in kept["resources"].values()],
            [int(number) for number in kept["num_options"]],
            kept["networks"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FolderError(
            f"{path / 'experiment.json'} must hold what the space was, and {SETTING!r} there cannot be read "
            f"({type(error).__name__}: {error}); restore the file from a copy"
        ) from error


def _stages(space: Space) -> dict[str, dict[str, Any]]:
    return {
        stage.name: {
            spec.name: f"choice {value.name}" if isinstance(value, Choice) else value
            for spec in fields(Stage)
            if (value := getattr(stage, spec.name)) is not None
        }
        for stage in space.stages
    }


def _digest(networks: Sequence[Network]) -> str:
    text = "\n".join(
        f"{node.name} = {node.op.key} of {' '.join(node.inputs)}" for network in networks for node in network.nodes
    )
    return sha256(text.encode()).hexdigest()


def _changed_choice(kept: Sequence[Mapping[str, Any]], choices: Sequence[Choice]) -> str | None:
    """Which choice gives an old index another meaning."""
    old = {choice["name"]: choice["options"] for choice in kept}
    new = {choice.name: list(choice.options) for choice in choices}
    for name in old:
        if name not in new:
            return f"choice {name!r} is gone"
        if new[name][: len(old[name])] != old[name]:
            return f"choice {name!r} had the options {_listed(old[name])}, and has {_listed(new[name])}"
    for name in new:
        if name not in old:
            return f"choice {name!r} is new"
    if list(old) != list(new):
        first = next(name for name, other in zip(new, old, strict=True) if name != other)
        return f"choice {first!r} stands in another place among the choices"
    return None


def _grown(kept: Sequence[Mapping[str, Any]], choices: Sequence[Choice]) -> str:
    added = {new.name: new.options[len(old["options"]) :] for old, new in zip(kept, choices, strict=True)}
    return ", ".join(f"{_listed(options)} of choice {name!r}" for name, options in added.items() if options)


def _changed_space(kept: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """What else gives an architecture another network."""
    for part, what in (("stages", "stage"), ("references", "reference architecture")):
        for name, values in kept[part].items():
            if name not in found[part]:
                return f"{what} {name!r} is gone"
            for key, value in values.items():
                if found[part][name].get(key, value) != value:
                    return f"{key} of {what} {name!r} was {value!r}, and is {found[part][name][key]!r}"
    if new := [name for name in found["stages"] if name not in kept["stages"]]:
        return f"stage {new[0]!r} is new"
    if list(kept["stages"]) != list(found["stages"]):
        return "its stages stand in another order"
    return None if kept["networks"] == found["networks"] else "sampled architectures are other networks than they were"


def _listed(options: Sequence[Any]) -> str:
    return f"({', '.join(map(str, options))})"
