"""Random-forest search: 20 random trainings, then batches of the 4 predicted best and 1 random; hard to beat.

Scikit-learn's random forest, refitted for each batch, on the features that every strategy gets.
"""

import itertools
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from launch.bench.peers._shared import candidates_of, seen_in, untried
from nas.record import Exhausted, Proposal, Trial
from nas.search import Strategy, Task
from nas.space import Architecture

NUM_RANDOM = 20
NUM_BEST = 4
NUM_TREES = 200


class ForestLoop:
    """The strategy for one objective; keeps the rest of its batch, everything else is in the arguments."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._objective = task.objective
        self._features = task.features(candidates_of(task))
        self._batch: deque[Architecture] = deque()

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """Raises Exhausted once every candidate has been trained."""
        seen = seen_in([*done, *pending])
        complete = [trial for trial in done if trial.state == "complete"]
        if not self._batch and len(seen) >= NUM_RANDOM and complete:
            self._batch.extend(self._best(complete, seen, rng))
        if self._batch:
            return Proposal(architecture=self._batch.popleft(), origin="forest")
        return Proposal(architecture=untried(self._task, seen, rng), origin="random")

    def _best(self, complete: Sequence[Trial], seen: set[Architecture], rng: np.random.Generator) -> list[Architecture]:
        """The predicted best of what has not been tried, equal predictions in random order, and one at random."""
        architectures = np.array([trial.architecture for trial in complete], np.int8)
        forest = RandomForestRegressor(NUM_TREES, random_state=int(rng.integers(2**31)))
        forest.fit(self._task.features(architectures), [trial.metrics[self._objective] for trial in complete])
        predicted = forest.predict(self._features)
        ranked = candidates_of(self._task)[np.lexsort((rng.random(len(predicted)), predicted))].tolist()
        fresh = (row for row in map(tuple, ranked) if row not in seen)
        best = list(itertools.islice(fresh, NUM_BEST))
        with suppress(Exhausted):  # fewer than a batch are left
            best.append(untried(self._task, seen.union(best), rng))
        return best


def forest(task: Task) -> Strategy:
    return ForestLoop(task)
