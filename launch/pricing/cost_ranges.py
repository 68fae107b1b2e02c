"""What a resource costs over a whole space: its exact range, the architectures at either end, and its histogram."""

from dataclasses import dataclass

import numpy as np

from nas.costs import AnyTable, CostTable, PeakTable
from nas.feasible import extremes, reach
from nas.space import Architecture, Space
from nas.space.variants import EntangledError

NUM_SAMPLES = 100_000
NUM_SLOW_SAMPLES = 1_000  # of a meter that must lower each network
NUM_BINS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRange:
    """One resource over a space, in its unit.

    Attributes:
      is_exact: no architecture costs less than `low` or more than `high`; else they are the sample's.
      lowest, highest: architectures that cost `low` and `high`.
      edges, counts: histogram of the sample in equal bins from `low` to `high`; one edge more than counts.
    """

    name: str
    unit: str
    low: float
    median: float
    high: float
    is_exact: bool
    lowest: Architecture
    highest: Architecture
    num_samples: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]


def cost_range(space: Space, table: AnyTable, rng: np.random.Generator) -> CostRange:
    """Range of one resource; the median and the histogram are of uniform samples."""
    is_fast = isinstance(table, CostTable | PeakTable)
    population = space.sample(NUM_SAMPLES if is_fast else NUM_SLOW_SAMPLES, rng)
    costs = table.cost(population)
    ends = [(float(costs[i]), tuple(population[i].tolist())) for i in (costs.argmin(), costs.argmax())]
    (low, lowest), (high, highest) = ends
    is_exact = False
    try:
        if isinstance(table, CostTable | PeakTable):
            found, (least, _) = extremes(space.num_options, table), reach(space.num_options, table)
            (low, lowest) = min((found.low, found.lowest), (low, lowest))
            (high, highest) = max((found.high, found.highest), (high, highest))
            is_exact = low <= least
    except EntangledError:
        pass  # the sample's ends are all that is known
    counts, edges = np.histogram(costs, bins=NUM_BINS, range=(low, high))
    return CostRange(
        name=table.resource.name,
        unit=table.resource.unit,
        low=low,
        median=float(np.median(costs)),
        high=high,
        is_exact=is_exact,
        lowest=lowest,
        highest=highest,
        num_samples=len(population),
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
    )
