"""The question of a replay: a table's objective columns with their directions, and how the others are read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nas.search import Rungs

DIRECTIONS = {
    "min": False, "minimise": False, "minimize": False,
    "max": True, "maximise": True, "maximize": True,
}  # fmt: skip

_RUNG = re.compile(r"([1-9]\d*)=(.+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """An objective: a column and its direction."""

    column: str
    maximise: bool

    @property
    def sign(self) -> float:
        """What a value is multiplied with, so that less is better."""
        return -1.0 if self.maximise else 1.0

    @property
    def direction(self) -> str:
        return "max" if self.maximise else "min"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The objective after trainings of several lengths.

    Attributes:
      columns: by rung, cheapest first; the last is the objective.
      rungs: what a training costs on each, such as epochs, and how selective a search is between them.
    """

    columns: tuple[str, ...]
    rungs: Rungs

    @property
    def full(self) -> int:
        """What a full training costs."""
        return self.rungs.fidelities[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question to a table: objectives, judge, limits, and how columns are read.

    Attributes:
      objectives: what strategies seek.
      judge: the column in which the best found is judged, unseen by the strategies.
      limits: texts such as "mmacs <= 2000"; rows that break one do not exist.
      units: texts such as "latency=ms", of columns whose name does not say it.
      numeric: which decisions are numbers, as `launch.bench.question.codings.numeric` reads it; None if
        nobody has said.
      structure: what says how decisions are wired, as `launch.bench.question.structures` loads it; None if nothing.
      statistics: the columns that predictors see; None for those known by name.
      duration: the column of training times, of full ones if there are several; None for random ones.
      ladder: cheaper trainings that tell of the objective; None where there are none.
    """

    objectives: tuple[Goal, ...]
    judge: Goal | None = None
    limits: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    numeric: str | None = None
    structure: str | None = None
    statistics: tuple[str, ...] | None = None
    duration: str | None = None
    ladder: Ladder | None = None

    def __post_init__(self) -> None:
        columns = [goal.column for goal in self.objectives]
        if not columns:
            raise ValueError("a replay needs at least one objective, got none; name a column")
        for column in columns:
            if columns.count(column) > 1:
                raise ValueError(f"objective {column!r} is given twice; name each once")
        if self.judge is not None and len(columns) > 1:
            raise ValueError(
                f"a judge looks at the best of one objective, got {', '.join(columns)}, which have no best; name one "
                "objective, or leave --judge out"
            )
        if self.ladder is not None and self.ladder.columns[-1:] != tuple(columns):
            raise ValueError(
                f"the costliest rung holds the only objective, got {self.ladder.columns[-1]!r} and "
                f"{', '.join(columns)}; give --rung COST={columns[0]} with the largest cost"
            )
        for column in self.statistics or ():
            if column in columns or (self.judge is not None and column == self.judge.column):
                raise ValueError(
                    f"{column!r} is what the search is after, so it cannot be a statistic that is free; leave it out"
                )


def ladder(texts: Sequence[str], *, eta: float) -> Ladder | None:
    """Read "12=acc_12", "200=acc", ..: a training's cost and the column that holds its result; None if there are none.

    Raises:
      ValueError: a text is no such thing, there is one only, or two cost the same.
    """
    if not texts:
        return None
    read = [_RUNG.fullmatch(text.strip()) for text in texts]
    for text, match in zip(texts, read, strict=True):
        if match is None:
            raise ValueError(f"a rung is COST=COLUMN with a whole cost of 1 or more, such as 12=acc_12, got {text!r}")
    rungs = sorted((int(match[1]), match[2]) for match in read if match)
    if len(rungs) < 2:
        raise ValueError(f"rungs are two or more, got {texts[0]!r} alone; give the objective's own cost as a rung too")
    return Ladder(
        columns=tuple(column for _, column in rungs),
        rungs=Rungs(fidelities=tuple(cost for cost, _ in rungs), eta=eta),
    )


def goal(text: str, *, minimise: bool) -> Goal:
    """Read "acc", "acc:max" or "latency:minimise"; `minimise` is the direction of a column without one."""
    column, said = split(text)
    return Goal(column=column, maximise=not minimise if said is None else said)


def split(text: str) -> tuple[str, bool | None]:
    """A column, and whether it is to be maximised; None if the text does not say it."""
    column, colon, direction = text.rpartition(":")
    if colon and direction.strip().lower() in DIRECTIONS:
        return column.strip(), DIRECTIONS[direction.strip().lower()]
    return text, None
