"""A run's trials as columns: what each is, how it ended, and its value of every quantity that an axis can show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launch.report.facts import meeting
from launch.report.facts.facts import Facts
from launch.report.view import clipped
from nas.record import TEST, State, Trial, rows
from nas.search import Prediction

STATES: tuple[State, ...] = ("complete", "failed", "running")
MAX_FAILURE = 1500  # characters: the reason and the end of the traceback
MAX_TEXTS = 500_000  # characters of all reasons and notes together; later ones are cut short
BRIEF = 120


def columns(facts: Facts, held_out: Prediction | None) -> Mapping[str, Any]:
    """What `launch.report.explorer.data` calls quantities, trials, attributes and texts."""
    trials, texts = [*facts.search, *facts.finals], _Texts()
    attributes = _attributes(facts, trials)
    quantities, values = _quantities(facts, trials, held_out, attributes)
    begun, ended = _times(facts, trials)
    return {
        "quantities": quantities,
        "trials": {
            "phase": [int(trial.phase == "final") for trial in trials],
            "ticket": [trial.ticket for trial in trials],
            "state": [STATES.index(trial.state) for trial in trials],
            "origin": [texts.place(trial.origin) for trial in trials],
            "architecture": [list(trial.architecture) for trial in trials],
            "feasible": meeting(trials, facts.pricing, facts.limits).astype(int).tolist(),
            "failure": [texts.place(trial.failure) for trial in trials],
            "notes": [[texts.place(note) for note in trial.notes] for trial in trials],
            "begun": begun,
            "ended": ended,
            "values": values,
        },
        "attributes": {name: list(column) for name, column in attributes.items() if not _are_numbers(column)},
        "texts": texts.all,
    }


class _Texts:
    """Texts that columns hold by their places, each kept once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._places: dict[str, int] = {}
        self._length = 0

    def place(self, text: str | None) -> int | None:
        if text is None:
            return None
        text = clipped(text, MAX_FAILURE if self._length < MAX_TEXTS else BRIEF)
        if text not in self._places:
            self._places[text] = len(self.all)
            self.all.append(text)
            self._length += len(text)
        return self._places[text]


def _quantities(
    facts: Facts, trials: Sequence[Trial], held_out: Prediction | None, attributes: Mapping[str, Sequence[Any]]
) -> tuple[list[Mapping[str, Any]], list[list[float | None]]]:
    quantities: list[Mapping[str, Any]] = []
    values: list[list[float | None]] = []

    def add(key: str, kind: str, column: list[float | None], unit: str = "", better: str = "unknown") -> None:
        quantities.append({"key": key, "kind": kind, "unit": unit, "better": better})
        values.append(column)

    for name in _metric_names(facts, trials):
        known = facts.card.metric(name, objective=facts.objective)
        add(name, "metric", [trial.metrics.get(name) for trial in trials], known.unit, known.better)
    _add_predictions(facts, trials, held_out, add)
    for name, table in facts.pricing.tables.items():
        costs = table.cost(rows(trials)).tolist() if trials else []
        add(name, "resource", costs, table.resource.unit, "lower")
    for name, column in attributes.items():
        if _are_numbers(column):
            add(name, "attribute", list(column))
    add("fidelity", "course", [float(trial.fidelity) for trial in trials])
    add("duration", "course", [trial.duration_s for trial in trials], "s")
    return quantities, values


def _metric_names(facts: Facts, trials: Sequence[Trial]) -> list[str]:
    """The objective first, then the others as the task has them, those on test data last."""
    names = {name for trial in trials for name in trial.metrics}
    searched = facts.card.ordered(sorted(name for name in names if not name.startswith(TEST)))
    tested = facts.card.ordered(sorted(name for name in names if name.startswith(TEST)))
    return sorted([*searched, *tested], key=lambda name: name != facts.objective)


def _add_predictions(facts: Facts, trials: Sequence[Trial], held_out: Prediction | None, add: Any) -> None:
    if held_out is None:
        return
    for name, found in (("predicted", held_out.mean), ("predicted std", held_out.std)):
        known = dict(zip([trial.ticket for trial in facts.complete], found.tolist(), strict=True))
        column = [known.get(trial.ticket) if trial.phase == "search" else None for trial in trials]
        add(f"{facts.objective} {name}", "prediction", column, facts.card.metric(facts.objective).unit, "lower")


def _attributes(facts: Facts, trials: Sequence[Trial]) -> dict[str, list[Any]]:
    """The user's own attributes of trials, those that other tools have set, as columns."""
    found = facts.session.history.attributes()
    names = sorted({name for some in found.values() for name in some})
    return {name: [found.get((t.phase, t.ticket), {}).get(name) for t in trials] for name in names}


def _are_numbers(column: Sequence[Any]) -> bool:
    return all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in column)


def _times(facts: Facts, trials: Sequence[Trial]) -> tuple[list[float | None], list[float | None]]:
    """When each began and ended, in seconds since the first began: of one that has ended, the training that counted."""
    first_begun = facts.session.history.begun()
    ended = [datetime.fromisoformat(trial.ended).timestamp() if trial.ended else None for trial in trials]
    begun: list[float | None] = []
    for trial, end in zip(trials, ended, strict=True):
        known = first_begun.get((trial.phase, trial.ticket))
        if end is not None and trial.duration_s is not None:
            begun.append(end - trial.duration_s)
        else:
            begun.append(None if known is None else known.timestamp())
    start = min((time for time in (*begun, *ended) if time is not None), default=0.0)
    return _since(start, begun), _since(start, ended)


def _since(start: float, times: Sequence[float | None]) -> list[float | None]:
    return [None if time is None else round(time - start, 1) for time in times]
