"""What all resources of a run cost on its space, and what predictors see of its architectures. Imports predictors and
nas.
"""

from launch.pricing.constraints import shown
from launch.pricing.cost_ranges import CostRange, cost_range
from launch.pricing.margins import Within, within
from launch.pricing.pricing import Pricing, check_trusted, doubts_of, price
from launch.pricing.quality import aims_of, check_aims, check_goal, goal_of, quality_limit, split_limits
from launch.pricing.sweep import Sweep, grid, read_sweep

__all__ = [
    "CostRange",
    "Pricing",
    "Sweep",
    "Within",
    "aims_of",
    "check_aims",
    "check_goal",
    "check_trusted",
    "cost_range",
    "doubts_of",
    "goal_of",
    "grid",
    "price",
    "quality_limit",
    "read_sweep",
    "shown",
    "split_limits",
    "within",
]
