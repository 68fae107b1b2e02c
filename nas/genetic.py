"""The vectorised genetic search: one objective under limits, or a whole front.

It knows no space, predictor or unit: a population is an array of option indices, and three functions of such an array
(objective, constraints, and which decisions are ordered) are all it is told. Each generation is a handful of array
operations over thousands of children, so that the predictor, not the search, is what takes the time.

Notation:
    n, d, k, m   architectures, decisions, constraints, objectives
    population   Int8[n, d]    option indices; every row in it is feasible, and no two are equal
    violations   Float[n, k]   a row is feasible when all are <= 0

An infeasible child is repaired, not thrown away: it walks toward its feasible parent, one differing decision after the
other in random order, and stops at the first feasible step of a bisection. The walk ends at the parent, so it always
arrives, and a child on the limit's edge, where optima lie, is worth more than one far inside.

More generations never worsen the answer: they continue the same random stream, and the best seen is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int8, Shaped, UInt64

from nas.pareto import crowding_distances, front_mask, front_ranks

Objective = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n"]]
Objectives = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n m"]]
Constraints = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n k"]]

TOURNAMENT = 2
MUTATIONS_PER_CHILD = 1.0
NEIGHBOUR_SHARE = 0.5
"""Of the mutations of an ordered decision, those that move to the option next to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search returns: feasible, distinct, none excluded.

    `values` are the objective's, best first, or a front's objectives, ordered by the first of them. `num_scored` counts
    the architectures whose objective was computed.
    """

    architectures: Int8[np.ndarray, "k d"]
    values: Float[np.ndarray, "k *m"]
    num_scored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much to search: `population` members, as many children in each of `generations`."""

    population: int = 2048
    generations: int = 50

    def __post_init__(self) -> None:
        if self.population < 2 or self.generations < 0:
            raise ValueError(f"effort must have population >= 2 and generations >= 0, got {self}; raise them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Where to search.

    Args:
      num_options: options of each decision, each between 1 and 127.
      ordered: decisions whose options are in order (widths, not names); None when none is.
      constraints: None when every architecture is feasible.
      exclude: architectures never to return, such as those already trained; they still serve as parents.
    """

    num_options: Int[np.ndarray, "d"]
    ordered: Bool[np.ndarray, "d"] | None = None
    constraints: Constraints | None = None
    exclude: Int8[np.ndarray, "e d"] | None = None
