"""Loggers of other tools, one in each file: winner and finals of a run as one run of theirs, and a training's curve.
They import launch.session and nas.

What a search has tried stays in our page and in optuna-dashboard: these tools grow slow with hundreds of runs.

`log_run`, `run_facts` are imported by name: they import Optuna. So are `tensorboard` and `mlflow`: each needs a package
of its own.
"""

from launch.loggers.check import check_loggers

__all__ = ["check_loggers"]
