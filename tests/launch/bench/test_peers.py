"""What peers fall back on: random and nearest rows that were not tried, and patience."""

from pathlib import Path

import numpy as np
import pytest

from launch.bench.peers._shared import Patience, candidates_of, nearest, untried
from nas.record import Exhausted
from nas.search import Task
from predictors import ridge
from tests.launch.bench.tables import arena, write


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """All of 4 x 3 x 3 but (1, 1, 1)."""
    known = arena(write(tmp_path / "t.csv", keep=lambda a, b, c: (a, b, c) != (1, 1, 1)))
    return known.task(ridge.PREDICTOR, np.random.default_rng(0))


def test_the_nearest_has_the_fewest_other_decisions_and_ties_are_drawn(task: Task) -> None:
    neighbours = {(0, 1, 1), (2, 1, 1), (3, 1, 1), (1, 0, 1), (1, 2, 1), (1, 1, 0), (1, 1, 2)}
    found = {nearest(task, (1, 1, 1), (), np.random.default_rng(seed)) for seed in range(60)}
    assert found == neighbours
    beyond = nearest(task, (1, 1, 1), neighbours, np.random.default_rng(0))
    assert sum(option != 1 for option in beyond) == 2
    assert nearest(task, (0, 0, 0), (), np.random.default_rng(0)) == (0, 0, 0)


def test_the_last_one_is_found_and_then_there_is_none(task: Task) -> None:
    everything = list(map(tuple, candidates_of(task).tolist()))
    rng = np.random.default_rng(0)
    assert untried(task, everything[:-1], rng) == nearest(task, (0, 0, 0), everything[:-1], rng) == everything[-1]
    with pytest.raises(Exhausted, match="all 35 candidates have been trained; ask for fewer trials"):
        untried(task, everything, rng)
    with pytest.raises(Exhausted, match="all 35 candidates have been trained"):
        nearest(task, (0, 0, 0), everything, rng)


def test_a_task_without_a_list_is_refused(task: Task) -> None:
    listless = Task(
        objectives=task.objectives,
        problem=task.problem,
        sample=task.sample,
        features=task.features,
        predictor=task.predictor,
    )
    with pytest.raises(ValueError, match="picks from a list of candidates, and the task has none; replay a table"):
        candidates_of(listless)


def test_patience_halves_and_doubles_within_its_bounds() -> None:
    patience, seen = Patience(10), list[int]()
    for turn in (patience.punish, patience.punish, patience.punish, patience.punish, patience.reward, patience.reward):
        turn()
        seen.append(patience.asks)
    assert seen == [5, 2, 1, 1, 2, 4]
    patience.reward()
    patience.reward()
    assert patience.asks == 10
