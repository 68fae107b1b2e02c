"""The tiny experiment on a device that slows down once it has been profiled: predictions that do not come true."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from launch.experiment import Experiment
from nas.devices import fake
from nas.devices.device import Timed
from nas.devices.profile import NETWORK_PASSES, NUM_NETWORKS
from nas.ops import Network, Operator
from tests.experiments import tiny

SLOWDOWN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """The fake device for as many networks as profiling loads; a slower one for all that come after them."""

    key: str = "throttled"
    loaded: list[Network] = field(default_factory=list)

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a formula that tires"}

    def load_operator(self, op: Operator) -> Timed:
        return fake.DEVICE.load_operator(op)

    def load_network(self, network: Network) -> Timed:
        self.loaded.append(network)
        slowdown = 1.0 if len(self.loaded) <= NUM_NETWORKS * NETWORK_PASSES else SLOWDOWN
        device = fake.Fake(
            per_operator_ms=slowdown * fake.DEVICE.per_operator_ms, per_mac_ms=slowdown * fake.DEVICE.per_mac_ms
        )
        return device.load_network(network)


def experiment() -> Experiment:
    return replace(
        tiny.experiment(),
        name="throttled",
        devices=(Throttled(),),
        limits=("macs <= 0.8 * published", "latency_ms.throttled <= 0.8 * published"),
        num_design=4,
        num_trials=5,
    )
