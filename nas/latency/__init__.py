"""Latency tables: timed on a device or brought from elsewhere, fitted, checked, read. Imports nas.costs,
nas.devices, nas.errors, nas.plugins, nas.processes, nas.space and nas.units.

`imported`, `profile` are imported by name: only what makes a table needs them.

`noise` is imported by name: it holds a function of the same name.
"""

from nas.latency.recorded import Recorded, device_of
from nas.latency.table import LatencyTable, TableError, read, vouched, write
from nas.latency.table_quality import doubts, doubts_text, rank_text

__all__ = [
    "LatencyTable",
    "Recorded",
    "TableError",
    "device_of",
    "doubts",
    "doubts_text",
    "rank_text",
    "read",
    "vouched",
    "write",
]
