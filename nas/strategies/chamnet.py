"""ChamNet's search, asynchronous: an initial design, then genetic search for the largest expected improvement.

After the opening each ticket fits the predictor to what is known, takes pending trials as measured at their predicted
mean, and searches for the largest expected improvement under the limits (`nas.strategies._guided`, which also keeps two
floors against a predictor that is wrong). The objective is stretched near its best first (`nas.search.acquisition`),
and what lies absurdly far from all else is drawn in before (`nas.search.targets`).

Source: Dai et al., "ChamNet", CVPR 2019, section 3; pending trials after Ginsbourger et al. 2010 (kriging believer).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective
from nas.record import Proposal, Trial, rows
from nas.search import Task, drawn_in, log_expected_improvement, stretch
from nas.strategies._guided import guided

NUM_PARENTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChamNet:
    """The strategy for one objective; it uses all of the task."""

    task: Task

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """See `nas.search.Strategy`."""
        return guided(self.task, done, pending, rng, parents=self._best, score=self._disappointment)

    def _best(self, complete: Sequence[Trial]) -> Sequence[Trial]:
        return sorted(complete, key=lambda trial: trial.metrics[self.task.objective])[:NUM_PARENTS]

    def _disappointment(
        self, complete: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator
    ) -> Objective:
        """Minus the logarithm of the expected improvement."""
        y = stretch(drawn_in(np.array([trial.metrics[self.task.objective] for trial in complete])))
        fitted = self.task.predictor.fit(self.task.features(rows(complete)), y)
        if pending:
            fitted = fitted.fantasise(self.task.features(rows(pending)))

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            prediction = fitted.predict(self.task.features(population))
            return -log_expected_improvement(prediction.mean, prediction.std, float(y.min()))

        return score


STRATEGY = ChamNet
