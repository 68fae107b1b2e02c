"""The tiny experiment on a machine with other tenants: how a search ends where timings cannot be trusted.

UNSTEADY="seed,busy share,jitter" nas search tests/experiments/unsteady.py --out RUN --executor serial
"""

import os
from dataclasses import replace

from launch.experiment import Experiment
from nas.devices.fake import Tenants, Unsteady
from tests.experiments import tiny


def experiment() -> Experiment:
    seed, busy_share, jitter = map(float, os.environ.get("UNSTEADY", "0,0.2,0.02").split(","))
    tenants = Tenants(seed=int(seed), busy_share=busy_share, drift_per_minute=0.0, jitter=jitter)
    return replace(
        tiny.experiment(),
        name="unsteady",
        devices=(Unsteady(tenants=tenants),),
        limits=("macs <= 0.8 * published", "latency_ms.unsteady <= 0.9 * published"),
        num_design=4,
        num_trials=5,
    )
