"""What all resources of a run cost on its space: prices, their ranges, the margins below limits. Imports nas."""

from launch.pricing.cost_ranges import CostRange, cost_range
from launch.pricing.margins import Within, within
from launch.pricing.pricing import Pricing, check_trusted, doubts_of, price
from launch.pricing.quality import check_goal, goal_of, quality_limit, split_limits

__all__ = [
    "CostRange",
    "Pricing",
    "Within",
    "check_goal",
    "check_trusted",
    "cost_range",
    "doubts_of",
    "goal_of",
    "price",
    "quality_limit",
    "split_limits",
    "within",
]
