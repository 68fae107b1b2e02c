"""Regularised evolution: an ageing population; the best of a random few has a child with one mutation.

Nobody is killed for being bad, everybody dies of age, so that a lucky measurement does not breed for ever. Two things
differ from the paper: nothing is trained twice, so a child that is known already is changed once more; and the
population is smaller, because a search here has hundreds of trials, not twenty thousand. Where the architectures that
exist are listed and are few, so that no change leads to one, the child is the one nearest to its parent.

Source: Real, Aggarwal, Huang and Le, "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019,
algorithm 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.record import Proposal, Trial
from nas.search import Task
from nas.space import Architecture
from nas.strategies._shared import fresh

POPULATION = 20
TOURNAMENT = 10
MAX_TRIES = 200
TRIES_PER_CHANGE = 20
"""After so many children that are known or infeasible, another decision is changed as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """The strategy for one objective; it uses the problem, the sampler, and no predictor."""

    task: Task

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """A random architecture until the population is full, then a child.

        Raises:
          ValueError: there are several objectives.
          Exhausted: no architecture that meets the limits was found.
        """
        objective, known = self.task.objective, [*done, *pending]
        population = [trial for trial in done if trial.state == "complete"][-POPULATION:]
        if len(known) >= POPULATION and population:
            child = self._child(population, objective, {trial.architecture for trial in known}, rng)
            if child is not None:
                return Proposal(architecture=child, origin="mutation")
        return Proposal(architecture=fresh(self.task, known, rng), origin="random")

    def _child(
        self, population: Sequence[Trial], objective: str, seen: set[Architecture], rng: np.random.Generator
    ) -> Architecture | None:
        """A feasible and new child; None if there is none, or none came up."""
        for attempt in range(MAX_TRIES):
            child = self._changed(_parent(population, objective, rng), 1 + attempt // TRIES_PER_CHANGE, rng)
            if child not in seen and self.task.problem.is_feasible(np.array([child], np.int8))[0]:
                return child
        return self._nearest(_parent(population, objective, rng), seen, rng)

    def _nearest(self, parent: Architecture, seen: set[Architecture], rng: np.random.Generator) -> Architecture | None:
        """The listed architecture that is new and differs from the parent in the fewest decisions; ties at random."""
        if self.task.candidates is None:
            return None
        distances = (self.task.candidates != np.array(parent, np.int8)).sum(axis=1)
        ranked = self.task.candidates[np.lexsort((rng.random(len(distances)), distances))].tolist()
        return next((row for row in map(tuple, ranked) if row not in seen), None)

    def _changed(self, parent: Architecture, num_changes: int, rng: np.random.Generator) -> Architecture:
        """Another option in `num_changes` decisions, fewer if fewer have another."""
        num_options = self.task.problem.num_options
        free = np.flatnonzero(num_options > 1)
        child = list(parent)
        for place in rng.choice(free, size=min(num_changes, len(free)), replace=False):
            child[place] = int((child[place] + rng.integers(1, num_options[place])) % num_options[place])
        return tuple(child)


def _parent(population: Sequence[Trial], objective: str, rng: np.random.Generator) -> Architecture:
    """Algorithm 1, lines 10 to 16: the best of a few."""
    places = rng.choice(len(population), size=min(TOURNAMENT, len(population)), replace=False)
    best: Trial = min((population[i] for i in places), key=lambda trial: trial.metrics[objective])
    return best.architecture


STRATEGY = Evolution
