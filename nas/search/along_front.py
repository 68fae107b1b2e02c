"""Selects architectures along a front by fitted predictors and by trials: for a search's finals, and under new limits.

As for one objective (`nas.search.select`), half of the places go to what the genetic search promises and half to what
has been measured. Within each half those are taken that together dominate most: they lie along the whole front.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Problem, front, front_mask, spread_out
from nas.record import Trial, rows
from nas.search.aims import Aims, Fits
from nas.search.predictor import Features
from nas.search.strategy import Sampler
from nas.space import Architecture

NUM_SEEDS = 512
POPULATION = 512
GENERATIONS = 80
MAX_POOL = 400
"""Points of a predicted front among which places are given out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontCandidate:
    """An architecture with its objectives by name: predicted, how surely, and as measured.

    `std` is 0 for a cost, which is exact; `measured` is None if it was not trained.
    """

    architecture: Architecture
    mean: Mapping[str, float]
    std: Mapping[str, float]
    measured: Mapping[str, float] | None

    @property
    def origin(self) -> str:
        return "predicted" if self.measured is None else "measured"


def front_candidates(
    num: int,
    *,
    aims: Aims,
    fits: Fits,
    features: Features,
    complete: Sequence[Trial],
    sample: Sampler,
    problem: Problem,
    rng: np.random.Generator,
) -> list[FrontCandidate]:
    """Up to `num` distinct architectures along the front within the limits, those that matter most first.

    Args:
      complete: trials at the fidelity that the predictors speak of.

    Raises:
      ValueError: no architecture meets the limits.
    """
    trained = [trial for trial in complete if problem.is_feasible(rows([trial]))[0]]
    population, values = predicted_front(aims, fits, features, trained, sample, problem, rng)
    known = {trial.architecture for trial in trained}
    new = [place for place, row in enumerate(map(tuple, population.tolist())) if row not in known]
    bounds = aims.bounds(fits, features)
    measured = _along(aims.measured(trained), num, bounds) if trained else []
    promised = population[[new[place] for place in _along(values[new], num, bounds)]].tolist()
    both = _in_turn(list(map(tuple, promised)), [trained[i].architecture for i in measured])
    candidates = _candidates(both, aims, fits, features, trained)
    return sorted(candidates, key=lambda one: not _keeps(one, aims, bounds))[:num]


def predicted_front(
    aims: Aims,
    fits: Fits,
    features: Features,
    trained: Sequence[Trial],
    sample: Sampler,
    problem: Problem,
    rng: np.random.Generator,
) -> tuple[Int8[np.ndarray, "n d"], Float[np.ndarray, "n m"]]:
    """Architectures that no other within the limits dominates, as predicted, with the means of their objectives.

    Raises:
      ValueError: no architecture meets the limits.
    """
    found = front(
        lambda population: aims.means(fits, features, population),
        problem,
        initial=np.concatenate([sample(NUM_SEEDS, rng), *([rows(trained)] if trained else [])]),
        rng=rng,
        population=POPULATION,
        generations=GENERATIONS,
    )
    return found.architectures, found.values


def _along(values: Float[np.ndarray, "n m"], num: int, bounds: Float[np.ndarray, " m"]) -> list[int]:
    """Places of `num` points of a front, the most important first; what it does not hold comes after it."""
    if len(values) == 0:
        return []
    on_front = np.flatnonzero(front_mask(values, keep_equal=False))
    pool = on_front[np.argsort(values[on_front, 0], kind="stable")]
    if len(pool) > MAX_POOL:
        pool = pool[np.linspace(0, len(pool) - 1, MAX_POOL).round().astype(np.intp)]
    chosen: list[int] = pool[spread_out(values[pool], num, bounds)].tolist()
    rest = np.setdiff1d(np.arange(len(values)), on_front)
    return (
        chosen if len(chosen) == num else [*chosen, *rest[spread_out(values[rest], num - len(chosen), bounds)].tolist()]
    )


def _in_turn(promised: Sequence[Architecture], measured: Sequence[Architecture]) -> list[Architecture]:
    """From either in turn; the rest from whichever has more."""
    pairs = chain.from_iterable(zip_longest(promised, measured))
    return [one for one in pairs if one is not None]


def _keeps(candidate: FrontCandidate, aims: Aims, bounds: Float[np.ndarray, " m"]) -> bool:
    """Whether a limit on a metric is kept, as measured or else as predicted."""
    values = candidate.mean if candidate.measured is None else candidate.measured
    return all(values[name] <= bound for name, bound in zip(aims.names, bounds.tolist(), strict=True))


def _candidates(
    chosen: Sequence[Architecture], aims: Aims, fits: Fits, features: Features, trained: Sequence[Trial]
) -> list[FrontCandidate]:
    if not chosen:
        return []
    known = {trial.architecture: values for trial, values in zip(trained, _rows(aims, trained), strict=True)}
    mean, std = aims.predicted(fits, features, np.array(chosen, dtype=np.int8))

    def named(values: Float[np.ndarray, " m"]) -> dict[str, float]:
        return dict(zip(aims.names, values.tolist(), strict=True))

    return [
        FrontCandidate(
            architecture=row,
            mean=named(mean[i]),
            std=named(std[i]),
            measured=named(known[row]) if row in known else None,
        )
        for i, row in enumerate(chosen)
    ]


def _rows(aims: Aims, trained: Sequence[Trial]) -> list[Float[np.ndarray, " m"]]:
    return list(aims.measured(trained)) if trained else []
