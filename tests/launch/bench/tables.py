"""Small tables for the tests of replays."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from launch.bench.question import Arena, Goal, Question, prepare
from search_spaces.table import read_results

ACC = Goal(column="acc", maximise=True)
PARAMS = Goal(column="params", maximise=False)
LEVELS = (4, 3, 3)


def accuracy(a: int, b: int, c: int) -> float:
    """Has one best, (3, 2, 0), and no two equal values."""
    return 50 + 10 * a + 4 * b - c * (1 + 0.3 * a) - 0.01 * a * b


def write(
    path: Path,
    *,
    keep: Callable[[int, int, int], bool] = lambda a, b, c: True,
    value: Callable[[int, int, int], float | str] = accuracy,
    extra: Sequence[str] = (),
) -> Path:
    """36 architectures of three decisions, those that are kept; `params` grows with the options, `late` is a time."""
    lines = ["x_a,x_b,x_c,acc,params,late,test"]
    for a, b, c in itertools.product(*map(range, LEVELS)):
        if keep(a, b, c):
            lines.append(f"{a},b{b},{c},{value(a, b, c)},{100 + 10 * a + b * b + c},{1 + a},{accuracy(a, b, 2 - c)}")
    path.write_text("\n".join([*lines, *extra]) + "\n")
    return path


def arena(path: Path, question: Question | None = None) -> Arena:
    return prepare(read_results(path), question or Question(objectives=(ACC,)))
