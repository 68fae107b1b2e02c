"""The random strategy: uniform over what has not been tried."""

from collections import Counter

import numpy as np
import pytest
from jaxtyping import Int8

from nas.genetic import Problem
from nas.record import Exhausted, Trial
from nas.search import Task
from nas.search.strategy import Sampler
from nas.strategies.random import Random
from predictors import ridge


def sample(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n 2"]:
    return rng.integers(0, 3, (n, 2)).astype(np.int8)


def task(sample: Sampler) -> Task:
    problem = Problem(num_options=np.array([3, 3]))
    return Task(objectives=("error",), problem=problem, sample=sample, features=np.asarray, predictor=ridge.PREDICTOR)


def trial(architecture: tuple[int, ...]) -> Trial:
    return Trial(phase="search", ticket=0, architecture=architecture, fidelity=1, origin="random", state="running")


def test_what_was_not_tried_is_drawn_evenly() -> None:
    known = [trial((i, j)) for i in range(3) for j in range(2)]
    strategy = Random(task=task(sample))
    counts = Counter(
        strategy.propose(known[:3], known[3:], np.random.default_rng(seed)).architecture for seed in range(300)
    )
    assert set(counts) == {(0, 2), (1, 2), (2, 2)}
    assert min(counts.values()) > 60


def test_nothing_left_says_so() -> None:
    known = [trial((i, j)) for i in range(3) for j in range(3)]
    with pytest.raises(Exhausted, match="1000 draws brought no new architecture: the 9 tried so far"):
        Random(task=task(sample)).propose(known, [], np.random.default_rng(0))
