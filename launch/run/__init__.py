"""A search from start to winner. Imports launch.budget, launch.executors, launch.experiment,
launch.extensions, launch.pricing, launch.report, launch.session, launch.terminal and nas.

`run`, `points` are imported by name: they import PyTorch, Optuna and Matplotlib. So is `execution`, for verbs alone.
"""

from launch.run.limits import check_choice, check_limits
from launch.run.options import Options

__all__ = [
    "Options",
    "check_choice",
    "check_limits",
]
