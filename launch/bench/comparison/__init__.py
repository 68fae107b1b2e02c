"""Comparison of strategies over seeds: measures, text, JSON, plots. Imports launch.bench.question, launch.bench.replay,
launch.report, launch.terminal and nas.

`picture` is imported by name: it imports Matplotlib.

`text` is imported by name: it holds a function of the same name.
"""

from launch.bench.comparison.comparison import Comparison, Standing, compare, ratio
from launch.bench.comparison.measure import Estimate, estimate, estimates, loss_curve

__all__ = [
    "Comparison",
    "Estimate",
    "Standing",
    "compare",
    "estimate",
    "estimates",
    "loss_curve",
    "ratio",
]
