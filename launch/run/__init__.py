"""A search from start to winner. Imports launch.budget, launch.experiment, launch.extensions, launch.pricing,
launch.report, launch.session, launch.terminal and nas.

`run` is imported by name: it imports PyTorch, Optuna and Matplotlib.
"""

from launch.run.checkpoints import checkpoints_of, expected_bytes
from launch.run.limits import check_choice, check_limits
from launch.run.options import Options

__all__ = [
    "Options",
    "check_choice",
    "check_limits",
    "checkpoints_of",
    "expected_bytes",
]
