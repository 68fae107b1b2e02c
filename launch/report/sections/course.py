"""Section on the search's course: the best so far, and every trial with its costs or the reason of its failure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from launch.report.facts.facts import Facts
from launch.report.plots.draw import svg
from launch.report.plots.trials import CoursePlot
from launch.report.view import UNKNOWN, Cell, Chart, Table, amount, counted, header, named, score, words
from launch.terminal import duration
from nas.record import State, Trial, rows

STYLES: Mapping[State, str] = {"complete": "", "failed": "bad", "running": "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a trial failed: the first line says it, `detail` is the end of the traceback."""

    trial: str
    reason: str
    detail: str


def failures(facts: Facts) -> tuple[Failure, ...]:
    """Every failed trial, the finals last."""
    failed = [trial for trial in (*facts.search, *facts.finals) if trial.failure is not None]
    return tuple(_failure(f"{trial.phase}-{trial.ticket}", trial.failure or "") for trial in failed)


def _failure(trial: str, told: str) -> Failure:
    reason, _, detail = told.partition("\n")
    return Failure(trial=trial, reason=reason, detail=detail)


def counts(trials: Sequence[Trial], state: State) -> int:
    return sum(trial.state == state for trial in trials)


def course_chart(facts: Facts) -> Chart:
    """Needs a complete search trial."""
    num_design = sum(trial.origin == "design" for trial in facts.search)
    return Chart(
        svg=svg(CoursePlot(objective=facts.objective, label=facts.objective_label, trials=facts.search), "course"),
        label=f"{facts.objective} of each search trial in the order of tickets, and the best so far.",
        caption=f"Dots: {facts.objective} on validation data after the search's training.{facts.edge} Shaded: "
        f"{counted(num_design, 'trial')} of the design, which no predictor chose.",
    )


def trials_table(facts: Facts) -> Table:
    """Every trial, the finals last."""
    trials = [*facts.search, *facts.finals]
    tables = facts.pricing.tables
    costs = {name: table.cost(rows(trials)) for name, table in tables.items()} if trials else {}
    columns = header(
        "trial", "proposed by", "state",
        numbers=[
            "fidelity", facts.objective_label, *(f"{name} [{facts.pricing.unit(name)}]" for name in tables), "duration",
        ],
    )  # fmt: skip
    return Table(
        header=columns,
        rows=tuple(
            _row(trial, facts.objective, [float(column[i]) for column in costs.values()])
            for i, trial in enumerate(trials)
        ),
    )


def training_text(facts: Facts) -> str:
    """How much time the trials took, added up over all workers."""
    known = [trial.duration_s for trial in (*facts.search, *facts.finals) if trial.duration_s is not None]
    return f"{len(known)} trials have ended; added up over all workers they took {lasted(math.fsum(known))}."


def lasted(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _row(trial: Trial, objective: str, costs: Sequence[float]) -> tuple[Cell, ...]:
    return (
        named(f"{trial.phase}-{trial.ticket}"),
        words(trial.origin),
        words(trial.state, STYLES[trial.state]),
        amount(trial.fidelity),
        score(trial.metrics.get(objective)),
        *(amount(cost) for cost in costs),
        words(lasted(trial.duration_s), "number"),
    )
