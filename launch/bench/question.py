"""What a replay asks of a table: which columns are sought, and which way is better."""

from dataclasses import dataclass

DIRECTIONS = {"min": False, "max": True}
DEFAULT_STATISTICS = frozenset({"params", "macs", "mmacs", "gmacs", "flops", "mflops", "gflops", "depth"})
"""Names, in lower case, of columns that are taken to be counted without training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A column and its direction."""

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
class Question:
    """Attributes:
    objectives: what strategies seek.
    judge: the column in which the best found is judged, unseen by the strategies.
    limits: texts such as "mmacs <= 2000"; rows that break one do not exist.
    statistics: the columns that predictors see; None for those known by name.
    duration: the column of training times; None for random ones.
    """

    objectives: tuple[Goal, ...]
    judge: Goal | None = None
    limits: tuple[str, ...] = ()
    statistics: tuple[str, ...] | None = None
    duration: str | None = None

    def __post_init__(self) -> None:
        columns = [goal.column for goal in self.objectives]
        if not columns:
            raise ValueError("a replay needs at least one objective, got none; name a column")
        for column in columns:
            if columns.count(column) > 1:
                raise ValueError(f"objective {column!r} is given twice; name each once")
        for column in self.statistics or ():
            if column in columns or (self.judge is not None and column == self.judge.column):
                raise ValueError(
                    f"{column!r} is what the search is after, so it cannot be a statistic that is free; leave it out"
                )


def goal(text: str, *, minimise: bool) -> Goal:
    """Read "acc", "acc:max" or "latency:min"; `minimise` is the direction of a column without one."""
    column, colon, direction = text.rpartition(":")
    if colon and direction in DIRECTIONS:
        return Goal(column=column, maximise=DIRECTIONS[direction])
    return Goal(column=text, maximise=not minimise)
