"""Core types of a search: jobs that are sent to workers, outcomes that come back, trials that the record keeps.

    Proposal   an architecture and why it was proposed
    Job        a proposal with its place in the search and its training budget, as sent to a worker
    Evaluation what an evaluator found; Outcome: that, or the reason why there is none
    Trial      proposal and outcome together, as the record holds them

A ticket numbers the trials of one phase from 0. The search asks; the finals train the best again for longer; repeats
train the finals again under further seeds.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int8

from nas.space import Architecture

Phase = Literal["search", "final", "repeat"]
PHASES: tuple[Phase, ...] = ("search", "final", "repeat")
"""In the order in which they are carried out."""
State = Literal["running", "complete", "failed"]

INT8 = "_int8"
"""End of a metric's name where the network was measured in int8."""
LARGEST_METRIC = 1e30
"""In magnitude. No training measures more, and sums of squares of what is less stay far within a double."""


class Exhausted(ValueError):
    """No architecture is left to propose: a search that meets this has ended, it has not failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An architecture to try, and the rule that proposed it (such as "design", "genetic" or "random").

    `fidelity` is the training budget; None for the plan's, as of every strategy that knows one only.
    """

    architecture: Architecture
    origin: str
    fidelity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One training to run. `fidelity` is its budget in the evaluator's own measure, such as optimiser steps.

    A fidelity of 0 asks for no training of the candidate's own, see `SharesWeights`.
    """

    phase: Phase
    ticket: int
    architecture: Architecture
    fidelity: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.phase}-{self.ticket}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Metrics of a trained candidate by name, and files worth keeping (name to content).

    `notes` are sentences on how it came about, such as that memory ran out on the way; nothing is decided by them.
    """

    metrics: Mapping[str, float]
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def plain_metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Metrics as plain floats, whatever number type they come in: the record is JSON.

    Raises:
      ValueError: one is no number (text, a truth value), is not finite, or is beyond `LARGEST_METRIC`; or they have no
        names.
    """
    if not isinstance(metrics, Mapping) or not all(isinstance(name, str) for name in metrics):
        raise ValueError(f'metrics must be numbers by name, got {metrics!r}; write {{"error": 0.3}}')
    numbers = {name: _number(value) for name, value in metrics.items()}
    if others := {name: metrics[name] for name, number in numbers.items() if number is None}:
        raise ValueError(f"metrics must be numbers, got {others!r}; return float(..) of what was measured")
    found = {name: number for name, number in numbers.items() if number is not None}
    if bad := {name: number for name, number in found.items() if not abs(number) <= LARGEST_METRIC}:
        rule = "finite numbers" if not all(map(math.isfinite, bad.values())) else f"within +-{LARGEST_METRIC:g}"
        raise ValueError(f"metrics must be {rule}, got {bad}; training has probably diverged")
    return found


def _number(value: Any) -> float | None:
    """None for what is no number; float() would read text, and take True for 1."""
    if isinstance(value, str | bytes | bytearray | bool | np.bool_):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer of more than 1024 bits
        return math.inf
    except Exception:  # any type may come from a user's evaluator, with any __float__
        return None


@runtime_checkable  # the test run checks the types of arguments
class Evaluator(Protocol):
    """Protocol of an evaluator: trains, simulates or looks up a candidate. It travels to workers, so it must pickle.

    Whatever it raises, `sys.exit()` too, makes a failed trial, not a failed search.
    """

    @property
    def baselines(self) -> Mapping[str, Mapping[str, float]]:
        """What the task gives without any network, as metrics by the baseline's name; may be empty."""
        ...

    @property
    def data_facts(self) -> Mapping[str, str | int]:
        """What the data are and where they come from, for the record; may be empty."""
        ...

    def __call__(self, job: Job) -> Evaluation: ...


@runtime_checkable
class Divisible(Protocol):
    """Optional protocol of an evaluator that can train with less memory, for a job that ran out of it."""

    def divided(self) -> Evaluator | None:
        """The same training with each batch in two parts, one after the other; None where it cannot be divided."""
        ...


@runtime_checkable
class QuantisesFinals(Protocol):
    """Optional protocol of an evaluator that can tell what finals are worth in int8: "error_int8" beside "error"."""

    def quantising(self, steps: int) -> Evaluator:
        """The same evaluator; it trains each final in int8 for so many steps more, 0 for its ranges alone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How weights are to be trained that all candidates share.

    Attributes:
      architectures: of each step, in the evaluator's measure, the one that makes it.
      seed: of the training.
      keep: a file: the training goes on from it if it is there, and leaves its weights in it.
      progress: told (steps done, steps).
    """

    architectures: Int8[np.ndarray, "steps d"]
    seed: int
    keep: Path
    progress: Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """An evaluator with shared weights, and the seconds that one core has spent on their training so far."""

    evaluator: Evaluator
    seconds: float


@runtime_checkable
class SharesWeights(Protocol):
    """Optional protocol of an evaluator that can score a candidate that has not been trained by itself."""

    def sharing(self, sharing: Sharing) -> Shared:
        """The same evaluator; it scores a job of fidelity 0 by weights that all candidates share.

        Raises:
          ValueError: what is kept is of another training.
        """
        ...


@runtime_checkable
class Explained(Protocol):
    """Optional protocol of an evaluator that describes its training. A run that goes on must be trained alike."""

    @property
    def training_facts(self) -> Mapping[str, str | int | float]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ended: with an evaluation, or with the reason for its failure (message and end of the traceback)."""

    job: Job
    evaluation: Evaluation | None
    failure: str | None
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a merged record has a trial from: the name of the run, the trial's name there, and the run's seed."""

    run: str
    trial: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One architecture's training as the record holds it; `metrics` is empty until it is complete.

    `ended` is the time in UTC (ISO 8601), None while it runs; `notes` are the evaluation's; `source` is None for a
    trial of the record's own run.
    """

    phase: Phase
    ticket: int
    architecture: Architecture
    fidelity: int
    origin: str
    state: State
    metrics: Mapping[str, float] = field(default_factory=dict)
    failure: str | None = None
    duration_s: float | None = None
    ended: str | None = None
    notes: tuple[str, ...] = ()
    source: Source | None = None

    @property
    def name(self) -> str:
        return f"{self.phase}-{self.ticket}"


def rows(trials: Sequence[Trial]) -> Int8[np.ndarray, "n d"]:
    """The trials' architectures as a population."""
    return np.array([trial.architecture for trial in trials], dtype=np.int8)


@runtime_checkable  # the test run checks the types of arguments
class Executor(Protocol):
    """Protocol of an executor, which runs jobs. `slots` is how many it can run at once."""

    @property
    def slots(self) -> int: ...

    def submit(self, job: Job) -> None: ...

    def wait(self, timeout_s: float) -> list[Outcome]:
        """Outcomes that have arrived; blocks for the first one, at most `timeout_s`."""
        ...

    def close(self) -> None: ...
