"""Stand-in for a device that is not at hand: its table was timed elsewhere or came from another team."""

from collections.abc import Mapping
from dataclasses import dataclass

from nas.devices import Device, Threaded, Timed, with_threads
from nas.latency.table import LatencyTable
from nas.plugins import DEVICES
from nas.space import Network, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Stands for the device of a table, so that limits on it work; it cannot time anything."""

    table: LatencyTable

    @property
    def key(self) -> str:
        return self.table.device

    def describe(self) -> Mapping[str, str]:
        return self.table.machine

    def load_operator(self, op: Operator) -> Timed:
        raise ValueError(self._absence())

    def load_network(self, network: Network) -> Timed:
        raise ValueError(self._absence())

    def _absence(self) -> str:
        return f"device {self.key!r} is known by its table only; run this where the device is, to time it"


def device_of(table: LatencyTable) -> Device:
    """The table's device if it is at hand, which means that it describes itself as it did then; else its record."""
    if table.device in DEVICES.keys():
        device: Device = DEVICES.load(table.device)
        threads = table.machine.get("threads", "")
        if threads.isdigit() and isinstance(device, Threaded):
            device = with_threads(device, int(threads))
        if dict(device.describe()) == dict(table.machine):
            return device
    return Recorded(table=table)
