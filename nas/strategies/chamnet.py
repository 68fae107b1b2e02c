"""ChamNet's search without its barrier: a first design, then the genetic search over what the predictor promises.

After the opening each ticket fits the predictor to what is known, takes pending trials as measured at their predicted
mean, and searches for the largest expected improvement under the limits: genetically, or by scoring every candidate
where the task lists them. The objective is stretched near its best first (`nas.acquisition`). Two floors survive a
predictor that is wrong: some tickets are uniform draws, some are mutations of the best measured.

Source: Dai et al., "ChamNet", CVPR 2019, section 3; pending trials after Ginsbourger et al. 2010 (kriging believer).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int8

from nas.acquisition import log_expected_improvement, stretch
from nas.genetic import minimise
from nas.predictor import Fitted, Predictor
from nas.space import Architecture
from nas.strategies._candidates import lowest, mutant
from nas.strategies._shared import fresh
from nas.strategy import Features, Task
from nas.trial import Proposal, Trial, rows

MIN_COMPLETE = 4
RANDOM_SHARE = 0.05
MUTATION_SHARE = 0.05
NUM_PARENTS = 5
NUM_SEEDS = 512
POPULATION = 1024
GENERATIONS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ChamNet:
    """The strategy for one objective; it uses all of the task."""

    task: Task

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
                best = sorted(complete, key=lambda trial: trial.metrics[self.task.objective])[:NUM_PARENTS]
                found, origin = mutant(best, self.task.problem, known, rng), "mutation"
            else:
                origin = "genetic" if self.task.candidates is None else "exhaustive"
                found = self._promising(complete, pending, known, rng)
            if found is not None:
                return Proposal(architecture=found, origin=origin)
        return Proposal(architecture=fresh(self.task, known, rng), origin="random")

    def _promising(
        self, complete: Sequence[Trial], pending: Sequence[Trial], known: Sequence[Trial], rng: np.random.Generator
    ) -> Architecture | None:
        """The architecture of largest expected improvement that is not known; None if none was found."""
        y = stretch(np.array([trial.metrics[self.task.objective] for trial in complete]))
        fitted = self.task.predictor.fit(self.task.features(rows(complete)), y)
        if pending:
            fitted = fitted.fantasise(self.task.features(rows(pending)))
        best = float(y.min())

        def regret(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            prediction = fitted.predict(self.task.features(population))
            return -log_expected_improvement(prediction.mean, prediction.std, best)

        if self.task.candidates is not None:
            return lowest(self.task.candidates, regret, known)
        found = minimise(
            regret,
            replace(self.task.problem, exclude=rows(known)),
            initial=np.concatenate([self.task.sample(NUM_SEEDS, rng), rows(complete)]),
            rng=rng,
            population=POPULATION,
            generations=GENERATIONS,
        )
        return tuple(found.architectures[0].tolist()) if len(found.architectures) else None


def fit(predictor: Predictor, features: Features, complete: Sequence[Trial], objective: str) -> Fitted:
    """The predictor fitted to complete trials, in the order given."""
    return predictor.fit(features(rows(complete)), np.array([trial.metrics[objective] for trial in complete]))


STRATEGY = ChamNet
