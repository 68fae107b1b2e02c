"""The vectorised genetic search: one objective under limits, or a whole front.

It knows no space, predictor or unit: a population is an array of option indices, and all it is told are how many
options each decision has and two functions of such an array, objective and constraints. Each generation is a handful of
array operations over thousands of children, so that the predictor, not the search, is what takes the time.

Notation:
    n, d, k, m   architectures, decisions, constraints, objectives
    population   Int8[n, d]    option indices; every row in it is feasible, and no two are equal
    violations   Float[n, k]   what `constraints` gives: a row is feasible when all are <= 0

An infeasible child is repaired, not thrown away: it walks toward its feasible parent, one differing decision after the
other in random order, and stops at the first feasible step of a bisection. The walk ends at the parent, so it always
arrives, and a child on the limit's edge, where optima lie, is worth more than one far inside.

More generations never worsen the answer: they continue the same random stream, and the best seen is kept.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int8, UInt64

from nas.genetic.pareto import front_mask, strictly_dominated
from nas.genetic.selection import ALONG_A_FRONT, ONE_OBJECTIVE, Mating, by_value, tournament
from nas.genetic.variation import crossover, first_of_each, hash_rows, mutate, repair

Objective = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n"]]
Objectives = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n m"]]
Constraints = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n k"]]

PRUNE_AT = 4
"""An archive of a front is pruned when it has grown to so many populations, or to so many times its last size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A search problem: decisions with their options, and constraints.

    Args:
      num_options: options of each decision, between 1 and 127.
      ordered: decisions whose options are in order (widths, not names); None when none is.
      constraints: None when every architecture is feasible.
      exclude: architectures never to return, such as those already trained; they still serve as parents.
    """

    num_options: Int[np.ndarray, "d"]
    ordered: Bool[np.ndarray, "d"] | None = None
    constraints: Constraints | None = None
    exclude: Int8[np.ndarray, "e d"] | None = None

    def is_feasible(self, rows: Int8[np.ndarray, "n d"]) -> Bool[np.ndarray, "n"]:
        """Which rows meet every constraint; one that is NaN is not met."""
        if self.constraints is None:
            return np.ones(len(rows), bool)
        feasible: Bool[np.ndarray, " n"] = np.all(self.constraints(rows) <= 0, axis=1)
        return feasible


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search returns: feasible, distinct, none excluded.

    `values` are the objective's, best first, or a front's objectives, ordered by the first of them. `num_scored` counts
    the architectures whose objective was computed.
    """

    architectures: Int8[np.ndarray, "k d"]
    values: Float[np.ndarray, "k *m"]
    num_scored: int


def minimise(
    objective: Objective,
    problem: Problem,
    *,
    initial: Int8[np.ndarray, "n d"],
    rng: np.random.Generator,
    top_k: int = 1,
    population: int = 4096,
    generations: int = 50,
) -> Found:
    """The `top_k` best feasible architectures, fewer if the search met fewer.

    Args:
      initial: where to start; infeasible rows are left out. Hundreds that spread over the feasible set serve best.
      population: survivors of a generation, and children born in it.

    Raises:
      ValueError: no initial architecture is feasible, a row is outside the space, or the objective gives NaN.
    """
    best = None
    excluded = _excluded(problem)
    num_scored = 0
    for scored in _evolve(objective, ONE_OBJECTIVE, problem, initial, rng, population, generations):
        num_scored += len(scored.rows)
        few = scored.without(excluded)
        few = few.pick(by_value(few.values, top_k))
        best = few if best is None else _join(best, few).distinct()
        best = best.pick(by_value(best.values, top_k))
    assert best is not None, "the first generation is always scored"
    return Found(architectures=best.rows, values=best.values, num_scored=num_scored)


def front(
    objectives: Objectives,
    problem: Problem,
    *,
    initial: Int8[np.ndarray, "n d"],
    rng: np.random.Generator,
    population: int = 1024,
    generations: int = 50,
) -> Found:
    """The Pareto front of everything scored, one architecture per point of it; every objective is minimised.

    Args:
      initial: where to start; infeasible rows are left out. Hundreds that spread over the feasible set serve best.
      population: survivors of a generation; three times as many children are born in it.

    Raises:
      ValueError: no initial architecture is feasible, a row is outside the space, or an objective gives NaN.
    Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", with an archive and
      with mates from nearby (`nas.genetic.selection`).
    """
    archive: list[_Scored] = []
    excluded = _excluded(problem)
    num_scored = 0
    for scored in _evolve(objectives, ALONG_A_FRONT, problem, initial, rng, population, generations):
        num_scored += len(scored.rows)
        fresh = scored.without(excluded)
        if archive:
            fresh = fresh.pick(np.flatnonzero(~strictly_dominated(fresh.values, archive[0].values)))
        archive.append(fresh)
        if sum(len(part.rows) for part in archive) > PRUNE_AT * max(len(archive[0].rows), population):
            archive = [_front_of(archive)]
    best = _front_of(archive)
    best = best.pick(np.lexsort(best.values.T[::-1]))
    return Found(architectures=best.rows, values=best.values, num_scored=num_scored)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """Architectures with their values and hashes."""

    rows: Int8[np.ndarray, "n d"]
    values: Float[np.ndarray, "n *m"]
    hashes: UInt64[np.ndarray, "n"]

    def pick(self, places: Int[np.ndarray, "k"]) -> "_Scored":
        return _Scored(
            rows=self.rows.take(places, axis=0),
            values=self.values.take(places, axis=0),
            hashes=self.hashes.take(places),
        )

    def without(self, excluded: UInt64[np.ndarray, "e"]) -> "_Scored":
        return self.pick(np.flatnonzero(~np.isin(self.hashes, excluded))) if len(excluded) else self

    def distinct(self) -> "_Scored":
        return self.pick(first_of_each(self.hashes))


def _evolve(
    score: Objective | Objectives,
    mating: Mating,
    problem: Problem,
    initial: Int8[np.ndarray, "n d"],
    rng: np.random.Generator,
    population: int,
    generations: int,
) -> Iterator[_Scored]:
    """Every generation's newly scored architectures; survivors are the best `population`."""
    rows = _feasible_start(problem, initial)
    members = _score(score, rows, hash_rows(rows))
    yield members
    members = members.pick(mating.best(members.values, population))
    for _ in range(generations):
        places = tournament(len(members.rows), mating.children * population, rng)
        mothers, fathers = members.pick(places), members.pick(mating.mate(members.values, places, rng))
        rows = _children(mothers, fathers, problem, rng)
        hashes = hash_rows(rows)
        new = first_of_each(np.concatenate([members.hashes, hashes]))
        new = new[new >= len(members.rows)] - len(members.rows)
        if len(new) == 0:
            continue
        children = _score(score, rows.take(new, axis=0), hashes[new])
        yield children
        members = _join(members, children)
        members = members.pick(mating.best(members.values, population))


def _children(
    mothers: _Scored, fathers: _Scored, problem: Problem, rng: np.random.Generator
) -> Int8[np.ndarray, "c d"]:
    """One feasible child of each couple: uniform crossover, mutation, repair. A child like a parent always mutates."""
    children = crossover(mothers.rows, fathers.rows, rng)
    hashes = hash_rows(children)
    clones = np.flatnonzero((hashes == mothers.hashes) | (hashes == fathers.hashes))
    children = mutate(children, clones, problem.num_options, problem.ordered, rng)
    broken = np.flatnonzero(~problem.is_feasible(children))
    if len(broken):
        children[broken] = repair(children[broken], mothers.rows[broken], problem.is_feasible, rng)
    return children


def _feasible_start(problem: Problem, initial: Int8[np.ndarray, "n d"]) -> Int8[np.ndarray, "k d"]:
    outside = np.argwhere((initial < 0) | (initial >= problem.num_options))
    if len(outside):
        row, column = outside[0]
        raise ValueError(
            f"decision {column} has options 0 to {problem.num_options[column] - 1}, got {initial[row, column]} in "
            f"initial row {row}; draw initial from the same space"
        )
    rows = initial[problem.is_feasible(initial)]
    if len(rows) == 0:
        raise ValueError(
            f"a search must start from a feasible architecture, but none of the {len(initial)} initial ones meets "
            "every constraint; sample them from the feasible set, or loosen a limit"
        )
    distinct: Int8[np.ndarray, "k d"] = rows[first_of_each(hash_rows(rows))]
    return distinct


def _score(score: Objective | Objectives, rows: Int8[np.ndarray, "n d"], hashes: UInt64[np.ndarray, "n"]) -> _Scored:
    values = score(rows)
    if np.isnan(values).any():
        row = np.argwhere(np.isnan(values))[0, 0]
        raise ValueError(f"an objective must be a number, got NaN for {rows[row].tolist()}; check the predictor")
    return _Scored(rows=rows, values=values, hashes=hashes)


def _join(*parts: _Scored) -> _Scored:
    return _Scored(
        rows=np.concatenate([part.rows for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        hashes=np.concatenate([part.hashes for part in parts]),
    )


def _front_of(parts: Sequence[_Scored]) -> _Scored:
    """What no other of them dominates, one row per point."""
    joined = _join(*parts)
    return joined.pick(np.flatnonzero(front_mask(joined.values, keep_equal=False)))


def _excluded(problem: Problem) -> UInt64[np.ndarray, "e"]:
    return np.zeros(0, np.uint64) if problem.exclude is None else hash_rows(problem.exclude)
