"""An opened run: its folder, settings, prices and record, and cross-validation of its predictor. Imports launch.budget,
launch.experiment, launch.extensions, launch.json_text, launch.paths, launch.pricing, launch.terminal and nas.

`continuation`, `merging`, `session`, `settings` are imported by name: they import Optuna.

`latency` is imported by name: its names are written with its own before them.

`profiling`, `verification` are imported by name: only a search needs them.
"""

from launch.session.compatibility import check_evaluator
from launch.session.cross_validation import (
    NUM_FOLDS,
    far_off_text,
    fits_without_a_group,
    foretold,
    held_out,
    near_limit,
    targets,
)
from launch.session.data_options import check_sets, data_words, path_of, read_as, sets_of, setting_of
from launch.session.depth_options import meaning_of, options_of
from launch.session.depth_options import record as depth_record
from launch.session.folder import WINNER_FORMAT, FolderError, RunFolder

__all__ = [
    "NUM_FOLDS",
    "WINNER_FORMAT",
    "FolderError",
    "RunFolder",
    "check_evaluator",
    "check_sets",
    "data_words",
    "depth_record",
    "far_off_text",
    "fits_without_a_group",
    "foretold",
    "held_out",
    "meaning_of",
    "near_limit",
    "options_of",
    "path_of",
    "read_as",
    "sets_of",
    "setting_of",
    "targets",
]
