"""Direction of the judge's column, to minimise or to maximise: as it was said, else as the table shows."""

import numpy as np

from launch.bench.question.question import Goal, split
from nas.search import spearman
from search_spaces.table import Results

CLEAR = 0.5
"""Spearman's correlation with the objective, from which on a direction can be read off."""


def judge(text: str, results: Results, objective: Goal) -> tuple[Goal, tuple[str, ...]]:
    """The judge's column with a direction of its own, and a note where that was not said.

    A test error falls where the validation accuracy rises: a column that goes with the objective is better where that
    is better, one that goes against it the other way round. Where neither is clear, more is better.

    Raises:
      ResultsError: the judge or the objective is no column of numbers.
    """
    column, maximise = split(text)
    values, sought = results.numbers(column), results.numbers(objective.column)
    if maximise is not None:
        return Goal(column=column, maximise=maximise), ()
    both = np.isfinite(values) & np.isfinite(sought)
    correlation = spearman(values[both], sought[both]) if both.sum() > 1 else 0.0
    is_clear = abs(correlation) >= CLEAR
    goal = Goal(column=column, maximise=objective.maximise == (correlation > 0) if is_clear else True)
    why = f"as its rank correlation with {objective.column} ({objective.direction}) is {correlation:+.2f}"
    other = "min" if goal.maximise else "max"
    note = f"the judge {column} is taken for {goal.direction}, {why if is_clear else 'as nothing else is said'}"
    return goal, (f"{note}; --judge {column}:{other} says otherwise",)
