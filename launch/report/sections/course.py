"""Section on the search's course: how much was trained, and the reasons of what failed."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from launch.report.facts.facts import Facts
from launch.report.view import UNKNOWN
from launch.terminal import duration
from nas.record import State, Trial

MAX_FAILURES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A reason, as the first trial told it, and how many trials failed for it; numbers in it may differ."""

    reason: str
    num_trials: int


def failures(facts: Facts) -> tuple[Failure, ...]:
    """The reasons of failed trials, the most frequent first."""
    reasons = [t.failure.partition("\n")[0] for t in (*facts.search, *facts.finals) if t.failure is not None]
    groups: dict[str, list[str]] = {}
    for reason in reasons:
        groups.setdefault(re.sub(r"\d+", "#", reason), []).append(reason)
    found = [Failure(reason=alike[0], num_trials=len(alike)) for alike in groups.values()]
    return tuple(sorted(found, key=lambda failure: -failure.num_trials)[:MAX_FAILURES])


def counts(trials: Sequence[Trial], state: State) -> int:
    return sum(trial.state == state for trial in trials)


def training_text(facts: Facts) -> str:
    """How much time the trials took, added up over all workers."""
    known = [trial.duration_s for trial in (*facts.search, *facts.finals) if trial.duration_s is not None]
    return f"{len(known):,} trials have ended; added up over all workers they took {lasted(math.fsum(known))}."


def lasted(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)
