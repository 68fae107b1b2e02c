"""Multi-objective strategy: an initial design, then the largest expected hypervolume improvement.

Each ticket fits one predictor per objective to what is known, takes pending trials as measured at their predicted mean,
and searches for the largest expected gain in hypervolume under the limits (`nas.strategies._guided`, which also keeps
two floors against predictors that are wrong). An objective that is known without training, such as macs, is learnt like
the others; its predictor is soon sure of it.

Hypervolume needs scales and a reference point. Each objective is scaled to [0, 1] over what was measured, and the
reference is its worst value: the ends of the front count as much as its middle.

Source: Emmerich 2005, "Single- and multi-objective evolutionary design optimization assisted by Gaussian random field
metamodels", for the expected gain; `nas.strategies._volume` for how it is computed; pending trials after Ginsbourger et
al. 2010 (kriging believer).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective, front_mask
from nas.record import Proposal, Trial, rows
from nas.search import Chance, Fitted, Task, drawn_in
from nas.strategies._guided import guided
from nas.strategies._volume import random_directions, shortfall

NUM_DIRECTIONS = 32
REACH = 1000.0
"""Beyond which a value is drawn in: an objective may be a cost, and costs have long, honest tails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The strategy for two objectives or more; it uses all of the task."""

    task: Task

    def __post_init__(self) -> None:
        if len(self.task.objectives) < 2:
            raise ValueError(
                f"a front needs two objectives or more, got {', '.join(self.task.objectives)}; choose another strategy"
            )

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """See `nas.search.Strategy`."""
        return guided(self.task, done, pending, rng, parents=self._on_front, score=self._shortfall)

    def _on_front(self, complete: Sequence[Trial]) -> Sequence[Trial]:
        return [complete[i] for i in np.flatnonzero(front_mask(self._measured(complete))).tolist()]

    def _shortfall(
        self, complete: Sequence[Trial], pending: Sequence[Trial], chance: Chance, rng: np.random.Generator
    ) -> Objective:
        """See `nas.strategies._volume.shortfall`; a gain counts by the chance to complete."""
        values = scaled(self._measured(complete))
        fitted = [self._fit(complete, pending, column) for column in values.T]
        front = values[front_mask(values)]
        reference, directions = np.ones(values.shape[1]), random_directions(NUM_DIRECTIONS, values.shape[1], rng)

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            features = self.task.features(population)
            predictions = [one.predict(features) for one in fitted]
            mean = np.stack([prediction.mean for prediction in predictions], axis=1)
            std = np.stack([prediction.std for prediction in predictions], axis=1)
            missed = shortfall(mean, std, front=front, reference=reference, directions=directions)
            chances = chance(population)
            return np.where(missed < 0, missed * chances, missed / chances)

        return score

    def _fit(self, complete: Sequence[Trial], pending: Sequence[Trial], values: Float[np.ndarray, " n"]) -> Fitted:
        fitted = self.task.predictor.fit(self.task.features(rows(complete)), values)
        return fitted.fantasise(self.task.features(rows(pending))) if pending else fitted

    def _measured(self, complete: Sequence[Trial]) -> Float[np.ndarray, "n m"]:
        """One column for each objective; one value must not take up the whole scale of its column."""
        measured = np.array([[trial.metrics[name] for name in self.task.objectives] for trial in complete])
        return np.stack([drawn_in(column, reach=REACH) for column in measured.T], axis=1)


def scaled(values: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """Each column over its range; a constant one becomes zero."""
    spread = np.ptp(values, axis=0)
    return np.asarray((values - values.min(axis=0)) / np.where(spread > 0, spread, 1.0))


STRATEGY = Front
