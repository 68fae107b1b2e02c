"""Protocol of a strategy, which decides what to train next, from its task and from what has been trained.

A strategy is made once per search, `STRATEGY(task=task)`, and asked once per ticket. Its answer is a pure function of
(task, done, pending, rng), so that a search can be repeated and continued: see `nas.search.loop`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int8

from nas.genetic import Objective, Problem
from nas.record import Proposal, Trial
from nas.search.aims import Aims
from nas.search.goal import Goal, QualityLimit
from nas.search.predictor import Features, Predictor

Sampler = Callable[[int, np.random.Generator], Int8[np.ndarray, "n d"]]
"""`sample(n, rng)`: n architectures that meet the limits; rows may repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rungs:
    """Fidelities at which a search may train, and how selective it is between them.

    Attributes:
      fidelities: ascending; the last is the one that is sought, the others are cheaper and tell of it. 0 is a score
        without a training of the candidate's own, by weights that all share.
      eta: one in so many of a rung's complete trials is trained again on the next.

    Raises:
      ValueError: the fidelities do not ascend, or eta promotes more than there are.
    """

    fidelities: tuple[int, ...]
    eta: float

    def __post_init__(self) -> None:
        if (
            not self.fidelities
            or self.fidelities[0] < 0
            or not self.fidelities[-1]
            or any(np.diff(self.fidelities) <= 0)
        ):
            told = ", ".join(map(str, self.fidelities)) or "none"
            raise ValueError(f"rungs are fidelities of 0 or more that grow up to the full one, got {told}; sort them")
        if not 1 < self.eta < math.inf:
            raise ValueError(f"eta must be more than 1, got {self.eta:g}; 4 trains one in four again on the next rung")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A search as a strategy is given it.

    Attributes:
      objectives: what to minimise: metrics, and among several also costs; most strategies take one.
      problem: the space's options, and the limits as constraints.
      sample: draws uniformly from the architectures that meet the limits.
      features: what a predictor sees of an architecture.
      predictor: for strategies that use one.
      opening: what to train first, in order: a known network, then a design that fills the space. A strategy without a
        model may ignore it.
      candidates: every architecture that meets the limits, where they are few enough to list; otherwise None.
      rungs: cheaper fidelities beside the full one, for strategies that use them; None where there are none.
      goal: a cost to minimise, under a limit on the objective; None where the objective itself is minimised.
      costs: of several objectives, those that are known without training; trials do not carry them.
      quality: of several objectives, the limit on a metric among them; None where there is none.
    """

    objectives: tuple[str, ...]
    problem: Problem
    sample: Sampler
    features: Features
    predictor: Predictor
    opening: tuple[Proposal, ...] = ()
    candidates: Int8[np.ndarray, "n d"] | None = None
    rungs: Rungs | None = None
    goal: Goal | None = None
    costs: Mapping[str, Objective] = field(default_factory=dict)
    quality: QualityLimit | None = None

    @property
    def aims(self) -> Aims:
        """The objectives as values of architectures and trials."""
        return Aims(names=self.objectives, costs=self.costs, quality=self.quality)

    @property
    def objective(self) -> str:
        """The only objective.

        Raises:
          ValueError: there are several.
        """
        if len(self.objectives) != 1:
            raise ValueError(f"this strategy minimises one objective, got {', '.join(self.objectives)}; choose another")
        return self.objectives[0]


@runtime_checkable  # the test run checks the types of arguments
class Strategy(Protocol):
    """Protocol of a strategy: decides what to train next; a pure function of its arguments."""

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """An architecture that neither `done` nor `pending` holds, at least not at the proposal's fidelity.

        Raises:
          Exhausted: there is none left.
        """
        ...


@runtime_checkable  # as above
class MakeStrategy(Protocol):
    """Protocol of a strategy's constructor, which `nas/strategies/NAME.py` exports as `STRATEGY`."""

    def __call__(self, *, task: Task) -> Strategy: ...
