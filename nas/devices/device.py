"""Protocols of a device on which operators and networks are timed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass, replace
from typing import Protocol, runtime_checkable

from nas.space import Network, Operator

KEY = re.compile(r"\w(?:[\w .+()-]{0,62}[\w.+)])?")  # it names files as well, on every system


@runtime_checkable  # the test run checks the types of arguments
class Timed(Protocol):
    """Protocol of an operator or network that has been loaded to be timed."""

    def run_ms(self) -> float:
        """Run once on zeros, to the end, and return the time that it took in milliseconds."""
        ...


@runtime_checkable  # the test run checks the types of arguments
class Device(Protocol):
    """Loads operators and whole networks in the form in which the device would run them: batch norms folded, batch 1.

    `key` names the resource: latency on device "cpu" is "latency_ms.cpu". It must pickle: timing is done in a process
    of its own. What it cannot do here it says when something is loaded, with a ValueError that names the cure.
    """

    @property
    def key(self) -> str: ...

    def describe(self) -> Mapping[str, str]:
        """Machine, library versions and threads: whatever a reader needs to judge a timing."""
        ...

    def load_operator(self, op: Operator) -> Timed: ...

    def load_network(self, network: Network) -> Timed: ...


@runtime_checkable
class LoadsTogether(Protocol):
    """A device that loads many operators more cheaply together than one by one."""

    def load_operators(self, ops: Sequence[Operator]) -> Sequence[Timed]: ...


@runtime_checkable
class Simulated(Protocol):
    """A device whose times are computed, not measured: it is called in the calling process, and may keep a state."""

    @property
    def simulated(self) -> bool: ...


@runtime_checkable
class Threaded(Protocol):
    """A device whose number of threads can be chosen; a frozen dataclass."""

    @property
    def num_threads(self) -> int: ...


def check_key(key: str) -> None:
    """Refuse what cannot name a device in limits and files.

    Raises:
      ValueError: it has another sign than letters, digits, spaces and `_ . + ( ) -`, or too many.
    """
    if not isinstance(key, str) or not KEY.fullmatch(key):
        plain = re.sub(r"[^\w.+()-]+", "_", str(key)).strip("_.+-()")[:64] or "phone"
        raise ValueError(
            "a device's name has letters, digits, spaces and any of _ . + ( ) -, begins with a letter or digit and has "
            f"64 signs at most, got {key!r}; call it {plain!r}, for example"
        )


def with_threads(device: Device, num_threads: int | None) -> Device:
    """The device on so many threads; as it is for None.

    Raises:
      ValueError: it has no threads to choose.
    """
    if num_threads is None:
        return device
    if not isinstance(device, Threaded) or not is_dataclass(device):
        raise ValueError(f"device {device.key!r} has no number of threads to choose; leave out --threads")
    return replace(device, num_threads=num_threads)
