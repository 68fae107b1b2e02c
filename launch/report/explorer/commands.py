"""Commands that take a point further, as lines to copy; the script fills in what stands in braces."""

import json
import shlex
from collections.abc import Mapping, Sequence

from launch.report.facts.facts import Facts
from nas.costs import quoted

ARCHITECTURE, COST, TRIAL = "{architecture}", "{cost}", "{trial}"


def commands(facts: Facts) -> Sequence[Mapping[str, str]]:
    """Each with its name, its text and, where it needs one, the resource whose cost it names."""
    folder = shlex.quote(str(facts.session.folder.path))
    space = facts.session.experiment.space.name
    select = [
        {
            "name": f"select the best of no more {name}",
            "text": f"nas select {folder} --limit {shlex.quote(f'{quoted(name)} <= {COST}')}",
            "resource": name,
        }
        for name in facts.pricing.tables
    ]
    body = f'{json.dumps({"space": space})[:-1]}, "architecture": {ARCHITECTURE}}}'
    kept = f"printf %s {shlex.quote(body)} > {TRIAL}.json"
    return [
        *select,
        {"name": "train in full", "text": f"{kept} && nas train {TRIAL}.json --experiment {folder} --out {TRIAL}"},
        {"name": "export what is trained", "text": f"nas export {TRIAL} --format onnx --out {TRIAL}.onnx"},
        {"name": "build as a module", "text": _module(facts)},
    ]


def _module(facts: Facts) -> str:
    """Python that builds the architecture's network, untrained, with the run's own input size."""
    folder = str(facts.session.folder.path)
    return (
        "from pathlib import Path\n"
        "from launch.session import RunFolder\n"
        "from launch.session.session import open_session\n"
        "from nas.lowering.torch_module import build\n"
        f"space = open_session(RunFolder(path=Path({folder!r}))).experiment.space\n"
        f"model = build(space.lower({ARCHITECTURE}))"
    )
