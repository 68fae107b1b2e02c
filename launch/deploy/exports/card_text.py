"""A card as a page to read: `card.md`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from launch.terminal import figure, number
from nas.errors import size_text


def card_text(card: Mapping[str, Any]) -> str:
    """The page in Markdown."""
    parts = [
        f"# Card of a network of the space {card['network']['space'] or 'unknown'}",
        f"Input: {card['input'] or 'not said'}. Output: {card['output'] or 'not said'}.",
        "## Files",
        _exports(card["exports"]),
        "## Network",
        f"```text\n{card['network']['drawing']}\n```",
        "## Costs",
        _resources(card["exports"]),
        _measured(card["measured"]),
        _latencies(card["exports"]),
        "## How good it is",
        _metrics(card["metrics"]),
        "## Data and training",
        _facts(card["data"]),
        _facts(card["training"]),
        _facts({f"version of {name}": text for name, text in card["versions"].items()}),
        "## Licence and limits of use",
        card["licence"],
        "\n".join(f"- {line}" for line in card["limits_of_use"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _exports(exports: Mapping[str, Mapping[str, Any]]) -> str:
    return _table(
        ["file", "format", "precision", "size", "input", "output", "checked on", "differs from PyTorch by"],
        [
            [
                name, one["format"], one["precision"], size_text(one["bytes"]), _port(one["input"]),
                _port(one["output"]), one["runtime"], _agreement(one),
            ]
            for name, one in exports.items()
        ],
    )  # fmt: skip


def _port(port: Mapping[str, Any]) -> str:
    return f"`{port['name']}` {' x '.join(map(str, port['shape']))}"


def _agreement(one: Mapping[str, Any]) -> str:
    return f"{one['largest_difference']:.1e} of the range, {one['signal_to_noise_db']:.0f} dB below"


def _resources(exports: Mapping[str, Mapping[str, Any]]) -> str:
    """Counts for one picture of each file's size."""
    counted = [one["resources"] for one in exports.values()]
    rows = [[name, cost["unit"], *(number(one[name]["value"]) for one in counted)] for name, cost in counted[0].items()]
    return _table(["counted for a picture", "unit", *exports], rows)


def _measured(measured: Mapping[str, Mapping[str, Any]]) -> str:
    if not measured:
        return ""
    rows = [[name, one["unit"], number(one["predicted"]), number(one["measured"])] for name, one in measured.items()]
    return _table(["in the search, at its size", "unit", "predicted", "measured"], rows)


def _latencies(exports: Mapping[str, Mapping[str, Any]]) -> str:
    """What was timed when a file was written, beside what the search's table had predicted for it."""
    timed = {name: one["latency"] for name, one in exports.items() if "latency" in one}
    rows = [
        [name, one["processor"], figure(one["predicted_ms"]), figure(one["quickest_ms"]), figure(one["median_ms"])]
        for name, one in timed.items()
    ]
    heads = ["file, one picture, one thread [ms]", "processor", "predicted", "quickest", "median"]
    return _table(heads, rows) if rows else ""


def _metrics(metrics: Mapping[str, Mapping[str, float | None]]) -> str:
    columns = list(dict.fromkeys(column for values in metrics.values() for column in values))
    rows = [[name, *(figure(values.get(column)) for column in columns)] for name, values in metrics.items()]
    return _table(["metric", *columns], rows) if metrics else "Nothing has been measured."


def _facts(facts: Mapping[str, Any]) -> str:
    told = {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in facts.items()}
    return "\n".join(f"- {name}: {value}" for name, value in told.items() if value is not None)
