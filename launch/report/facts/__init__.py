"""The data of a report, read or worked out from a run. Imports launch.pricing, launch.report.view, launch.session and
nas.

`facts`, `learning_curve` are imported by name: they import Optuna.
"""

from launch.report.facts.calibration_curve import CURVE, LEVELS, Calibration, calibration
from launch.report.facts.intervals import CONFIDENCE, Interval, share
from launch.report.facts.points import Point, points_of

__all__ = [
    "CONFIDENCE",
    "CURVE",
    "LEVELS",
    "Calibration",
    "Interval",
    "Point",
    "calibration",
    "points_of",
    "share",
]
