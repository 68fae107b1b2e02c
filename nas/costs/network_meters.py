"""Resources measured on whole networks, for costs that are neither a sum over operators nor a peak over time.

Nothing can be tabulated, so nothing is certified: each architecture is lowered and measured, once. That is a thousand
times slower than a table; a limit on such a cost is best joined by one on a sum, which narrows what must be measured.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int8

from nas.space import Network, Space

MAX_KNOWN = 2**20  # costs remembered by one table; then it forgets them all


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkResource:
    """A resource measured on a whole lowered network.

    Attributes:
      name: what limits call it.
      unit: of every reading.
      measure: cost of one network; a pure function of it.
    """

    name: str
    unit: str
    measure: Callable[[Network], float]

    def of(self, network: Network) -> float:
        return float(self.measure(network))


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTable:
    """One such resource on one space; prices an architecture by lowering it, and remembers the price."""

    resource: NetworkResource
    space: Space
    _known: dict[bytes, float] = field(default_factory=dict, repr=False)

    def cost(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """Price every row, in the resource's unit."""
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        return np.array([self._cost(row) for row in population], dtype=np.float64)

    def _cost(self, row: Int8[np.ndarray, " d"]) -> float:
        key = row.tobytes()
        if key not in self._known:
            self._known[key] = self.resource.of(self.space.lower(row.tolist()))
        return self._known[key]
