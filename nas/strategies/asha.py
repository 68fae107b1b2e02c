"""ASHA: asynchronous successive halving of random architectures; the best of each rung are promoted.

A yardstick for `nas.strategies.halving`, and for spaces on which no predictor learns anything.

Source: Li et al. 2020, "A system for massively parallel hyperparameter tuning"; see `nas.strategies._rungs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from nas.record import Proposal, Trial
from nas.search import Task
from nas.strategies._rungs import next_proposal
from nas.strategies._shared import fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Asha:
    """The strategy for one objective; it uses the sampler and the rungs. Without rungs it is random search."""

    task: Task

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """See `nas.search.Strategy`."""

        def enter(done: Sequence[Trial], pending: Sequence[Trial]) -> Proposal:
            return Proposal(architecture=fresh(self.task, [*done, *pending], rng), origin="random")

        return next_proposal(self.task.rungs, done, pending, rank=self._measured, enter=enter)

    def _measured(self, trials: Sequence[Trial]) -> Float[np.ndarray, " n"]:
        return np.array([trial.metrics[self.task.objective] for trial in trials])


STRATEGY = Asha
