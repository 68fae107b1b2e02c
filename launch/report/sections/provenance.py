"""Section on provenance: the command, the settings, and how far the latency tables can be trusted."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from launch.extensions import parts
from launch.report.facts.facts import Facts
from launch.report.view import Table, amount, counted, deviation, header, listed, percent, shown, words
from launch.session import continuation, data_words, latency, merging, options_of
from launch.session.session import asked_before, limits_of
from nas.latency import LatencyTable, doubts, rank_text
from nas.latency.noise import drift, noise

HIDDEN = frozenset(
    {"format", "started", "study", "storage", "meaning", "evaluator"}
)  # a storage's URL may hold a password


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyView:
    """A latency table's origin and fit. `sentence` says what its margin means."""

    name: str
    machine: Table
    fit: Table
    sentence: str


def command(facts: Facts) -> str:
    """The command that makes a run with these settings again, in a folder of its own."""
    settings = facts.session.settings
    line = ["nas", "search", settings["experiment"], "--out", f"{facts.session.folder.path.resolve().name}-again"]
    options: list[tuple[str, Any]] = [("objective", name) for name in asked_before(settings)]
    options += [("limit", text) for text in limits_of(settings)]
    options += [("latency", reference) for reference in settings.get(latency.SETTING, {}).values()]
    options += [("rung", steps) for steps in settings.get("rungs", ())]
    options += [("eta", settings["eta"])] if "eta" in settings else []
    options += parts.references(settings).items()
    options += [("trials", facts.total), ("seed", settings["seed"]), ("lag", settings["lag"])]
    words = [word for name, value in options for word in (f"--{name}", str(value))]
    return shlex.join([*line, *words, *data_words(settings), *options_of(settings)])


def repeatability(facts: Facts) -> str:
    """What running the command again can be expected to give."""
    if facts.session.settings["lag"] == 0:
        first = "With lag 0 every proposal rests on whatever had finished, so another run takes another course."
    else:
        first = "The same seed and lag propose the same architectures for any number of workers, if training repeats."
    if together := facts.session.settings.get(merging.SETTING):
        first += (
            f" Its record was merged from {listed(list(together))}, each searched by itself: merge those again first."
        )
    if before := parts_text(facts)["before"]:
        first += f" The run was extended and had {before}: begin with these, then extend it in the same way."
    if not facts.latency:
        return first
    return f"{first} Latency limits rest on the tables below: another machine has other tables, and other trials."


def parts_text(facts: Facts) -> dict[str, str]:
    """By kind, what proposed and what predicted; and "before", what did until the run was extended, "" if nothing."""
    settings = facts.session.settings
    before = "; ".join(f"{what} for the first {counted(n, 'trial')}" for n, what in continuation.history_of(settings))
    return {**{name: parts.shown(settings.get(name)) for name in parts.SETTINGS}, "before": before}


def settings_table(facts: Facts) -> Table:
    known = {name: value for name, value in facts.session.settings.items() if name not in HIDDEN}
    known["storage"] = "its own, given by URL" if facts.session.settings["storage"] else "a journal in the run folder"
    known |= {continuation.SETTING: parts_text(facts)["before"]} if continuation.SETTING in known else {}
    return Table(
        header=header("setting", "value"),
        rows=tuple((words(name), words(_setting(value))) for name, value in known.items()),
    )


def data_table(winner: Mapping[str, Any] | None) -> Table | None:
    """What the evaluator said of its data, if the record holds it."""
    if winner is None or not winner.get("data"):
        return None
    rows = tuple((words(str(name)), words(str(value))) for name, value in winner["data"].items())
    return Table(header=header("data", "value"), rows=rows)


def latency_view(table: LatencyTable) -> LatencyView:
    rows = [
        ("operators timed", amount(len(table.intervals))),
        ("median width of an operator's 95 % interval", words(percent(noise(table), decimals=1), "number")),
    ]
    if table.guess is not None:
        rows += [
            ("operators predicted from those", amount(len(table.guess.keys))),
            ("their mean error, cross-validated", words(percent(table.guess.mape, decimals=1), "number")),
        ]
    if table.fit is not None:
        rows += [
            ("whole networks timed to check the sums", amount(table.fit.num_networks)),
            ("mean absolute error (MAPE)", words(percent(table.fit.mape, decimals=1), "number")),
            ("bias", words(deviation(table.fit.bias), "number")),
            ("Spearman", words(rank_text(table), "number")),
            ("within 10 % of the measured time", words(percent(table.fit.within_10_percent), "number")),
        ]
    rows.append(("drift of whole networks while it was timed", words(deviation(drift(table)), "number")))
    rows.append(("margin kept below limits", words(percent(table.margin, decimals=1), "number")))
    rows += [("unfit for limits", words(reason)) for reason in doubts(table)]
    return LatencyView(
        name=f"latency_ms.{table.device}",
        machine=Table(
            header=header("machine", "value"),
            rows=tuple((words(k), words(v)) for k, v in [*table.machine.items(), *table.conditions.items()]),
        ),
        fit=Table(header=header("fit", numbers=("value",)), rows=tuple((words(name), cell) for name, cell in rows)),
        sentence=_latency_text(table),
    )


def _latency_text(table: LatencyTable) -> str:
    margin = percent(table.margin, decimals=1)
    if table.fit is None:
        return (
            "Latency is predicted as the sum of the operators' times; no whole network was timed to check that. The "
            f"search keeps a margin of {margin} from every limit on it, which is nobody's measurement."
        )
    slopes = ", ".join(f"{shown(slope)} ({name})" for name, slope in table.line.slopes.items())
    return (
        f"Latency is predicted as {shown(table.line.intercept_ms)} ms plus the operators' times alone, each multiplied "
        f"by its kind's slope: {slopes}. To judge that, each network here was predicted by a line fitted to the "
        f"others. The search keeps a margin of {margin} from every limit on it, so that the winner still meets the "
        "limit when it is measured."
    )


def _origin(kept: Mapping[str, str] | str) -> str:
    return kept if isinstance(kept, str) else f"{kept['file']} (SHA-256 {kept['sha256'][:12]})"


def _setting(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or "none"
    if isinstance(value, dict):  # resources from files of the user's own, or latencies by key
        return ", ".join(f"{name}: {_origin(kept)}" for name, kept in value.items())
    return "the experiment's own" if value is None else str(value)
