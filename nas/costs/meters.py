"""Tabulates resources of every kind on a space: sums, peaks, and costs of whole networks."""

from collections.abc import Sequence

from nas.costs.network_meters import NetworkResource, NetworkTable
from nas.costs.peaks import PeakResource, PeakTable, held_beside, moment_tables, worst_moments
from nas.costs.tables import CostTable, Resource, readings, sum_tables
from nas.space import Space
from nas.space.variants import check_variants, variants

AnyResource = Resource | PeakResource | NetworkResource
AnyTable = CostTable | PeakTable | NetworkTable


def tabulate(space: Space, resources: Sequence[AnyResource]) -> tuple[AnyTable, ...]:
    """Tabulate resources of any kind; tables in the order of the resources.

    Raises:
      EntangledError: a stage depends on more choices than can be tabulated.
      ValueError: a meter does not know an operator that the space can contain.
    """
    sums = [resource for resource in resources if isinstance(resource, Resource)]
    peaks = [resource for resource in resources if isinstance(resource, PeakResource)]
    of_sums, of_peaks = _tables(space, sums, peaks)
    next_sum, next_peak = iter(of_sums), iter(of_peaks)

    def table(resource: AnyResource) -> AnyTable:
        match resource:
            case Resource():
                return next(next_sum)
            case PeakResource():
                return next(next_peak)
            case NetworkResource():
                return NetworkTable(resource=resource, space=space)

    return tuple(table(resource) for resource in resources)


def _tables(
    space: Space, sums: Sequence[Resource], peaks: Sequence[PeakResource]
) -> tuple[tuple[CostTable, ...], tuple[PeakTable, ...]]:
    """Tables of sums and of peaks from one walk over the variants of every stage, each of which is lowered once."""
    check_variants(space)
    shares, moments = list[list[list[float]]](), list[list[list[float]]]()
    for stage, held in zip(space.stages, held_beside(space), strict=True):
        rows = [(readings(v, sums), worst_moments(v, held, peaks)) for v in variants(space, stage)]
        shares.append([share for share, _ in rows])
        moments.append([moment for _, moment in rows])
    return sum_tables(space, sums, shares), moment_tables(space, peaks, moments)
