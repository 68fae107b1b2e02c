"""Shared by the strategies: drawing an architecture that has not been tried."""

from collections.abc import Sequence

import numpy as np

from nas.record import Exhausted, Trial
from nas.search import Task
from nas.space import Architecture

MAX_REDRAWS = 1000


def fresh(task: Task, known: Sequence[Trial], rng: np.random.Generator) -> Architecture:
    """An architecture that none of the `known` trials has, drawn uniformly from those that meet the limits.

    Raises:
      Exhausted: every candidate is known; or, where they are not listed, `MAX_REDRAWS` draws brought nothing new.
    """
    first = tuple(task.sample(1, rng)[0].tolist())
    if all(trial.architecture != first for trial in known):
        return first  # in a large space always, and without a set of thousands of trials
    seen = {trial.architecture for trial in known}
    if task.candidates is not None:
        return _one_left(task, seen, rng)
    for _ in range(MAX_REDRAWS):
        architecture = tuple(task.sample(1, rng)[0].tolist())
        if architecture not in seen:
            return architecture
    raise Exhausted(
        f"{MAX_REDRAWS} draws brought no new architecture: the {len(seen)} tried so far are about all that meet "
        "the limits; ask for fewer trials or relax a limit"
    )


def _one_left(task: Task, seen: set[Architecture], rng: np.random.Generator) -> Architecture:
    assert task.candidates is not None
    left = [row for row in map(tuple, task.candidates.tolist()) if row not in seen]
    if not left:
        raise Exhausted(f"all {len(task.candidates)} architectures have been tried; relax a limit for more")
    return left[rng.integers(len(left))]
