"""The course of a phase, from its trials alone: how fast they end, which is the best, why some failed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nas.record import Trial

HOUR_S = 3600.0
NUM_RECENT = 20
"""Trials by whose ends the rate is measured: it is to follow a cluster that grows or shrinks."""
BAR_WIDTH = 40
BLOCKS, ASCII = ("█", "▒", "░"), ("#", "x", ".")
"""Marks of complete, failed and missing trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why trials failed, in one line, and which did."""

    reason: str
    trials: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a phase has gone so far.

    Attributes:
      best_trial: of the objective; None while none is complete.
      since_best: trials that have ended after it.
      rate_per_hour: trials that end in an hour, by the latest of them; None before two have ended apart.
      failures: by reason, the commonest first.
    """

    best_trial: str | None
    since_best: int
    rate_per_hour: float | None
    failures: tuple[Failure, ...]


def course(trials: Sequence[Trial], objective: str) -> Course:
    """The course of a phase's trials, running ones among them."""
    ended = sorted((trial for trial in trials if trial.ended), key=_when)
    complete = [trial for trial in ended if trial.state == "complete"]
    best = min(complete, key=lambda trial: trial.metrics[objective], default=None)
    return Course(
        best_trial=None if best is None else best.name,
        since_best=0 if best is None else len(ended) - 1 - ended.index(best),
        rate_per_hour=_rate(ended[-NUM_RECENT:]),
        failures=_failures(ended),
    )


def progress_bar(done: int, failed: int, total: int, encoding: str, width: int = BAR_WIDTH) -> str:
    """A bar of `width` characters; what is there at all shows, and it is full only when nothing is missing."""
    complete, bad, missing = BLOCKS if _can_show(BLOCKS, encoding) else ASCII
    whole = max(total, done + failed, 1)
    num_ended = (done + failed) * width // whole
    num_bad = min(num_ended, -(-failed * width // whole))
    return complete * (num_ended - num_bad) + bad * num_bad + missing * (width - num_ended)


def _can_show(marks: Sequence[str], encoding: str) -> bool:
    try:
        "".join(marks).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _when(trial: Trial) -> datetime:
    assert trial.ended is not None, "only trials that have ended are sorted"
    return datetime.fromisoformat(trial.ended)


def _rate(ended: Sequence[Trial]) -> float | None:
    if len(ended) < 2:
        return None
    hours = (_when(ended[-1]) - _when(ended[0])).total_seconds() / HOUR_S
    return (len(ended) - 1) / hours if hours > 0 else None


def _failures(ended: Sequence[Trial]) -> tuple[Failure, ...]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for trial in ended:
        if trial.failure is not None:
            found[trial.failure.partition("\n")[0]].append(trial.name)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    return tuple(Failure(reason=reason, trials=tuple(names)) for reason, names in ordered)
