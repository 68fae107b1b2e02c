"""Budgets of a run: limits, what has been spent, and forecasts. Imports nas."""

from launch.budget.account import Account, Course, note, read_note
from launch.budget.budget import MIN_TRIALS, NAMES, NO_LIMITS, Budget, check_budget, check_trials
from launch.budget.forecast import Meter, Shift
from launch.budget.text import Line, amount, words

__all__ = [
    "MIN_TRIALS",
    "NAMES",
    "NO_LIMITS",
    "Account",
    "Budget",
    "Course",
    "Line",
    "Meter",
    "Shift",
    "amount",
    "check_budget",
    "check_trials",
    "note",
    "read_note",
    "words",
]
