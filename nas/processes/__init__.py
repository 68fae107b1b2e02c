"""Starting and ending of processes, and their heap. Imports nas.plugins.

`own_process` is imported by name: it is run as a program, too.
"""

from nas.processes.heap import KEEP_HEAP
from nas.processes.pools import end_with_parent

__all__ = [
    "KEEP_HEAP",
    "end_with_parent",
]
