"""Live progress of a search: on a terminal a table that renews itself, elsewhere a line now and then. All to stderr."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.text import Text

from launch.budget import Line, words
from nas.record import Trial

LINE_EVERY_S = 10.0
TALLY_EVERY_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Progress of a phase; `best` is of the objective, `left_s` is None until a trial has ended."""

    phase: str
    objective: str
    total: int
    done: int
    running: int
    failed: int
    best: float | None
    left_s: float | None


def tally(trials: Sequence[Trial], *, phase: str, total: int, slots: int, objective: str) -> Tally:
    """Count a phase's trials and forecast the time that it still takes, from the mean of its finished ones."""
    ended = [trial for trial in trials if trial.state != "running"]
    complete = [trial for trial in ended if trial.state == "complete"]
    durations = [trial.duration_s for trial in ended if trial.duration_s is not None]
    mean_s = sum(durations) / len(durations) if durations else None
    return Tally(
        phase=phase,
        objective=objective,
        total=total,
        done=len(complete),
        running=len(trials) - len(ended),
        failed=len(ended) - len(complete),
        best=min((trial.metrics[objective] for trial in complete), default=None),
        left_s=None if mean_s is None else mean_s * (total - len(ended)) / slots,
    )


def sentence(state: Tally, lines: Sequence[Line] = ()) -> str:
    """Progress of a phase in a sentence, and the budgets that have a limit."""
    best = "-" if state.best is None else f"{state.best:.4f}"
    left = "-" if state.left_s is None else duration(state.left_s)
    return (
        f"{state.phase}: {state.done}/{state.total} done, {state.running} running, {state.failed} failed, "
        f"best {state.objective} {best}, about {left} left{words(lines)}"
    )


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@dataclass(slots=True)
class Progress:
    """Shows steps and tallies. Use as a context manager; `console` is stderr outside tests."""

    console: Console = field(default_factory=lambda: Console(stderr=True))
    _live: Live | None = None
    _last_line: float = 0.0
    _last_done: int = -1
    _last_tally: float = 0.0

    def __enter__(self) -> "Progress":
        if self.console.is_terminal:
            self._live = Live(console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """One line that stays."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def step(self, name: str, done: int, total: int, *, also: str = "") -> None:
        """Progress of a preparation such as rendering; `also` is more to say of it."""
        self._show(f"{name}: {done}/{total}{also}", finished=done >= total, done=done)

    def due(self) -> bool:
        """Whether it is time for a tally: four times a second, because counting thousands of trials takes time."""
        if time.monotonic() - self._last_tally < TALLY_EVERY_S:
            return False
        self._last_tally = time.monotonic()
        return True

    def show(self, state: Tally, lines: Sequence[Line] = ()) -> None:
        """Progress of a phase of trials."""
        ended = state.done + state.failed
        self._show(sentence(state, lines), finished=ended == state.total, done=ended)

    def _show(self, text: str, *, finished: bool, done: int) -> None:
        if self._live is not None:
            self._live.update(Text(text))
            if finished and done != self._last_done:
                self.say(text)
        elif (finished and done != self._last_done) or time.monotonic() - self._last_line > LINE_EVERY_S:
            self.say(text)
            self._last_line = time.monotonic()
        self._last_done = done
