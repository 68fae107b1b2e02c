"""What architectures cost and look like, for whole populations, and limits as text. Imports nas.space and nas.units."""

from nas.costs.levels import LevelTable, level_table
from nas.costs.limits import (
    Limit,
    LimitError,
    Relation,
    check_reach,
    is_resource_name,
    parse_limit,
    quoted,
    resource_name,
)
from nas.costs.meters import AnyResource, AnyTable, tabulate
from nas.costs.network_meters import NetworkResource
from nas.costs.peaks import PeakResource, PeakTable
from nas.costs.tables import CostTable, Factor, Resource, cost_tables, merge

__all__ = [
    "AnyResource",
    "AnyTable",
    "CostTable",
    "Factor",
    "LevelTable",
    "Limit",
    "LimitError",
    "NetworkResource",
    "PeakResource",
    "PeakTable",
    "Relation",
    "Resource",
    "check_reach",
    "cost_tables",
    "is_resource_name",
    "level_table",
    "merge",
    "parse_limit",
    "quoted",
    "resource_name",
    "tabulate",
]
