"""ChamNet's search without its barrier: a space-filling design, then the genetic search over the predictor's promise.

After the design each ticket fits the predictor to what is known, takes pending trials as measured at their predicted
mean, and searches genetically for the lowest mean - kappa x std under the limits. kappa is drawn anew per ticket, so
that tickets proposed side by side differ in how far they explore. Two floors survive a predictor that is wrong: some
tickets are uniform draws, some are mutations of the best measured.

Source: Dai et al., "ChamNet", CVPR 2019, section 3; pending trials after Ginsbourger et al. 2010 (kriging believer);
random kappa after Berk et al. 2021, "Randomised Gaussian process upper confidence bound for Bayesian optimisation".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import minimise
from nas.predictor import Fitted, Predictor
from nas.space import Architecture
from nas.strategies._shared import fresh
from nas.strategy import Features, Task
from nas.trial import Proposal, Trial

MIN_COMPLETE = 4
RANDOM_SHARE = 0.08
MUTATION_SHARE = 0.08
NUM_PARENTS = 5
MUTATION_TRIES = 64
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
            return Proposal(architecture=fresh(self.task.sample, known, rng), origin="random")
        draw = rng.random()
        if len(complete) >= MIN_COMPLETE and draw >= RANDOM_SHARE:
            if draw < RANDOM_SHARE + MUTATION_SHARE:
                found, origin = self._mutation(complete, known, rng), "mutation"
            else:
                found, origin = self._genetic(complete, pending, known, rng), "genetic"
            if found is not None:
                return Proposal(architecture=found, origin=origin)
        return Proposal(architecture=fresh(self.task.sample, known, rng), origin="random")

    def _genetic(
        self, complete: Sequence[Trial], pending: Sequence[Trial], known: Sequence[Trial], rng: np.random.Generator
    ) -> Architecture | None:
        fitted = fit(self.task.predictor, self.task.features, complete, self.task.objective)
        if pending:
            fitted = fitted.fantasise(self.task.features(rows(pending)))
        kappa = rng.exponential(1.0)

        def promise(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            prediction = fitted.predict(self.task.features(population))
            return prediction.mean - kappa * prediction.std

        found = minimise(
            promise,
            replace(self.task.problem, exclude=rows(known)),
            initial=np.concatenate([self.task.sample(NUM_SEEDS, rng), rows(complete)]),
            rng=rng,
            population=POPULATION,
            generations=GENERATIONS,
        )
        return tuple(found.architectures[0].tolist()) if len(found.architectures) else None

    def _mutation(
        self, complete: Sequence[Trial], known: Sequence[Trial], rng: np.random.Generator
    ) -> Architecture | None:
        """One of the best with one or two decisions redrawn, within the limits and new; None if none comes up."""
        best = sorted(complete, key=lambda trial: trial.metrics[self.task.objective])[:NUM_PARENTS]
        children = rows([best[i] for i in rng.integers(len(best), size=MUTATION_TRIES)])
        for child in children:
            places = rng.choice(len(child), size=min(2, len(child)), replace=False)[: rng.integers(1, 3)]
            child[places] = rng.integers(0, self.task.problem.num_options[places])
        seen = {trial.architecture for trial in known}
        fine = (tuple(child.tolist()) for child in children[self.task.problem.is_feasible(children)])
        return next((child for child in fine if child not in seen), None)


def fit(predictor: Predictor, features: Features, complete: Sequence[Trial], objective: str) -> Fitted:
    """The predictor fitted to complete trials, in the order given."""
    return predictor.fit(features(rows(complete)), np.array([trial.metrics[objective] for trial in complete]))


def rows(trials: Sequence[Trial]) -> Int8[np.ndarray, "n d"]:
    """The trials' architectures as a population."""
    return np.array([trial.architecture for trial in trials], dtype=np.int8)


STRATEGY = ChamNet
