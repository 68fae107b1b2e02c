"""The tiny experiment on a device that slows down once it has been profiled: predictions that do not come true.

By how much is taken from the environment, through which a test commands the driver.
"""

import atexit
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from launch.experiment import Experiment, Workplace
from nas.devices import Timed, fake
from nas.record import Evaluation, Job
from nas.space import Network, Operator
from tests.experiments import tiny

SLOWDOWN = float(os.environ.get("THROTTLED_SLOWDOWN", "100"))


def _hot(driver: int) -> Path:
    """Exists once a driver has trained something."""
    return Path(tempfile.gettempdir()) / f"throttled-{driver}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """The fake device until the first training; a slower one afterwards."""

    key: str = "throttled"
    simulated: bool = True

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a formula that tires"}

    def load_operator(self, op: Operator) -> Timed:
        return fake.DEVICE.load_operator(op)

    def load_network(self, network: Network) -> Timed:
        slowdown = SLOWDOWN if _hot(os.getpid()).exists() else 1.0
        device = fake.Fake(
            per_operator_ms=slowdown * fake.DEVICE.per_operator_ms, per_mac_ms=slowdown * fake.DEVICE.per_mac_ms
        )
        return device.load_network(network)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heating(tiny.AroundFormula):
    """The tiny evaluator, which warms the device of the process that it runs in."""

    def __call__(self, job: Job) -> Evaluation:
        hot = _hot(os.getpid())
        atexit.register(hot.unlink, missing_ok=True)
        hot.touch()
        return self.formula(job)


def experiment() -> Experiment:
    return replace(
        tiny.experiment(),
        name="throttled",
        make_evaluator=make_evaluator,
        devices=(Throttled(),),
        limits=("macs <= 0.8 * published", "latency_ms.throttled <= 0.8 * published"),
        num_design=4,
        num_trials=5,
    )


def make_evaluator(place: Workplace) -> Heating:
    return Heating(formula=tiny.make_evaluator(place))
