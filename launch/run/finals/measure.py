"""What a finished network really costs: counted on the built module, timed whole on the device."""

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from nas.costs import Limit
from nas.devices import Device
from nas.latency import Recorded
from nas.latency.profile import network_ms
from nas.lowering.torch_module import build, count_macs, count_params, fold
from nas.space import Architecture, Space

Step = Callable[[str, int, int], None]
"""Told (what is timed, sessions so far, their least total)."""
Timings = Mapping[Architecture, Mapping[str, float]]
"""Milliseconds of whole networks by resource name."""


def measure(
    space: Space,
    devices: Sequence[Device],
    architectures: Sequence[Architecture],
    limits: Sequence[Limit] = (),
    earlier: Timings = MappingProxyType({}),
    step: Step = lambda what, done, total: None,
) -> list[dict[str, float]]:
    """Measured resources of each architecture, by resource name: macs and flops as fvcore traces them, params as torch
    holds them, latency as the device runs the whole network (each by itself, in milliseconds) unless it is known by
    its table only.

    Args:
      earlier: timings of the same run. What disturbs a timing only ever adds to it, so the quicker counts.

    Raises:
      TimingError: a device failed or dropped out.
    """
    timed = latencies(space, devices, architectures, limits, step)
    return [
        _counted(space, row) | {name: min(ms, earlier.get(row, {}).get(name, ms)) for name, ms in times.items()}
        for row, times in zip(architectures, timed, strict=True)
    ]


def latencies(
    space: Space,
    devices: Sequence[Device],
    architectures: Sequence[Architecture],
    limits: Sequence[Limit] = (),
    step: Step = lambda what, done, total: None,
) -> list[dict[str, float]]:
    """The measured latencies alone; what seems to break one of the limits is timed more often before that is said.

    Raises:
      TimingError: a device failed or dropped out.
    """
    at_hand = [device for device in devices if not isinstance(device, Recorded)]
    timed = {}
    for device in at_hand:
        name = f"latency_ms.{device.key}"
        bound = min((one.bound for one in limits if one.resource == name and one.relation == "<="), default=np.inf)
        tell = functools.partial(step, f"timing {len(architectures)} networks on {device.key}")
        timed[name] = network_ms(space, device, architectures, np.full(len(architectures), bound), tell)
    return [{name: float(times[i]) for name, times in timed.items()} for i in range(len(architectures))]


def _counted(space: Space, architecture: Architecture) -> dict[str, float]:
    folded = fold(build(space.lower(architecture)))
    macs = count_macs(folded)
    return {"macs": float(macs), "flops": 2.0 * macs, "params": float(count_params(folded))}
