"""Operating points: the best architecture under each of many bounds, found together.

One genetic search along the front of the target and what is swept gives a start for every point; a short search under
the point's own bounds then improves on it. So a point costs a tenth of a search of its own.

    k         quantities that are swept
    bounds    Float[k]   what each of them may be at most at one point, in its own unit
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective, Problem, front, minimise
from nas.search.strategy import Sampler
from nas.space import Architecture

NUM_SEEDS = 512
POPULATION = 1024
GENERATIONS = 60
POLISH_POPULATION = 512
POLISH_GENERATIONS = 15


def along_sweep(
    *,
    target: Objective,
    swept: Sequence[Objective],
    problem: Problem,
    sample: Sampler,
    known: Int8[np.ndarray, "t d"],
    rng: np.random.Generator,
) -> Int8[np.ndarray, "n d"]:
    """Architectures that no other betters in the target and in all that is swept: where every point starts from.

    Args:
      problem: the limits that hold at every point.
      sample: draws from what meets those.
      known: architectures to start from as well, such as those already trained; any number.

    Raises:
      ValueError: no architecture meets the problem's limits.
    """

    def values(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n m"]:
        return np.stack([score(population) for score in (target, *swept)], axis=1)

    return front(
        values,
        problem,
        initial=np.concatenate([sample(NUM_SEEDS, rng), known]),
        rng=rng,
        population=POPULATION,
        generations=GENERATIONS,
    ).architectures


def best_within(
    bounds: Float[np.ndarray, " k"],
    *,
    start: Int8[np.ndarray, "n d"],
    target: Objective,
    swept: Sequence[Objective],
    problem: Problem,
    rng: np.random.Generator,
) -> Architecture | None:
    """The architecture of least target within the bounds; None if none of the start is within them."""
    within = _bounded(problem, swept, bounds)
    if not within.is_feasible(start).any():
        return None
    best = minimise(
        target, within, initial=start, rng=rng, population=POLISH_POPULATION, generations=POLISH_GENERATIONS
    )
    return tuple(best.architectures[0].tolist())


def _bounded(problem: Problem, swept: Sequence[Objective], bounds: Float[np.ndarray, " k"]) -> Problem:
    """The problem with a point's bounds added."""

    def violations(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n c"]:
        excess = [(score(population) - bound)[:, None] for score, bound in zip(swept, bounds, strict=True)]
        kept = [] if problem.constraints is None else [problem.constraints(population)]
        return np.concatenate([*kept, *excess], axis=1)

    return replace(problem, constraints=violations)
