"""Metrics of predicted depth, and baselines that need no network. Imports nas.depth.data."""

from nas.depth.metrics.baselines import constant_map, mean_map
from nas.depth.metrics.metrics import Metrics, NotFiniteError, align, per_image, score

__all__ = [
    "Metrics",
    "NotFiniteError",
    "align",
    "constant_map",
    "mean_map",
    "per_image",
    "score",
]
