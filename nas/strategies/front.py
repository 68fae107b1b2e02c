"""Multi-objective strategy: an initial design, then the largest expected hypervolume improvement.

Each ticket fits one predictor per metric to what is known, takes pending trials as measured at their predicted mean,
and searches for the largest expected gain in hypervolume under the limits (`nas.strategies._guided`, which also keeps
two floors against predictors that are wrong). An objective that is known without training, such as macs, is exact: no
predictor learns it.

Hypervolume needs scales and a reference point. A metric is scaled to [0, 1] over what was measured, a cost over what
meets the limits, and the reference lies a little beyond the worst value: the ends of the front count as much as its
middle. A limit on a metric moves the reference there, and what lies beyond gains nothing.

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
from nas.search import Aims, Chance, Fits, Fitted, Task, drawn_in
from nas.strategies._guided import guided
from nas.strategies._volume import random_directions, shortfall

NUM_DIRECTIONS = 32
NUM_DRAWS = 512
"""Architectures that tell how far costs reach."""
BEYOND = 1.1
"""The reference, in ranges of what was measured: the ends of the front may lie beyond it."""
REACH = 1000.0
"""Beyond which a metric is drawn in: it may be a cost that is measured, and costs have long, honest tails."""


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
        return [complete[i] for i in np.flatnonzero(front_mask(_measured(self.task.aims, complete))).tolist()]

    def _shortfall(
        self, complete: Sequence[Trial], pending: Sequence[Trial], chance: Chance, rng: np.random.Generator
    ) -> Objective:
        """See `nas.strategies._volume.shortfall`; a gain counts by the chance to complete."""
        aims, features = self.task.aims, self.task.features
        values = _measured(aims, complete)
        scale = Scale.of(np.concatenate([values, *self._costs_to_expect(values, rng)]))
        fits = self._fits(complete, pending, values)
        known = values if not pending else np.concatenate([values, aims.means(fits, features, rows(pending))])
        front = scale(known)[front_mask(known)]
        reference = np.minimum(BEYOND, scale(aims.bounds(fits, features)))
        directions = random_directions(NUM_DIRECTIONS, len(aims.names), rng)

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            mean, std = aims.predicted(fits, features, population)
            missed = shortfall(scale(mean), std / scale.spread, front=front, reference=reference, directions=directions)
            chances = chance(population)
            return np.where(missed < 0, missed * chances, missed / chances)

        return score

    def _costs_to_expect(
        self, values: Float[np.ndarray, "n m"], rng: np.random.Generator
    ) -> list[Float[np.ndarray, "s m"]]:
        """Costs of what meets the limits, which are known everywhere, beside metrics that change no range."""
        aims = self.task.aims
        if not aims.costs:
            return []
        drawn = self.task.sample(NUM_DRAWS, rng) if self.task.candidates is None else self.task.candidates
        columns = [
            aims.costs[name](drawn) if name in aims.costs else np.full(len(drawn), values[0, i])
            for i, name in enumerate(aims.names)
        ]
        return [np.stack(columns, axis=1)]

    def _fits(self, complete: Sequence[Trial], pending: Sequence[Trial], values: Float[np.ndarray, "n m"]) -> Fits:
        columns = dict(zip(self.task.objectives, values.T, strict=True))
        return {name: self._fit(complete, pending, columns[name]) for name in self.task.aims.trained}

    def _fit(self, complete: Sequence[Trial], pending: Sequence[Trial], values: Float[np.ndarray, " n"]) -> Fitted:
        fitted = self.task.predictor.fit(self.task.features(rows(complete)), values)
        return fitted.fantasise(self.task.features(rows(pending))) if pending else fitted


def _measured(aims: Aims, complete: Sequence[Trial]) -> Float[np.ndarray, "n m"]:
    """One column for each objective; one value must not take up the whole scale of a metric's column."""
    columns = zip(aims.names, aims.measured(complete).T, strict=True)
    return np.stack([column if name in aims.costs else drawn_in(column, reach=REACH) for name, column in columns], 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Each objective over the range of what was measured; a constant one becomes zero."""

    low: Float[np.ndarray, " m"]
    spread: Float[np.ndarray, " m"]

    @classmethod
    def of(cls, values: Float[np.ndarray, "n m"]) -> "Scale":
        spread = np.ptp(values, axis=0)
        return cls(low=values.min(axis=0), spread=np.where(spread > 0, spread, 1.0))

    def __call__(self, values: Float[np.ndarray, "*n m"]) -> Float[np.ndarray, "*n m"]:
        return np.asarray((values - self.low) / self.spread)


STRATEGY = Front
