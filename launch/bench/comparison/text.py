"""A comparison as a table for a person and as JSON for machines."""

from dataclasses import asdict
from typing import Any

import numpy as np
from jaxtyping import Float

from launch.bench.comparison.comparison import Comparison, Standing
from launch.bench.comparison.measure import Estimate, judge_floor, reference_point, true_front
from launch.bench.question import Ladder
from launch.terminal import number, table


def text(comparison: Comparison) -> str:
    """The comparison as a table, under a line that says what is in it."""
    return f"{_title(comparison)}\n\n{_table(comparison)}"


def notes(comparison: Comparison) -> list[str]:
    """Notes on what was done with the table, and on runs that ended early."""
    short = [
        f"{standing.name} had nothing left to propose before the budget was spent, in {standing.num_short} of "
        f"{len(standing.losses)} seeds: its curve keeps the last value"
        for standing in comparison.standings
        if standing.num_short
    ]
    failed = [
        f"{standing.name}: {standing.num_failed:.1f} trainings failed per seed; each counts as one of the budget"
        for standing in comparison.standings
        if standing.num_failed
    ]
    few = [
        f"{standing.name} ran with {len(standing.losses)} of {comparison.seeds} seeds"
        for standing in comparison.standings
        if len(standing.losses) < comparison.seeds
    ]
    return [*comparison.arena.notes, *short, *failed, *few]


def record(comparison: Comparison) -> dict[str, Any]:
    """The comparison for JSON, whole curves included; a number that does not exist is null."""
    arena, course, question = comparison.arena, comparison.course, comparison.arena.question
    return {
        "table": {
            "name": arena.table,
            "sha256": arena.digest,
            "architectures": len(arena.rows),
            "allowed": int(arena.allowed.sum()),
            "decisions": {choice.name: len(choice.options) for choice in arena.choices},
        },
        "objectives": [{"column": goal.column, "direction": goal.direction} for goal in question.objectives],
        "limits": list(question.limits),
        "statistics": list(arena.statistics),
        "coding": {
            "structure": question.structure,
            "numbers": list(arena.numbers),
            "candidates": [coding.name for coding in arena.codings],
        },
        "judge": _judge(comparison),
        "trials": course.num_trials,
        "seeds": comparison.seeds,
        "workers": course.workers,
        "lag": course.lag,
        "predictor": course.predictor,
        "rungs": asdict(question.ladder) if question.ladder else None,
        "measure": _measure(comparison),
        **_best(comparison),
        "best_peer": comparison.best_peer.name if comparison.best_peer else None,
        "strategies": {standing.name: _standing(comparison, standing) for standing in comparison.standings},
        "notes": notes(comparison),
    }


def _measure(comparison: Comparison) -> str:
    return "regret" if len(comparison.arena.objectives) == 1 else "hypervolume"


def _best(comparison: Comparison) -> dict[str, Any]:
    """The goal that curves run towards, in the columns' own units."""
    arena = comparison.arena
    signs = np.array([goal.sign for goal in arena.question.objectives])
    if len(arena.objectives) > 1:
        reference = (signs * reference_point(arena)).tolist()
        return {"front_size": len(true_front(arena)), "reference": dict(zip(arena.objectives, reference, strict=True))}
    place = np.flatnonzero(arena.allowed)[np.nanargmin(arena.values[arena.allowed, 0])]
    decisions = {choice.name: choice.options[i] for choice, i in zip(arena.choices, arena.rows[place], strict=True)}
    return {"best": {"value": float(signs[0] * arena.values[place, 0]), "decisions": decisions}}


def _judge(comparison: Comparison) -> dict[str, Any] | None:
    arena, judge = comparison.arena, comparison.arena.question.judge
    if judge is None or len(arena.objectives) > 1:
        return None
    return {"column": judge.column, "direction": judge.direction, "floor": _or_null(judge_floor(arena))}


def _standing(comparison: Comparison, standing: Standing) -> dict[str, Any]:
    shown = _shown(comparison, standing)
    return {
        "seeds": len(standing.losses),
        "curve": _curve(shown),
        "at": {str(n): _point(shown, n) for n in comparison.milestones},
        "judge_curve": None if standing.judge is None else _curve(standing.judge),
        "judge_regret": None if standing.judge is None else _point(standing.judge, comparison.course.num_trials),
        "rank": _asdict(standing.rank),
        "front_share": _asdict(standing.front_share),
        "proposal_ms": standing.proposal_ms,
        "trainings_to_best_peer": comparison.reached(standing),
        "virtual_s": standing.virtual_s,
        "failed_trainings": standing.num_failed,
    }


def _shown(comparison: Comparison, standing: Standing) -> Float[np.ndarray, "3 T"]:
    """A curve as it is reported: regret as it is, hypervolume as the share that is there."""
    if _measure(comparison) == "regret":
        return standing.curve
    mean, low, high = 1 - standing.curve
    return np.stack([mean, high, low])


def _curve(curve: Float[np.ndarray, "3 T"]) -> dict[str, list[float | None]]:
    return {
        name: [_or_null(value) for value in row]
        for name, row in zip(("mean", "low", "high"), curve.tolist(), strict=True)
    }


def _point(curve: Float[np.ndarray, "3 T"], num_trained: int) -> dict[str, float | None]:
    return {name: values[num_trained - 1] for name, values in _curve(curve).items()}


def _asdict(value: Estimate | None) -> dict[str, float] | None:
    return None if value is None else asdict(value)


def _or_null(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _title(comparison: Comparison) -> str:
    arena, course, question = comparison.arena, comparison.course, comparison.arena.question
    goals = ", ".join(f"{goal.column} ({goal.direction})" for goal in question.objectives)
    what = "regret" if _measure(comparison) == "regret" else "share of the true front's hypervolume"
    structure = f", structure {question.structure}" if question.structure else ""
    return (
        f"{arena.table}: {what} of {goals} after so many trained architectures of {arena.allowed.sum():,}, mean and "
        f"95 % interval over {comparison.seeds} seeds; {course.workers} at once, lag {course.lag}, predictor "
        f"{course.predictor}{structure}{_rungs(question.ladder)}"
    )


def _rungs(ladder: Ladder | None) -> str:
    if ladder is None:
        return ""
    told = ", ".join(f"{cost} {column}" for cost, column in zip(ladder.rungs.fidelities, ladder.columns, strict=True))
    return f"; a training's cost {told}, eta {ladder.rungs.eta:g}: N trained is what N full trainings cost"


def _table(comparison: Comparison) -> str:
    alone, judged = _measure(comparison) == "regret", _judge(comparison)
    header = ["strategy", *(f"{n} trained" for n in comparison.milestones), "rank" if alone else "front found"]
    if judged is not None:
        header.append(f"{judged['column']} ({judged['direction']}) regret (floor {_number(judged['floor'])})")
    header += ["ms/proposal", "trained to reach best peer"]
    rows = []
    for standing in comparison.standings:
        shown = _shown(comparison, standing)
        row = [standing.name, *(_interval(shown[:, n - 1].tolist()) for n in comparison.milestones)]
        row.append(_rank(standing))
        if standing.judge is not None:
            row.append(_interval(standing.judge[:, -1].tolist()))
        arrived = comparison.reached(standing)
        row += [f"{standing.proposal_ms:.1f}", "-" if arrived is None else str(arrived)]
        rows.append(row)
    return table(header, rows)


def _rank(standing: Standing) -> str:
    if standing.rank is not None:
        return f"{standing.rank.mean:.1f}"
    return "-" if standing.front_share is None else f"{standing.front_share.mean:.0%}"


def _interval(values: list[float]) -> str:
    if not np.isfinite(values[0]):
        return "-"
    mean, low, high = map(_number, values)
    return f"{mean} [{low}, {high}]"


def _number(value: float | None) -> str:
    return number(None if value is None else float(f"{value:.3g}"))
