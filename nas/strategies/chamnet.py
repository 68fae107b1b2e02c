"""ChamNet's search, asynchronous: an initial design, then genetic search for the largest expected improvement.

After the opening each ticket fits the predictor to what is known, takes pending trials as measured at their predicted
mean, and searches for the largest expected improvement under the limits (`nas.strategies._guided`, which also keeps two
floors against a predictor that is wrong). The objective is stretched near its best first (`nas.search.acquisition`),
and what lies absurdly far from all else is drawn in before (`nas.search.targets`).

Where a cost is minimised under a limit on the objective, the promise of `nas.search.goal` replaces the improvement.

Source: Dai et al., "ChamNet", CVPR 2019, section 3; pending trials after Ginsbourger et al. 2010 (kriging believer).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective
from nas.record import Proposal, Trial, rows
from nas.search import Chance, Fitted, Task, drawn_in, log_expected_improvement, stretch
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
        self, complete: Sequence[Trial], pending: Sequence[Trial], chance: Chance, rng: np.random.Generator
    ) -> Objective:
        """Minus the logarithm of the expected improvement times the chance to complete."""
        y = drawn_in(np.array([trial.metrics[self.task.objective] for trial in complete]))
        if self.task.goal is not None:  # a limit is on the metric as it is
            regret = self.task.goal.regret(self._fitted(complete, pending, y), self.task.features, complete)
            return lambda population: regret(population) - np.log(chance(population))
        y = stretch(y)
        fitted = self._fitted(complete, pending, y)

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            prediction = fitted.predict(self.task.features(population))
            improvement = log_expected_improvement(prediction.mean, prediction.std, float(y.min()))
            return -(improvement + np.log(chance(population)))

        return score

    def _fitted(self, complete: Sequence[Trial], pending: Sequence[Trial], y: Float[np.ndarray, " n"]) -> Fitted:
        """The predictor, which takes pending trials for measured at their predicted mean."""
        fitted = self.task.predictor.fit(self.task.features(rows(complete)), y)
        return fitted.fantasise(self.task.features(rows(pending))) if pending else fitted


STRATEGY = ChamNet
