"""The benchmark problem that strategies are run on: a table's architectures with objectives, limits and features.

Strategies minimise, so a column to maximise is negated here and only here. The arena is all that one replay needs; it
holds arrays, and travels to another process.

    n, d   distinct architectures of the table, decisions
    m      objectives
    k      constraints: that a combination exists, then one for each limit
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int8, UInt64

from launch.bench.question.codings import coded
from launch.bench.question.column_limits import limited
from launch.bench.question.column_units import KNOWN_BY_NAME, is_counted, said_units
from launch.bench.question.question import Goal, Question
from nas.feasible import cover
from nas.genetic import Objective, Problem, hash_rows
from nas.record import Proposal
from nas.search import Predictor, Task
from nas.space import Choice
from predictors.coding import Coding, choosing
from search_spaces.table import Results, ResultsError

MIN_OPENING, MAX_OPENING = 6, 8
"""A search opens with one architecture for each decision, within these: with more decisions the predictor, however
little it knows, finds better ones than a design does (docs/bench.md)."""
OPENING_POOL = 2048
"""Architectures, at most half of all, from which a seed's opening is picked: seeds are to differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """The benchmark problem of a replay: a table's architectures with objectives, limits and features.

    Attributes:
      rows: the table's distinct architectures.
      values: the objectives, lower is better; NaN where the training failed.
      cheap: the objective on each rung below the full one, cheapest first, likewise.
      judged: the judge's column, lower is better; None without a judge.
      costs: of several objectives, those that are counted without training, by name, lower is better.
      excess: by how much of its bound each limit is broken, at most 0 where it holds.
      allowed: which rows meet every limit; only these exist.
      encoded: what a predictor sees of each row, in every coding that decisions may have.
      codings: the columns of each; predictors choose one.
      numbers: the decisions that are numbers in every coding.
      duration_s: of each training; None for random ones.
      is_complete: every combination of options is a row.
      notes: sentences on what was done with the table.
    """

    question: Question
    table: str
    digest: str
    choices: tuple[Choice, ...]
    statistics: tuple[str, ...]
    rows: Int8[np.ndarray, "n d"]
    values: Float[np.ndarray, "n m"]
    cheap: tuple[Float[np.ndarray, "n 1"], ...]
    judged: Float[np.ndarray, " n"] | None
    costs: Mapping[str, Float[np.ndarray, " n"]]
    excess: Float[np.ndarray, "n limits"]
    allowed: Bool[np.ndarray, " n"]
    encoded: Float[np.ndarray, "n f"]
    codings: tuple[Coding, ...]
    numbers: tuple[str, ...]
    duration_s: Float[np.ndarray, " n"] | None
    is_complete: bool
    hashes: UInt64[np.ndarray, " n"]
    by_hash: Int[np.ndarray, " n"]
    notes: tuple[str, ...]

    @property
    def num_options(self) -> Int[np.ndarray, " d"]:
        return np.array([len(choice.options) for choice in self.choices], dtype=np.int64)

    @property
    def candidates(self) -> Int8[np.ndarray, "c d"]:
        """The rows that exist for a strategy."""
        candidates: Int8[np.ndarray, "c d"] = self.rows[self.allowed]
        return candidates

    @property
    def full(self) -> int:
        """What a full training costs: the costliest rung's, or 1 where all trainings are alike."""
        return self.question.ladder.full if self.question.ladder else 1

    @property
    def cheap_by_fidelity(self) -> dict[int, Float[np.ndarray, "n 1"]]:
        ladder = self.question.ladder
        return dict(zip(ladder.rungs.fidelities, self.cheap, strict=False)) if ladder else {}

    @property
    def objectives(self) -> tuple[str, ...]:
        return tuple(goal.column for goal in self.question.objectives)

    def places(self, population: Int8[np.ndarray, "p d"]) -> Int[np.ndarray, " p"]:
        """The row of each architecture, -1 for one that the table does not have."""
        wanted, ordered = hash_rows(population), self.hashes[self.by_hash]
        found = self.by_hash[np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)]
        places: Int[np.ndarray, " p"] = np.where(self.hashes[found] == wanted, found, -1)
        return places

    def constraints(self, population: Int8[np.ndarray, "p d"]) -> Float[np.ndarray, "p k"]:
        """At most 0 where a combination exists and meets each limit; of a missing one nothing else is known."""
        places = self.places(population)
        excess = np.where((places >= 0)[:, None], self.excess[places], 0.0)
        return np.concatenate([np.where(places < 0, 1.0, 0.0)[:, None], excess], axis=1)

    def features(self, population: Int8[np.ndarray, "p d"]) -> Float[np.ndarray, "p f"]:
        """What a predictor sees.

        Raises:
          ValueError: the table lacks an architecture, so nobody knows its statistics.
        """
        places = self.places(population)
        if (places < 0).any():
            missing = population[places < 0][0].tolist()
            raise ValueError(f"the table has no row for {missing}, so it has no features; keep to the constraints")
        encoded: Float[np.ndarray, "p f"] = self.encoded[places]
        return encoded

    def choosing(self, predictor: Predictor) -> Predictor:
        """The predictor as it finds out which decisions are numbers, where nobody has said it."""
        return choosing(predictor, self.codings)

    def opening(
        self, candidates: Int8[np.ndarray, "c d"], rng: np.random.Generator, *, most: int = MAX_OPENING
    ) -> tuple[Proposal, ...]:
        """What a search trains first: some of the candidates, drawn so that seeds differ, as far apart as they go.

        Args:
          most: how many, however many decisions there are.
        """
        size = min(max(MIN_OPENING, len(self.choices)), most, len(candidates))
        pool = rng.choice(len(candidates), size=max(size, min(OPENING_POOL, len(candidates) // 2)), replace=False)
        rows = cover(candidates[pool], size, features=self._first_coding).tolist()
        return tuple(Proposal(architecture=tuple(row), origin="design") for row in rows)

    def _first_coding(self, population: Int8[np.ndarray, "p d"]) -> Float[np.ndarray, "p g"]:
        """Features of which the decisions are there once: what an opening spreads over."""
        others = [column for coding in self.codings[1:] for column in coding.columns]
        return np.delete(self.features(population), others, axis=1)

    def task(self, predictor: Predictor, rng: np.random.Generator) -> Task:
        """The task that a strategy is given; `rng` draws the opening."""
        candidates = self.candidates
        free = self.is_complete and not self.question.limits
        return Task(
            objectives=self.objectives,
            problem=Problem(num_options=self.num_options, constraints=None if free else self.constraints),
            sample=lambda n, rng: candidates[rng.integers(len(candidates), size=n)],
            features=self.features,
            predictor=self.choosing(predictor),
            opening=self.opening(candidates, rng),
            candidates=candidates,
            rungs=self.question.ladder.rungs if self.question.ladder else None,
            costs={name: self._cost(values) for name, values in self.costs.items()},
        )

    def _cost(self, values: Float[np.ndarray, " n"]) -> Objective:
        """A column as a function of architectures; what does not exist has no cost, and no limit lets it pass."""
        return lambda population: np.asarray(values[self.places(population)])


def prepare(results: Results, question: Question) -> Arena:
    """Read the columns that the question needs.

    Raises:
      ResultsError: a column is unknown, is no number, or no row is left to search.
      LimitError: a limit cannot be read.
      UnitError: a unit cannot be read.
    """
    judge = question.judge
    limits = limited(results, question.limits, said_units(question.units, results.cells))
    notes, allowed = [*results.notes, *limits.notes], limits.allowed
    statistics = _statistics(results, question, notes)
    values = _values(results, question.objectives, allowed, notes)
    counted = np.array([results.numbers(name) for name in statistics]).reshape(-1, len(results.architectures)).T
    decisions = coded(results, counted, question.numeric, question.structure)
    notes += decisions.notes
    hashes = hash_rows(results.architectures)
    return Arena(
        question=question,
        table=results.name,
        digest=results.digest,
        choices=results.choices,
        statistics=statistics,
        rows=results.architectures,
        values=values,
        cheap=_cheap(results, question),
        costs=_costs(results, question.objectives),
        judged=None if judge is None else judge.sign * results.numbers(judge.column),
        excess=limits.excess,
        allowed=allowed,
        encoded=decisions.encoded,
        codings=decisions.codings,
        numbers=decisions.numbers,
        duration_s=None if question.duration is None else _durations(results, question.duration, notes),
        is_complete=results.is_complete,
        hashes=hashes,
        by_hash=np.argsort(hashes),
        notes=tuple(notes),
    )


def _values(
    results: Results, goals: Sequence[Goal], allowed: Bool[np.ndarray, " n"], notes: list[str]
) -> Float[np.ndarray, "n m"]:
    """The objectives, lower is better; all are NaN where one is missing, for the training has failed."""
    values = np.stack([goal.sign * results.numbers(goal.column) for goal in goals], axis=1)
    values[~np.isfinite(values).all(axis=1)] = np.nan
    if not np.isfinite(values[allowed]).any():
        raise ResultsError(
            f"no row of {results.name} has a value of {' and '.join(goal.column for goal in goals)}; name another "
            "objective, or loosen a limit"
        )
    _note_results(results, goals, values, allowed, notes)
    return values


def _costs(results: Results, goals: Sequence[Goal]) -> dict[str, Float[np.ndarray, " n"]]:
    """Of several objectives, those whose name says that they are counted, where all of them are numbers."""
    counted = {goal.column: goal.sign * results.numbers(goal.column) for goal in goals if is_counted(goal.column)}
    known = {name: values for name, values in counted.items() if np.isfinite(values).all()}
    return known if 1 < len(goals) != len(known) else {}


def _cheap(results: Results, question: Question) -> tuple[Float[np.ndarray, "n 1"], ...]:
    """The rungs' columns, lower is better; the direction is the objective's."""
    columns = question.ladder.columns[:-1] if question.ladder else ()
    return tuple(question.objectives[0].sign * results.numbers(column)[:, None] for column in columns)


def _statistics(results: Results, question: Question, notes: list[str]) -> tuple[str, ...]:
    if question.statistics is not None:
        for name in question.statistics:
            results.numbers(name)
        return question.statistics
    sought = {goal.column for goal in (*question.objectives, question.judge) if goal is not None}
    sought -= set(_costs(results, question.objectives))  # known without training, and so a feature as well
    sought |= set(question.ladder.columns) if question.ladder else set()
    found = []
    for name in results.cells:
        if is_counted(name) and name not in sought:
            try:
                results.numbers(name)
            except ResultsError as error:
                notes.append(f"{name} is not used as a statistic: {error}")
                continue
            found.append(name)
    notes.append(
        f"predictors see the decisions and {', '.join(found) or 'no statistic'}; columns counted without training are "
        f"known by name ({KNOWN_BY_NAME}), --statistics COL,..|none names others"
    )
    return tuple(found)


def _durations(results: Results, column: str, notes: list[str]) -> Float[np.ndarray, " n"]:
    values = results.numbers(column)
    good = np.isfinite(values) & (values >= 0)
    if not good.any():
        raise ResultsError(f"column {column!r} holds no time of 0 or more; name another for the duration")
    if not good.all():
        notes.append(f"{(~good).sum()} architectures have no {column} of 0 or more: they take its median")
    return np.where(good, values, np.median(values[good]))


def _note_results(
    results: Results,
    goals: Sequence[Goal],
    values: Float[np.ndarray, "n m"],
    allowed: Bool[np.ndarray, " n"],
    notes: list[str],
) -> None:
    num_repeats = len(results.place) - len(results.architectures)
    if num_repeats:
        different = ", ".join(f"{results.num_disagreeing(goal.column)} in {goal.column}" for goal in goals)
        notes.append(
            f"{num_repeats} rows repeat an architecture (with different values: {different}): each architecture is "
            "counted once, with the mean of its finite values"
        )
    failed = int(np.isnan(values[allowed]).any(axis=1).sum())
    if failed:
        notes.append(
            f"{failed} architectures have no finite result: training one of them fails, and the search goes on"
        )
    for goal, column in zip(goals, values[allowed].T, strict=True):
        if np.nanmin(column) == np.nanmax(column):
            notes.append(f"{goal.column} is the same for every architecture: nothing is left to find")
