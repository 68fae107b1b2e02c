"""Ways of timing operators and networks, one device in each file. They import nas.lowering and nas.space."""

from nas.devices.device import Device, LoadsTogether, Simulated, Threaded, Timed, check_key, with_threads

__all__ = [
    "Device",
    "LoadsTogether",
    "Simulated",
    "Threaded",
    "Timed",
    "check_key",
    "with_threads",
]
