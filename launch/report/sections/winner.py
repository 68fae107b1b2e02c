"""Section on the winner: its limits, its costs, its metrics beside what to compare them with, and its layers."""

from collections.abc import Mapping, Sequence
from typing import Any

from launch.report.facts.facts import Facts
from launch.report.sections.verdict import reasons
from launch.report.view import Cell, Table, amount, decimals, deviation, header, named, percent, score, shown, words
from launch.session import RunFolder
from launch.terminal import holds_text, is_violated
from launch.terminal import seeds_text as told_of_seeds
from nas.record import TEST, Better, Metric
from nas.space import INPUT, Architecture, Choice, Node, Space, Stage, Tensor, lower_stage, settle

ARROWS = {"lower": "↓", "higher": "↑"}
FILES = {
    "winner.py": "the network as a module that needs torch alone",
    "winner.pt": "its weights, to load with weights_only=True",
    "winner.json": "every figure of this section, for machines",
}


def limits_table(winner: Mapping[str, Any]) -> Table:
    """Every limit; a resource that no device can measure is judged by its exact count, and says so."""
    rows = []
    for limit in winner["limits"]:
        style = "" if not limit.get("binding", True) else "bad" if is_violated(limit) else "good"
        holds = words(holds_text(limit), style)
        rows.append(
            (
                words(limit["text"]),
                amount(limit["bound"]),
                amount(limit["predicted"]),
                _found(winner, limit),
                words(limit["unit"]),
                words(percent(_judged(limit) / limit["bound"] if limit["bound"] else None, decimals=1), "number"),
                holds,
            )
        )
    columns = (
        *header("limit", numbers=("bound", "predicted", "measured")),
        *header("unit", numbers=("of the bound",)),
        words("holds"),
    )
    return Table(header=columns, rows=tuple(rows))


def _judged(limit: Mapping[str, Any]) -> float:
    return float(limit["predicted"] if limit["measured"] is None else limit["measured"])


def _found(winner: Mapping[str, Any], limit: Mapping[str, Any]) -> Cell:
    if limit["measured"] is None:
        return words("not at hand", "number")
    resource = winner["resources"].get(limit["resource"])  # of a limit on what is trained there is none
    if resource is not None and resource["measured"] is None:
        return words(f"{shown(limit['measured'])} (counted)", "number")
    return amount(limit["measured"])


def resources_table(winner: Mapping[str, Any]) -> Table:
    """Every resource, and how far the prediction was off."""
    rows = []
    for name, values in winner["resources"].items():
        predicted, measured = values["predicted"], values["measured"]
        off = deviation(predicted / measured - 1 if measured else None)
        rows.append((named(name), amount(predicted), amount(measured), words(values["unit"]), words(off, "number")))
    columns = (
        *header("resource", numbers=("predicted", "measured")),
        *header("unit", numbers=("predicted / measured - 1",)),
    )
    return Table(header=columns, rows=tuple(rows))


def metrics_table(facts: Facts, winner: Mapping[str, Any], *, test: bool) -> Table:
    """Metrics of the winner, the other finals, the yardsticks and the baselines, on test or on validation data.

    The best value of a column is marked where we know which way is better.
    """
    names = facts.card.ordered(name for name in winner["metrics"] if name.startswith(TEST) == test)
    known = {name: facts.card.metric(name, objective=facts.objective) for name in names}
    rows = _compared(facts, winner)
    best = {name: _best(known[name].better, [m[name] for _, m in rows if name in m]) for name in names}
    return Table(
        header=header("", numbers=[_with_arrow(known[name]) for name in names]),
        rows=tuple(
            (
                words(label),
                *(score(metrics.get(name), "best" if metrics.get(name) == best[name] else "") for name in names),
            )
            for label, metrics in rows
        ),
    )


def _compared(facts: Facts, winner: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float]]]:
    """(what it is, its metrics), the winner first."""
    finals = sorted(
        winner["finals"], key=lambda final: (final["trial"] != winner["trial"], final["metrics"][facts.objective])
    )
    rows = [(_label(facts, winner, final), final["metrics"]) for final in finals]
    return [*rows, *winner["baselines"].items()]


def _label(facts: Facts, winner: Mapping[str, Any], final: Mapping[str, Any]) -> str:
    """Its name, what it is, and why it was trained."""
    told = final["origin"].split(", ")
    unsaid = [role for role in facts.roles(tuple(final["architecture"])) if role not in told]
    first = ["the winner"] if final["trial"] == winner["trial"] else []
    last = [] if final["meets_limits"] else ["violates a limit"]
    return f"{final['trial']}: {', '.join([*first, reasons(', '.join([*told, *unsaid])), *last])}"


def _best(better: Better, values: Sequence[float]) -> float | None:
    if better == "unknown" or len(set(values)) < 2:
        return None
    return max(values) if better == "higher" else min(values)


def _with_arrow(metric: Metric) -> str:
    return f"{metric.label} {ARROWS.get(metric.better, '')}".strip()


def prediction_text(facts: Facts, winner: Mapping[str, Any]) -> str:
    """What the predictor expected; not the same quantity as what the final's longer training gave."""
    found = winner["objective"]
    alike = found["predicted_at_fidelity"] == found["measured_at_fidelity"]
    why = "It was trained anew, from another seed" if alike else "The budgets differ"
    return (
        f"After the search's training (fidelity {found['predicted_at_fidelity']}), the predictor expects "
        f"{facts.objective_label} {decimals(found['predicted'])} ± {decimals(found['predicted_std'])} on validation "
        "data; "
        f"trained as a final (fidelity {found['measured_at_fidelity']}), the network measured "
        f"{decimals(found['measured'])}. {why}, so the two need not agree."
    )


def seeds_text(winner: Mapping[str, Any]) -> str:
    """What the figures are where finals were trained under several seeds; "" where they were not."""
    told = told_of_seeds(winner) if "seeds" in winner else ""
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def files(folder: RunFolder) -> tuple[tuple[str, str], ...]:
    """(name, what it is) of the files to take away, as far as they exist; names are relative to the report."""
    return tuple((name, text) for name, text in FILES.items() if (folder.path / name).exists())


def architecture_table(space: Space, architecture: Architecture) -> Table:
    """One row per stage with its choices settled; what was decided stands out from what the space fixes."""
    decisions = space.decisions(architecture)
    nodes = _nodes(space, architecture)
    total = sum(node.op.macs for stage in nodes.values() for node in stage)
    rows = []
    for stage in space.stages:
        settled, macs = settle(stage, decisions), sum(node.op.macs for node in nodes[stage.name])
        rows.append(
            (
                named(stage.name),
                words(stage.op),
                named(" + ".join(stage.inputs)),
                *(_field(stage, name, getattr(settled, name)) for name, _ in stage.values()),
                words(str(nodes[stage.name][-1].op.output), "number"),
                amount(macs),
                words(percent(macs / total if total else None, decimals=1), "number"),
            )
        )
    names = [name for name, _ in space.stages[0].values()]
    columns = header("stage", "op", "inputs", numbers=[*names, "output", "MACs", "share"])
    return Table(header=columns, rows=tuple(rows))


def _field(stage: Stage, name: str, value: int | str) -> Cell:
    is_decided = isinstance(dict(stage.values())[name], Choice)
    return words(str(value), "number decided" if is_decided else "number dim")


def _nodes(space: Space, architecture: Architecture) -> dict[str, tuple[Node, ...]]:
    """The operators of each stage, by the stage's name."""
    decisions, nodes = space.decisions(architecture), {}
    sources = {INPUT: Tensor(INPUT, space.input)}
    for stage in space.stages:
        nodes[stage.name] = lower_stage(stage, [sources[name] for name in stage.inputs], decisions)
        sources[stage.name] = Tensor(nodes[stage.name][-1].name, nodes[stage.name][-1].op.output)
    return nodes
