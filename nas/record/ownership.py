"""Checks of a study's trials: whether a run of ours made them, and whether what they hold is sound.

A study is open to every Optuna tool: a dashboard adds a trial, `enqueue_trial` another, a callback copies one of ours
with all its attributes. What is not ours is nobody's mistake and is passed over; so is what claims to be ours and
cannot be read. Both are counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from nas.record.trial import Phase

LOST = "chamnas:lost"
"""Attribute of a trial that stands where a repaired record has lost one, so that the others keep their numbers."""

_NAMES = ("phase", "ticket", "architecture")
_MIN_CLAIMS = 2  # of those names; one alone may be anybody's


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """Trials of a record that a run does without.

    Attributes:
      foreign: how many another tool has put there.
      damaged: for each that is ours and cannot be read its number in the study and the reason.
    """

    foreign: int = 0
    damaged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.foreign or self.damaged)

    def __str__(self) -> str:
        parts = []
        if self.foreign:
            parts.append(f"{self.foreign:,} that another Optuna tool has put there")
        if self.damaged:
            parts.append(f"{len(self.damaged):,} of its own that cannot be read ({self.damaged[0]})")
        return f"trials of the record that are passed over: {', and '.join(parts)}"


def is_ours(attributes: Mapping[str, Any]) -> bool:
    """Whether a trial's attributes claim that a run of ours has made it."""
    return sum(name in attributes for name in _NAMES) >= _MIN_CLAIMS


def fault_of(attributes: Mapping[str, Any], num_options: Sequence[int]) -> str | None:
    """Why a trial that claims to be ours cannot be taken for one; None if it can.

    Args:
      attributes: the trial's own, as `nas.record.history` writes them.
      num_options: of the space's choices.
    """
    rules = {
        "phase": lambda value: value in get_args(Phase),
        "ticket": _is_count,
        "architecture": lambda value: _is_architecture(value, num_options),
        "fidelity": _is_count,
        "origin": lambda value: isinstance(value, str),
    }
    return _broken(rules, attributes)


def fault_of_outcome(outcome: Any, objective: str) -> str | None:
    """Why a trial's outcome cannot be taken for one; None if it can."""
    if not isinstance(outcome, Mapping):
        return f"outcome = {outcome!r:.60}"
    rules = {
        "failure": lambda value: value is None or isinstance(value, str),
        "metrics": lambda value: isinstance(value, Mapping) and all(map(_is_number, value.values())),
        "duration_s": _is_number,
        "ended": lambda value: isinstance(value, str),
    }
    fault = _broken(rules, outcome)
    if fault is None and outcome["failure"] is None and objective not in outcome["metrics"]:
        return f"metrics without {objective!r}"
    return fault


def _broken(rules: Mapping[str, Any], values: Mapping[str, Any]) -> str | None:
    for name, holds in rules.items():
        if name not in values:
            return f"no {name}"
        if not holds(values[name]):
            return f"{name} = {values[name]!r:.60}"
    return None


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_architecture(value: Any, num_options: Sequence[int]) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == len(num_options)
        and all(_is_count(index) and index < size for index, size in zip(value, num_options, strict=True))
    )
