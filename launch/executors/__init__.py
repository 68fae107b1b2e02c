"""Executors, which run jobs, one in each file. They import nas.

What imports Ray is imported by name, by `launch.deploy.training.workers`, the other room that needs it: `join`,
`parcel`, `worker`, `worker_failures`.
"""

from launch.executors.make import make_executor, plan_slots, set_ray_environment
from launch.executors.trial_resources import Terms, read_duration, read_size

__all__ = [
    "Terms",
    "make_executor",
    "plan_slots",
    "read_duration",
    "read_size",
    "set_ray_environment",
]
