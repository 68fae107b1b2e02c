"""The question put to a table: columns, their units, limits on them, what decisions are. Imports launch.extensions,
search_spaces, predictors and nas.

`codings` is imported by name: its code is a part of a replay's key.
"""

from launch.bench.question.arena import Arena, prepare
from launch.bench.question.judge_column import judge
from launch.bench.question.question import Goal, Ladder, Question, goal, ladder

__all__ = [
    "Arena",
    "Goal",
    "Ladder",
    "Question",
    "goal",
    "judge",
    "ladder",
    "prepare",
]
