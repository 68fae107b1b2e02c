"""How processes start, keep their heap, work as a team, and end. Imports nas.plugins.

`own_process` is imported by name: it is run as a program, too. So is `team`: it imports PyTorch.
"""

from nas.processes.heap import KEEP_HEAP
from nas.processes.pools import end_with_parent

__all__ = [
    "KEEP_HEAP",
    "end_with_parent",
]
