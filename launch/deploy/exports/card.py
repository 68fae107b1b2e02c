"""The card beside an export, `card.json` and `card.md`: what the network is, what it costs, how good it is, on what it
was trained, and what it must not be used for.

One card speaks of all exports of one network in a folder; a folder that holds another network's card is refused.
"""

import importlib.metadata
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from launch.deploy.exports.card_text import card_text
from launch.deploy.exports.export import Written, facts_of
from launch.deploy.subject.shipped import Shipped
from launch.json_text import json_text
from launch.terminal import OutputError, recorded
from nas.deploy.drawing import drawing
from nas.lowering.standalone import state
from nas.record import INT8, TEST, write_whole

FORMAT = 1
LIMITS_OF_USE = (
    "It has been measured on the data named here and on nothing else: of pictures unlike those, of other cameras, "
    "places or light, nothing is known.",
    "Its output is what the line 'output' says and no more; no measure of distance, safety or identity may rest on it.",
)


def write_card(network: Shipped, written: Written) -> tuple[Path, Path]:
    """Write or extend the card in the export's folder; its two files.

    Raises:
      OutputError: there is another network's card.
    """
    paths = written.path.parent / "card.json", written.path.parent / "card.md"
    card = {**card_of(network), "exports": {**_earlier(paths[0], network), written.path.name: facts_of(written)}}
    write_whole(paths[0], json_text(card).encode())
    write_whole(paths[1], card_text(card).encode())
    return paths


def check_card(network: Shipped, path: Path) -> None:
    """See that an export to `path` may have its card beside it.

    Raises:
      OutputError: there is another network's card.
    """
    _earlier(path.parent / "card.json", network)


def card_of(network: Shipped) -> dict[str, Any]:
    """All that is known of a network, whatever it is exported to."""
    lowered, found, trained, settings = network.folded.network, network.found, network.trained, network.settings
    task = recorded(trained.get("task") or found.get("task"), (trained or found).get("metrics", {}))
    return {
        "format": FORMAT,
        "network": {
            "digest": digest(network),
            "source": str(network.source),
            "space": settings.get("space") or found.get("space"),
            "decisions": settings.get("decisions") or found.get("decisions"),
            "drawing": drawing(lowered),
        },
        "input": task.input,
        "output": task.output,
        "measured": _measured(found),
        "metrics": metrics_of(network),
        "better": {metric.name: metric.better for metric in task.metrics},
        "data": settings.get("data") or found.get("data", {}),
        "training": _training(network),
        "versions": {name: importlib.metadata.version(name) for name in ("chamnas", "torch")},
        "licence": "The code is Apache-2.0. The weights come from the data above, whose licence decides on their use.",
        "limits_of_use": list(LIMITS_OF_USE),
    }


def metrics_of(network: Shipped) -> dict[str, dict[str, float | None]]:
    """Each metric as predicted, in the search, after training and in int8; "test_.." are on test data."""
    found, trained = network.found, network.trained.get("metrics", {})
    searched = found.get("metrics", {})
    objective = found.get("objective", {})
    names = [name for name in dict.fromkeys([*trained, *searched]) if not name.endswith(INT8)]
    in_int8 = any(name.endswith(INT8) for name in searched)
    int8 = dict(network.int8["metrics"][network.int8["method"]]) if network.int8 else {}
    return {
        name: {
            "predicted": objective.get("predicted") if name == objective.get("name") else None,
            "in search": searched.get(name),
            **({"in search, int8": searched.get(f"{name}{INT8}")} if in_int8 else {}),
            "trained": trained.get(name),
            **({"int8": int8.get(name)} if int8 else {}),
        }
        for name in sorted(names, key=lambda name: name.startswith(TEST))
    }


def digest(network: Shipped) -> str:
    """Of the network's operators and weights, at whatever size."""
    hashed = sha256()
    for name, tensor in sorted(state(network.folded).items()):
        hashed.update(name.encode())
        hashed.update(tensor.detach().cpu().contiguous().to(torch.float32).numpy().tobytes())
    return hashed.hexdigest()[:16]


def _measured(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the search predicted and measured of the network, at the size that was searched; latencies among it."""
    return {
        name: {key: cost.get(key) for key in ("unit", "predicted", "measured")}
        for name, cost in found.get("resources", {}).items()
        if cost.get("measured") is not None
    }


def _training(network: Shipped) -> dict[str, Any]:
    settings = network.settings
    if not settings:
        found = network.found
        told = {"seed": found.get("seed"), "steps": found.get("objective", {}).get("measured_at_fidelity")}
        return {"by": "the search's final", **told}
    return {
        "by": "nas train",
        "seed": settings["seed"],
        "steps": settings["steps"],
        "device": network.trained.get("device"),
        "workers": network.trained.get("workers"),
        **settings["training"],
    }


def _earlier(path: Path, network: Shipped) -> dict[str, Any]:
    """Exports that the card there tells of already."""
    if not path.exists():
        return {}
    try:
        card = json.loads(path.read_text())
        same = card["network"]["digest"] == digest(network)
        exports = {name: facts for name, facts in dict(card["exports"]).items() if (path.parent / name).exists()}
    except (OSError, ValueError, KeyError, TypeError):
        same, exports = False, {}
    if not same:
        raise OutputError(
            f"a card tells of one network, and {path} is another's or no card of this version; give --out a file in "
            "another folder, or remove it"
        )
    return exports
