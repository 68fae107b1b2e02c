"""Random search, the baseline of all strategies: uniform over the architectures that meet the limits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.record import Proposal, Trial
from nas.search import Task
from nas.strategies._shared import fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    task: Task

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """An architecture not yet tried.

        Raises:
          Exhausted: none was found.
        """
        return Proposal(architecture=fresh(self.task, [*done, *pending], rng), origin="random")


STRATEGY = Random
