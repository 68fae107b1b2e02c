"""Shared by the peers: a fall-back to an untried architecture when a tool proposes none that can be trained.

In a sparse table nearly everything that a tool proposes is missing. Then its wish still counts: the row nearest to it
is trained in its place, and the tool is asked fewer times before that (`Patience`), for asking is what costs.
"""

from collections.abc import Collection, Iterable

import numpy as np
from jaxtyping import Int8

from nas.record import Exhausted, Trial
from nas.search import Task
from nas.space import Architecture

QUICK_DRAWS = 20


def candidates_of(task: Task) -> Int8[np.ndarray, "n d"]:
    """Every architecture that exists.

    Raises:
      ValueError: the task does not list them.
    """
    if task.candidates is None:
        raise ValueError("this peer picks from a list of candidates, and the task has none; replay a table")
    return task.candidates


def untried(task: Task, seen: Collection[Architecture], rng: np.random.Generator) -> Architecture:
    """Uniform over the candidates that have not been seen.

    Raises:
      Exhausted: there is none.
    """
    candidates = candidates_of(task)
    for place in rng.integers(len(candidates), size=QUICK_DRAWS).tolist():
        if (drawn := tuple(candidates[place].tolist())) not in seen:
            return drawn
    left = [row for row in map(tuple, candidates.tolist()) if row not in seen]
    if not left:
        raise Exhausted(f"all {len(candidates)} candidates have been trained; ask for fewer trials")
    return left[rng.integers(len(left))]


def seen_in(trials: Iterable[Trial]) -> set[Architecture]:
    return {trial.architecture for trial in trials}


def nearest(task: Task, wish: Architecture, seen: Collection[Architecture], rng: np.random.Generator) -> Architecture:
    """The candidate that has not been seen and differs from the wish in the fewest decisions; ties at random.

    Raises:
      Exhausted: there is none.
    """
    candidates = candidates_of(task)
    distances = (candidates != np.array(wish, np.int8)).sum(axis=1)
    ranked = candidates[np.lexsort((rng.random(len(distances)), distances))].tolist()
    found = next((row for row in map(tuple, ranked) if row not in seen), None)
    if found is None:
        raise Exhausted(f"all {len(candidates)} candidates have been trained; ask for fewer trials")
    return found


class Patience:
    """How often to ask a tool for one proposal: at most `most`, half as often after a failure, twice after success."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.asks = most

    def reward(self) -> None:
        self.asks = min(self._most, 2 * self.asks)

    def punish(self) -> None:
        self.asks = max(1, self.asks // 2)
