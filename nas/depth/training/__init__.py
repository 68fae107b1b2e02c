"""Training and scoring one network, in one process or in several. Imports nas.deploy, nas.depth.data,
nas.depth.metrics, nas.processes and nas.record.

`augmentation`, `course`, `data_parallel`, `steps`, `training` are imported by name: they import PyTorch and fsspec.
"""

from nas.depth.training.recipe import Recipe

__all__ = [
    "Recipe",
]
