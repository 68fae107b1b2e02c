"""Devices whose times follow a formula: for tests, and to try a search without timing anything.

`Fake`: one microsecond for each operator and one for each thousand multiply-accumulates, exactly additive.
`Unsteady`: the same on a machine with other tenants: sometimes too slow, in bursts, and slower by and by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from nas.devices.device import Timed
from nas.space import Network, Operator

BURST_S = 10.0  # mean length of a burst, in the device's own time
BURSTS = (1.3, 2.0)  # how much too long everything takes in one


@dataclass(frozen=True, slots=True, kw_only=True)
class Fake:
    key: str = "fake"
    per_operator_ms: float = 1e-3
    per_mac_ms: float = 1e-6
    simulated: bool = True

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a formula"}

    def load_operator(self, op: Operator) -> Timed:
        return _Constant(self._time_ms(op))

    def load_network(self, network: Network) -> Timed:
        return _Constant(sum(self._time_ms(node.op) for node in network.nodes))

    def _time_ms(self, op: Operator) -> float:
        return self.per_operator_ms + self.per_mac_ms * op.macs


DEVICE = Fake()


@dataclass(slots=True)
class Tenants:
    """Interference from other processes on a simulated machine, whose own time passes as it is asked for times.

    Attributes:
      busy_share: of the time, when everything takes 1.3 to 2 times too long, in bursts of some seconds.
      drift_per_minute: by how much everything becomes slower.
      jitter: spread of a single run, always upwards.
    """

    seed: int
    busy_share: float
    drift_per_minute: float
    jitter: float
    now_s: float = 0.0
    _rng: np.random.Generator = field(init=False)
    _until_s: float = 0.0
    _burst: float = 1.0

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def stretch(self, ms: float) -> float:
        """How long a run of so many milliseconds takes now; time passes by it."""
        while self.now_s >= self._until_s:
            self._turn()
        drift = 1 + self.drift_per_minute * self.now_s / 60
        taken = ms * self._burst * drift * (1 + self._rng.exponential(self.jitter))
        self.now_s += taken / 1e3
        return taken

    def _turn(self) -> None:
        """End the current burst of interference, or begin the next one."""
        begins = self._burst == 1.0 and self.busy_share > 0
        self._burst = float(self._rng.uniform(*BURSTS)) if begins and self._until_s > 0 else 1.0
        quiet_s = BURST_S * (1 - self.busy_share) / self.busy_share if self.busy_share > 0 else np.inf
        self._until_s = self.now_s + float(self._rng.exponential(BURST_S if self._burst > 1.0 else quiet_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsteady:
    """`Fake` on a machine with tenants; whole networks deviate from their operators' sums by a spread of their own.

    `load_s` passes whenever something is loaded, as starting a process and compiling do elsewhere.
    """

    tenants: Tenants
    key: str = "unsteady"
    formula: Fake = DEVICE
    network_spread: float = 0.03
    load_s: float = 0.25
    simulated: bool = True

    def describe(self) -> Mapping[str, str]:
        return {"runtime": "a formula on a machine with tenants"}

    def load_operator(self, op: Operator) -> Timed:
        return _Stretched(self.formula.load_operator(op).run_ms(), self.tenants)

    def load_network(self, network: Network) -> Timed:
        self.tenants.now_s += self.load_s
        return _Stretched(self.formula.load_network(network).run_ms() * self._deviation(network), self.tenants)

    def _deviation(self, network: Network) -> float:
        """The network's own deviation from its operators' sum, the same whenever it is timed."""
        digest = sha256("".join(node.op.key for node in network.nodes).encode()).digest()
        return float(np.exp(self.network_spread * np.random.default_rng(list(digest)).normal()))


@dataclass(frozen=True, slots=True)
class _Constant:
    ms: float

    def run_ms(self) -> float:
        return self.ms


@dataclass(frozen=True, slots=True)
class _Stretched:
    ms: float
    tenants: Tenants

    def run_ms(self) -> float:
        return self.tenants.stretch(self.ms)
