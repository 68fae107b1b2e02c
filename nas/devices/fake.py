"""A device whose times follow a formula: for tests, and to try a search without timing anything.

One microsecond for each operator and one for each thousand multiply-accumulates, exactly additive.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nas.devices.device import Timed
from nas.ops import Network, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    key: str = "fake"
    per_operator_ms: float = 1e-3
    per_mac_ms: float = 1e-6

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a formula"}

    def load_operator(self, op: Operator) -> Timed:
        return _Constant(self._time_ms(op))

    def load_network(self, network: Network) -> Timed:
        return _Constant(sum(self._time_ms(node.op) for node in network.nodes))

    def _time_ms(self, op: Operator) -> float:
        return self.per_operator_ms + self.per_mac_ms * op.macs


DEVICE = Fake()


@dataclass(frozen=True, slots=True)
class _Constant:
    ms: float

    def run_ms(self) -> float:
        return self.ms
