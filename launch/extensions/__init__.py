"""Users' own resources, strategies, predictors and evaluators, checked against their protocols. Imports
launch.experiment and nas.

`parts` is imported by name: its names are written with its own before them.

`probes` is imported by name: it holds a function of the same name.
"""

from launch.extensions.checked_evaluator import prepared_evaluator
from launch.extensions.checked_parts import blamed, check_new, load_predictor, load_strategy
from launch.extensions.own_files import SETTING, OwnFiles

__all__ = [
    "SETTING",
    "OwnFiles",
    "blamed",
    "check_new",
    "load_predictor",
    "load_strategy",
    "prepared_evaluator",
]
