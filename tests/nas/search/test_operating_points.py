"""The best within each bound against scoring everything."""

from dataclasses import replace

import numpy as np
import pytest
from jaxtyping import Float, Int8

from nas.genetic import Objective
from nas.search import along_sweep, best_within
from nas.search import operating_points as module
from tests.nas.strategies.small import COST_WEIGHTS, FEASIBLE, ONE, both, sample


def error(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    return both(population)[:, 0]


def cost(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    return population @ COST_WEIGHTS


@pytest.fixture(autouse=True)
def a_small_genetic_search(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"NUM_SEEDS": 64, "POPULATION": 64, "GENERATIONS": 15, "POLISH_POPULATION": 32}.items():
        monkeypatch.setattr(module, name, value)


def found(bounds: list[float], swept: list[Objective], *, target: Objective = error) -> list[tuple[int, ...] | None]:
    rng, known = np.random.default_rng(0), FEASIBLE[:0]
    start = along_sweep(target=target, swept=swept, problem=ONE.problem, sample=sample, known=known, rng=rng)
    return [
        best_within(
            np.array([bound] * len(swept)), start=start, target=target, swept=swept, problem=ONE.problem, rng=rng
        )
        for bound in bounds
    ]


def test_each_point_is_the_best_that_there_is_within_its_bound() -> None:
    bounds = [0.0, 1.5, 3.0, 6.0, 9.0, 30.0]
    for bound, row in zip(bounds, found(bounds, [cost]), strict=True):
        best = error(FEASIBLE[cost(FEASIBLE) <= bound]).min()
        assert row is not None and cost(np.array([row], np.int8)) <= bound
        assert error(np.array([row], np.int8)) == pytest.approx(best)


def test_a_bound_that_nothing_meets_gives_nothing() -> None:
    assert found([-1.0], [cost]) == [None]


def test_several_bounds_hold_together() -> None:
    def depth(population: Int8[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
        return population[:, 0].astype(float)

    (row,) = found([1.0], [cost, depth])
    inside = FEASIBLE[(cost(FEASIBLE) <= 1.0) & (depth(FEASIBLE) <= 1.0)]
    assert row is not None and error(np.array([row], np.int8)) == pytest.approx(error(inside).min())


def test_a_space_without_limits_is_swept_too() -> None:
    free = replace(ONE.problem, constraints=None)
    start = along_sweep(
        target=error, swept=[cost], problem=free, sample=sample, known=FEASIBLE[:2], rng=np.random.default_rng(0)
    )
    row = best_within(
        np.array([2.0]), start=start, target=error, swept=[cost], problem=free, rng=np.random.default_rng(0)
    )
    assert row is not None and cost(np.array([row], np.int8)) <= 2.0
