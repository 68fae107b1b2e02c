"""Executors, which run jobs, one in each file; the only room that imports Ray. They import nas."""

from launch.executors.make import make_executor, plan_slots
from launch.executors.trial_resources import Terms, read_duration, read_size

__all__ = [
    "Terms",
    "make_executor",
    "plan_slots",
    "read_duration",
    "read_size",
]
