"""Everything that the page's script shows, as one JSON text that cannot end the element that holds it.

    run          name, objective, how many trials were asked for, its slots, the winner, folder as a shell word
    space        stages with their places in the drawing, choices with their options
    quantities   what an axis can show: metrics, resources, numbers among the user's attributes, and what a trial took
    trials       columns of equal length; `values` has one column for each quantity, null where it is not known
    texts        origins, failures and notes, each once; columns hold their places
    shares       each stage's part of every summed resource, for the variants that the trials have
    limits, references, axes, commands

Texts come from users and from what failed on other machines: the script writes them as text, never as markup.
"""

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from launch.report.explorer.commands import commands
from launch.report.explorer.drawing import places
from launch.report.explorer.shares import shares
from launch.report.explorer.trials import columns
from launch.report.facts.facts import Facts
from launch.report.facts.quality import quality_bound
from launch.session.session import limits_of
from nas.search import Prediction
from nas.space import Choice, Space, Stage

SIGNIFICANT = 7  # digits of a number that is not whole


def explorer_json(facts: Facts, held_out: Prediction | None = None) -> Markup:
    """The data of a page.

    Args:
      held_out: each complete search trial, by ticket, as predicted by a fit that has not seen it.
    """
    text = json.dumps(compact(_data(facts, held_out)), separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def compact(value: Any) -> Any:
    """The same in fewer characters: whole numbers without a point, others to seven digits, null for what is none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else float(f"{value:.{SIGNIFICANT}g}")
    if isinstance(value, Mapping):
        return {str(key): compact(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [compact(one) for one in value]
    return value


def _data(facts: Facts, held_out: Prediction | None) -> Mapping[str, Any]:
    space, session = facts.pricing.space, facts.session
    found = columns(facts, held_out)
    return {
        "run": {
            "name": session.folder.path.resolve().name,
            "folder": shlex.quote(str(session.folder.path)),
            "objective": facts.objective,
            "total": facts.total + facts.points,
            "slots": session.history.notes().get("plan:search", {}).get("slots"),
            "winner": None if facts.winner is None else facts.winner["trial"],
            "fidelity": session.experiment.fidelity,
            "limits": limits_of(session.settings),
        },
        "space": {
            "name": space.name,
            "input": list(space.input),
            "stages": [_stage(space, stage) for stage in space.stages],
            "choices": [{"name": choice.name, "options": list(choice.options)} for choice in space.choices],
        },
        **found,
        "shares": shares(facts),
        "limits": _limits(facts),
        "references": [
            {"name": name, "costs": facts.pricing.costs(space.reference(name))} for name in sorted(space.references)
        ],
        "axes": _axes(facts),
        "commands": commands(facts),
    }


def _stage(space: Space, stage: Stage) -> Mapping[str, Any]:
    """A stage's fields, a choice by its place among the space's, and where it is drawn."""
    fields = {
        name: {"choice": space.choices.index(value)} if isinstance(value, Choice) else {"fixed": value}
        for name, value in stage.values()
    }
    place = places(space)[stage.name]
    return {
        "name": stage.name, "op": stage.op, "inputs": list(stage.inputs), "fields": fields,
        "column": place.column, "level": place.level,
    }  # fmt: skip


def _limits(facts: Facts) -> list[Mapping[str, Any]]:
    limits: list[Mapping[str, Any]] = [
        {"key": limit.resource, "relation": limit.relation, "bound": limit.bound, "text": limit.text}
        for limit in facts.limits
    ]
    bound = quality_bound(facts)
    if bound is not None:
        limits.append(
            {"key": facts.objective, "relation": "<=", "bound": bound, "text": limits_of(facts.session.settings)[-1]}
        )
    return limits


def _axes(facts: Facts) -> Sequence[str]:
    """Resources that the map offers first: what is minimised, macs, every latency, whatever has a limit."""
    limited = {limit.resource for limit in facts.limits}
    wanted = [
        name for name in facts.pricing.tables if name == "macs" or name.startswith("latency_ms.") or name in limited
    ]
    first = facts.session.experiment.minimise
    return sorted(wanted or list(facts.pricing.tables), key=lambda name: name != first)
