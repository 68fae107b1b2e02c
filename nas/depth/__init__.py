"""The task, depth from one image: its data, its metrics, its training. Imports nas.errors, nas.processes and
nas.record.

`views` is imported by name: it imports Matplotlib.
"""

from nas.depth.task_card import CARD

__all__ = [
    "CARD",
]
