"""The built-in task, monocular depth estimation: data, metrics, training. Imports nas.deploy, nas.errors,
nas.plugins, nas.processes and nas.record.

`views` is imported by name: it imports Matplotlib.
"""

from nas.depth.task_card import CARD

__all__ = [
    "CARD",
]
