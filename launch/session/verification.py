"""Which limits can be verified on this machine, and which of them bind.

A limit that the user gave is never dropped. One that comes with the experiment, such as the demo's latency limit, is no
use on a machine whose timings cannot be believed: there it does not bind, the latency is predicted and reported, and
the search ends by the limits that can be counted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from launch.session.profiling import AGREES
from nas.costs import Limit
from nas.devices import Device
from nas.latency import LatencyTable, Recorded, doubts
from nas.latency.noise import TO_VERIFY, disturbances
from nas.latency.profile import slowdown
from nas.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """`reasons`: by resource, why it cannot be verified here; `given`: whether the limits are the user's own."""

    given: bool = True
    reasons: Mapping[str, str] = field(default_factory=dict)

    def binds(self, limit: Limit) -> bool:
        return self.given or limit.resource not in self.reasons

    def binding(self, limits: Sequence[Limit]) -> tuple[Limit, ...]:
        return tuple(filter(self.binds, limits))


NO_DOUBTS = Doubts()


def first_doubts(
    devices: Sequence[Device], tables: Sequence[LatencyTable], *, given: bool, brought: Collection[str] = ()
) -> Doubts:
    """From how the tables were made.

    Args:
      given: whether the limits are the user's own.
      brought: keys of devices whose table the user brought; such a table is taken as it is.
    """
    found = {
        table.resource().name: f"this machine is too noisy to time: {', '.join(reasons)}"
        for device, table in zip(devices, tables, strict=True)
        if device.key not in brought
        and not isinstance(device, Recorded)
        and (reasons := (*disturbances(table, TO_VERIFY), *doubts(table)))
    }
    return Doubts(given=given, reasons=found)


def later_doubts(
    known: Doubts, space: Space, devices: Sequence[Device], tables: Sequence[LatencyTable], suspects: Sequence[str]
) -> Doubts:
    """What else cannot be verified, because the machine is slower now than when the table was made.

    Args:
      suspects: resources of which a limit seems to be broken; only these are looked into.

    Raises:
      TimingError: a device failed or dropped out.
    """
    found = dict(known.reasons)
    for device, table in zip(devices, tables, strict=True):
        name = table.resource().name
        if name in suspects and name not in found and not isinstance(device, Recorded):
            ratio = slowdown(space, device, table)
            if ratio > 1 + max(AGREES, table.margin):
                found[name] = (
                    f"this machine is slower now: networks of the table itself take {ratio:.2f} times what they took "
                    "when it was made"
                )
    return replace(known, reasons=found)


def doubts_text(found: Doubts, limits: Sequence[Limit]) -> list[str]:
    """What a search says at its start of limits that it cannot verify, a sentence each."""
    binds = "it binds all the same, and what cannot be verified counts as violated"
    drops = "it is the experiment's own and does not bind; latency is predicted and reported, not verified"
    return [
        f"limit {limit.text!r}: {found.reasons[limit.resource]}; {binds if found.binds(limit) else drops}"
        for limit in limits
        if limit.resource in found.reasons
    ]
