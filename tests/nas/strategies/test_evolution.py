"""Regularised evolution: children of the youngest best, one change away, never twice."""

from dataclasses import replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.genetic import Problem
from nas.record import Exhausted, State, Trial
from nas.search import Task
from nas.strategies.evolution import POPULATION, TOURNAMENT, Evolution
from predictors import ridge

NUM_OPTIONS = np.array([3, 1, 4, 5, 3])


def sample(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n 5"]:
    return rng.integers(0, NUM_OPTIONS, (n, 5)).astype(np.int8)


TASK = Task(
    objectives=("error",),
    problem=Problem(num_options=NUM_OPTIONS),
    sample=sample,
    features=np.asarray,
    predictor=ridge.PREDICTOR,
)


def trials(num: int, state: State = "complete") -> list[Trial]:
    """Distinct ones, each better than those before."""
    rows = np.unique(sample(500, np.random.default_rng(1)), axis=0)[:num].tolist()
    return [
        Trial(
            phase="search", ticket=i, architecture=tuple(row), fidelity=1, origin="random", state=state,
            metrics={"error": 1.0 - i / 1000} if state == "complete" else {},
        )
        for i, row in enumerate(rows)
    ]  # fmt: skip


def distance(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    return sum(x != y for x, y in zip(a, b, strict=True))


def test_it_begins_at_random() -> None:
    proposal = Evolution(task=TASK).propose(trials(POPULATION - 1), [], np.random.default_rng(0))
    assert proposal.origin == "random"


def test_a_child_is_one_change_from_the_best_of_a_tournament_among_the_youngest() -> None:
    done = trials(2 * POPULATION)
    eligible = done[POPULATION + TOURNAMENT - 1 :]  # later is better, so a tournament's best is one of these
    for seed in range(100):
        proposal = Evolution(task=TASK).propose(done, [], np.random.default_rng(seed))
        assert proposal.origin == "mutation"
        assert min(distance(proposal.architecture, trial.architecture) for trial in eligible) == 1
        assert proposal.architecture not in {trial.architecture for trial in done}


def test_the_old_have_no_children_however_good_they_were() -> None:
    done = trials(2 * POPULATION)
    done[0] = replace(done[0], metrics={"error": -9.0}, architecture=(2, 0, 3, 4, 2))
    strategy = Evolution(task=TASK)
    young = done[POPULATION:]
    for seed in range(30):
        found = strategy.propose(done, [], np.random.default_rng(seed)).architecture
        assert min(distance(found, trial.architecture) for trial in young) == 1


def test_children_meet_the_limits() -> None:
    def constraints(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 1"]:
        return rows[:, :1].astype(float) - 0.5

    task = replace(TASK, problem=replace(TASK.problem, constraints=constraints))
    for seed in range(30):
        assert Evolution(task=task).propose(trials(30), [], np.random.default_rng(seed)).architecture[0] == 0


def test_where_no_change_leads_to_a_listed_architecture_the_nearest_one_is_the_child() -> None:
    done = [replace(trials(1)[0], ticket=i, architecture=(0, 0, 0, 0, i % 3)) for i in range(POPULATION)]
    listed = np.array([(0, 0, 0, 0, 0), (2, 0, 3, 4, 2), (1, 0, 1, 1, 0), (2, 0, 1, 3, 1)], np.int8)

    def constraints(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 1"]:
        return np.where((rows[:, None] == listed).all(axis=2).any(axis=1), 0.0, 1.0)[:, None]

    task = replace(TASK, problem=replace(TASK.problem, constraints=constraints), candidates=listed)
    found = {
        Evolution(task=task)._nearest((0, 0, 0, 0, 0), {(0, 0, 0, 0, 0)}, np.random.default_rng(s)) for s in range(9)
    }
    assert found == {(1, 0, 1, 1, 0)}
    tried = [*done, replace(done[0], architecture=(1, 0, 1, 1, 0)), replace(done[0], architecture=(2, 0, 1, 3, 1))]
    assert Evolution(task=task).propose(tried, [], np.random.default_rng(0)).architecture == (2, 0, 3, 4, 2)


def test_it_goes_on_at_random_when_nothing_has_succeeded() -> None:
    strategy = Evolution(task=TASK)
    assert strategy.propose(trials(30, "failed"), [], np.random.default_rng(0)).origin == "random"
    assert strategy.propose([], trials(30, "running"), np.random.default_rng(0)).origin == "random"


def test_it_finds_the_last_one_and_then_says_so() -> None:
    everything = np.stack(np.meshgrid(*map(np.arange, NUM_OPTIONS), indexing="ij"), axis=-1).reshape(-1, 5)
    done = [replace(trials(1)[0], architecture=tuple(row)) for row in everything.tolist()]
    strategy = Evolution(task=TASK)
    assert strategy.propose(done[:-1], [], np.random.default_rng(0)).architecture == done[-1].architecture
    with pytest.raises(Exhausted, match="brought no new architecture"):
        strategy.propose(done, [], np.random.default_rng(0))


def test_several_objectives_are_refused() -> None:
    with pytest.raises(ValueError, match="minimises one objective, got error, macs"):
        Evolution(task=replace(TASK, objectives=("error", "macs"))).propose([], [], np.random.default_rng(0))
