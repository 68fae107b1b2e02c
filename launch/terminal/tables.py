"""Texts and tables for a person to read on a terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from launch.terminal.task_words import recorded
from nas.record import TEST
from nas.search import PredictorQuality

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS = " .:-=+*#@"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under a header; the first is flush left, the others flush right."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]

    def aligned(line: Sequence[str]) -> str:
        first, *rest = line
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        return "  ".join(cells).rstrip()

    return "\n".join(aligned(line) for line in lines)


def number(value: int | float | None) -> str:
    """Four significant digits; whole numbers with thousands separated."""
    if value is None:
        return "-"
    if float(value).is_integer() and abs(value) >= 1000:
        return f"{int(value):,}"
    return f"{value:,.4g}"


def figure(value: float | None) -> str:
    """Four decimals; of what is no number, a dash: JSON keeps it as null."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.4f}"


def bars(counts: Sequence[int], encoding: str) -> str:
    """A histogram in one line, one character for each bin; ASCII where the terminal's encoding has no blocks."""
    try:
        BLOCKS.encode(encoding)
        levels = BLOCKS
    except UnicodeEncodeError:
        levels = ASCII_BLOCKS
    most = max(max(counts, default=0), 1)
    steps = len(levels) - 1
    return "".join(levels[-(-count * steps // most)] for count in counts)  # rounded up: what holds anything shows


def quality_text(quality: PredictorQuality) -> str:
    near = (
        ""
        if quality.tau_near_limit is None
        else f" ({quality.tau_near_limit:.3f} among the {quality.num_near_limit} near a limit)"
    )
    return (
        f"predictor, cross-validated on {quality.num_points} trials: Kendall tau {quality.kendall_tau:.3f}{near}, "
        f"RMSE {quality.rmse:.4f}, inside its 50 / 80 / 95 % intervals: "
        f"{quality.coverage_50:.0%} / {quality.coverage_80:.0%} / {quality.coverage_95:.0%}"
    )


def _is_yardstick(origin: str) -> bool:
    return any(name.startswith(("design", "narrowed", "baseline")) for name in origin.split(", "))


def holds_text(limit: Mapping[str, Any]) -> str:
    """Whether a limit holds, in a word; one that could not be verified and does not bind is neither."""
    if not limit.get("binding", True):
        return "not verified on this machine"
    return "yes" if limit["holds"] else "NOT VERIFIED" if limit.get("doubt") else "NO"


def is_violated(limit: Mapping[str, Any]) -> bool:
    """Whether a limit of winner.json makes the search one that has not met its limits."""
    return bool(limit.get("binding", True)) and not limit["holds"]


def winner_text(record: Mapping[str, Any]) -> str:
    """The winner beside everything that it should be compared with, and its limits."""
    limits = table(
        ["limit", "bound", "predicted", "measured", "unit", "holds"],
        [
            [limit["text"], number(limit["bound"]), number(limit["predicted"]),
             "not at hand" if limit["measured"] is None else number(limit["measured"]), limit["unit"],
             holds_text(limit)]
            for limit in record["limits"]
        ],
    )  # fmt: skip
    doubts = [f"{limit['text']}: {limit['doubt']}" for limit in record["limits"] if limit.get("doubt")]
    found = record["objective"]
    name = recorded(record.get("task"), record["metrics"]).metric(found["name"]).label
    measured, predicted, std = (figure(found[key]) for key in ("measured", "predicted", "predicted_std"))
    line = (
        f"{name}: {measured} at fidelity {found['measured_at_fidelity']} (validation); predicted "
        f"{predicted} +- {std} at fidelity {found['predicted_at_fidelity']}"
    )
    parts = [f"winner: {record['trial']} ({record['origin']})", _metrics_text(record), limits, *doubts]
    parts += [_minimised_text(record["minimised"]), line] if "minimised" in record else [line]
    parts += [seeds_text(record)] if "seeds" in record else []
    parts += [_shared_text(record, found["name"], name)] if "shared" in record else []
    if (judge := record.get("judged_by", "")) in record["metrics"] and judge != found["name"]:
        parts.append(f"{judge}: {figure(record['metrics'][judge])} (validation, in int8); the winner was chosen by it")
    return "\n\n".join(parts)


def front_text(record: Mapping[str, Any]) -> str:
    """Every point of front.json with its objectives, measured beside predicted; the winner is marked."""
    units = record["objectives"]
    heads = [head for name, unit in units.items() for head in _point_heads(name, unit)]
    rows = [
        [
            f"{point['folder']}{' *' if point['folder'] == record['chosen'] else ''}",
            *(cell for name, unit in units.items() for cell in _point_cells(point["objectives"][name], unit)),
            point["trial"],
            point["origin"],
        ]
        for point in record["points"]
    ]
    by = " and ".join(record["chosen_by"]) or "the knee"
    chosen = by if record["choice_met"] else f"nearest to {by}, which no point meets"
    return "\n\n".join([table(["front", *heads, "trial", "origin"], rows), f"* the winner: {chosen}"])


def _point_heads(name: str, unit: str) -> list[str]:
    """A metric was predicted for the search's training; a cost that is counted needs one column."""
    return [f"{name} [{unit}]"] if unit else [name, "predicted"]


def _point_cells(found: Mapping[str, Any], unit: str) -> list[str]:
    if unit:
        return [number(found["measured"])]
    return [figure(found["measured"]), f"{figure(found['predicted'])} +- {figure(found['predicted_std'])}"]


def _minimised_text(found: Mapping[str, Any]) -> str:
    beside = f", {found['value'] / found['baseline']:.2f} of the baseline's" if found["baseline"] else ""
    return f"least {found['name']} found: {number(found['value'])} {found['unit']}{beside}"


def _shared_text(record: Mapping[str, Any], metric: str, label: str) -> str:
    """What shared weights promised of the finals, and what came out; both on validation data."""
    scores = record["shared"]["scores"]
    rows = [
        [
            "winner" if final["trial"] == record["trial"] else final["origin"],
            figure(scores.get(final["trial"], {}).get(metric)),
            figure(final["metrics"][metric]),
        ]
        for final in record["finals"]
    ]
    return table([f"{label} (validation)", "by shared weights", "trained"], rows)


def seeds_text(record: Mapping[str, Any]) -> str:
    """Of a winner that was trained under several seeds: what its figures are, and whose weights one takes away."""
    seeds, name = record["seeds"], record["objective"]["name"]
    label = recorded(record.get("task"), record["metrics"]).metric(name).label
    between = f", between which {label} has a standard deviation of {figure(seeds['std'][name])}"
    return (
        f"finals were trained under several seeds: the winner's figures are means over {seeds['num_seeds']}"
        f"{between if seeds['std'] else ''}; winner.pt holds the first one's weights, with {label} "
        f"{figure(seeds['own'][name])} (validation)"
    )


def _metrics_text(record: Mapping[str, Any]) -> str:
    """Metrics on test data, or on validation data where the evaluator held none out."""
    card, metrics = recorded(record.get("task"), record["metrics"]), record["metrics"]
    tested = [name for name in metrics if name.startswith(TEST)]
    shown = card.brief(tested or metrics)
    compared = [("winner", metrics)]
    compared += [(final["origin"], final["metrics"]) for final in record["finals"] if _is_yardstick(final["origin"])]
    compared += list(record["baselines"].items())
    return table(
        [
            f"trained alike, on {'test' if tested else 'validation'} {card.samples}",
            *(card.metric(m).label for m in shown),
        ],
        [[name, *(figure(values.get(metric)) for metric in shown)] for name, values in compared],
    )
