"""The data of a report, read or worked out from a run. Imports launch.pricing, launch.report.view, launch.session and
nas.

`facts`, `foreseen`, `front_rows`, `learning_curve`, `quality` are imported by name: they import Optuna.
"""

from launch.report.facts.calibration_curve import CURVE, LEVELS, Calibration, calibration
from launch.report.facts.intervals import CONFIDENCE, Interval, share
from launch.report.facts.points import Point, covered, knee, meeting, points_of, values_of

__all__ = [
    "CONFIDENCE",
    "CURVE",
    "LEVELS",
    "Calibration",
    "Interval",
    "Point",
    "calibration",
    "covered",
    "knee",
    "meeting",
    "points_of",
    "share",
    "values_of",
]
