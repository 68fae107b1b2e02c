"""What a device must offer to be profiled."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from nas.ops import Network, Operator


@runtime_checkable  # the test run checks the types of arguments
class Timed(Protocol):
    """A loaded operator or network."""

    def run_ms(self) -> float:
        """Run once on zeros, to the end, and return the time that it took in milliseconds."""
        ...


@runtime_checkable  # the test run checks the types of arguments
class Device(Protocol):
    """Loads operators and whole networks in the form in which the device would run them: batch norms folded, batch 1.

    `key` names the resource: latency on device "cpu" is "latency_ms.cpu".
    """

    @property
    def key(self) -> str: ...

    def describe(self) -> Mapping[str, str]:
        """Machine, library versions and threads: whatever a reader needs to judge a timing."""
        ...

    def load_operator(self, op: Operator) -> Timed: ...

    def load_network(self, network: Network) -> Timed: ...
