"""Several objectives: after the first design, whatever is expected to add most to the front's hypervolume.

Each ticket fits one predictor per objective to what is known, takes pending trials as measured at their predicted mean,
and searches for the largest expected gain in hypervolume under the limits: genetically, or by scoring every candidate
where the task lists them. An objective that is known without training, such as macs, is learnt like the others; its
predictor is soon sure of it. Two floors survive predictors that are wrong: some tickets are uniform draws, some are
mutations of the front.

Hypervolume needs scales and a reference point. Each objective is scaled to [0, 1] over what was measured, and the
reference is its worst value: the ends of the front count as much as its middle.

Source: Emmerich 2005, "Single- and multi-objective evolutionary design optimization assisted by Gaussian random field
metamodels", for the expected gain; `nas.strategies._volume` for how it is computed; pending trials after Ginsbourger et
al. 2010 (kriging believer).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import minimise
from nas.pareto import front_mask
from nas.predictor import Fitted
from nas.space import Architecture
from nas.strategies._candidates import lowest, mutant
from nas.strategies._shared import fresh
from nas.strategies._volume import random_directions, shortfall
from nas.strategy import Task
from nas.trial import Proposal, Trial, rows

MIN_COMPLETE = 4
RANDOM_SHARE = 0.05
MUTATION_SHARE = 0.05
NUM_DIRECTIONS = 32
NUM_SEEDS = 512
POPULATION = 1024
GENERATIONS = 40


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
        """The opening's next architecture, then whatever the ticket's draw says; never one that was tried before.

        Raises:
          Exhausted: no architecture that meets the limits is left.
        """
        known = [*done, *pending]
        complete = [trial for trial in done if trial.state == "complete"]
        if len(known) < len(self.task.opening):
            planned = self.task.opening[len(known)]
            if planned.architecture not in {trial.architecture for trial in known}:
                return planned
            return Proposal(architecture=fresh(self.task, known, rng), origin="random")
        draw = rng.random()
        if len(complete) >= MIN_COMPLETE and draw >= RANDOM_SHARE:
            if draw < RANDOM_SHARE + MUTATION_SHARE:
                found, origin = self._mutation(complete, known, rng), "mutation"
            else:
                origin = "genetic" if self.task.candidates is None else "exhaustive"
                found = self._promising(complete, pending, known, rng)
            if found is not None:
                return Proposal(architecture=found, origin=origin)
        return Proposal(architecture=fresh(self.task, known, rng), origin="random")

    def _mutation(
        self, complete: Sequence[Trial], known: Sequence[Trial], rng: np.random.Generator
    ) -> Architecture | None:
        on_front = front_mask(self._measured(complete)).tolist()
        parents = [trial for trial, is_on_front in zip(complete, on_front, strict=True) if is_on_front]
        return mutant(parents, self.task.problem, known, rng)

    def _promising(
        self, complete: Sequence[Trial], pending: Sequence[Trial], known: Sequence[Trial], rng: np.random.Generator
    ) -> Architecture | None:
        """The architecture of largest expected gain that is not known; None if none was found."""
        values = scaled(self._measured(complete))
        fitted = [self._fit(complete, pending, column) for column in values.T]
        front = values[front_mask(values)]
        reference, directions = np.ones(values.shape[1]), random_directions(NUM_DIRECTIONS, values.shape[1], rng)

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            features = self.task.features(population)
            predictions = [one.predict(features) for one in fitted]
            mean = np.stack([prediction.mean for prediction in predictions], axis=1)
            std = np.stack([prediction.std for prediction in predictions], axis=1)
            return shortfall(mean, std, front=front, reference=reference, directions=directions)

        if self.task.candidates is not None:
            return lowest(self.task.candidates, score, known)
        found = minimise(
            score,
            replace(self.task.problem, exclude=rows(known)),
            initial=np.concatenate([self.task.sample(NUM_SEEDS, rng), rows(complete)]),
            rng=rng,
            population=POPULATION,
            generations=GENERATIONS,
        )
        return tuple(found.architectures[0].tolist()) if len(found.architectures) else None

    def _fit(self, complete: Sequence[Trial], pending: Sequence[Trial], values: Float[np.ndarray, " n"]) -> Fitted:
        fitted = self.task.predictor.fit(self.task.features(rows(complete)), values)
        return fitted.fantasise(self.task.features(rows(pending))) if pending else fitted

    def _measured(self, complete: Sequence[Trial]) -> Float[np.ndarray, "n m"]:
        return np.array([[trial.metrics[name] for name in self.task.objectives] for trial in complete])


def scaled(values: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """Each column over its range; a constant one becomes zero."""
    spread = np.ptp(values, axis=0)
    return np.asarray((values - values.min(axis=0)) / np.where(spread > 0, spread, 1.0))


STRATEGY = Front
