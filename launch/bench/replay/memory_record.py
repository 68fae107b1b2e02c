"""In-memory record of a run: nothing is written, and the order in which trainings ended is kept."""

from collections.abc import Callable
from dataclasses import replace

from nas.record import Outcome, Phase, Trial


class MemoryRecord:
    """See `nas.search.loop.Record`. `now_s` is read whenever a trial ends."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._trials: dict[tuple[Phase, int], Trial] = {}
        self._ended: list[tuple[Trial, float]] = []

    @property
    def ended(self) -> tuple[tuple[Trial, float], ...]:
        """Every trial that has ended and when, in that order."""
        return tuple(self._ended)

    def trials(self) -> list[Trial]:
        return list(self._trials.values())

    def start(self, trial: Trial) -> None:
        self._trials.setdefault((trial.phase, trial.ticket), trial)

    def finish(self, trial: Trial, outcome: Outcome) -> Trial:
        metrics = {} if outcome.evaluation is None else outcome.evaluation.metrics
        kept = replace(
            trial,
            state="failed" if outcome.failure else "complete",
            metrics=metrics,
            failure=outcome.failure,
            duration_s=outcome.duration_s,
        )
        self._trials[trial.phase, trial.ticket] = kept
        self._ended.append((kept, self._now_s()))
        return kept
