"""The tiny search with real training: pictures of which the green is the depth, some steps for each candidate.

    nas search tests/experiments/learning.py --out RUN --executor serial

`--data FOLDER` takes rgb/ and depth/ pictures instead.
"""

from dataclasses import replace

import numpy as np

from launch.experiment import Experiment, Workplace
from launch.experiments._depth import own_pictures
from nas.depth.data import DepthData, DepthImages
from nas.depth.training import Recipe
from nas.evaluators.depth import DepthEvaluator
from tests.experiments import tiny

SIZE = 16


def experiment() -> Experiment:
    return replace(
        tiny.experiment(),
        name="learning",
        make_evaluator=make_evaluator,
        devices=(),
        limits=("macs <= 0.7 * published",),
        num_design=2,
        num_trials=4,
        fidelity=3,
        num_finalists=1,
        final_fidelity=4,
        reads_sets=True,
    )


def make_evaluator(place: Workplace) -> DepthEvaluator:
    made = DepthData(
        train=images("a", 24), validation=images("b", 8), test=images("c", 8), name="green", provenance="made up"
    )
    data = made if place.data is None else own_pictures(place, (SIZE, SIZE))
    return DepthEvaluator(space=tiny.SPACE, data=data, recipe=Recipe(batch_size=8, peak_lr=1e-2))


def images(group: str, number: int, size: int = SIZE) -> DepthImages:
    """Smooth pictures: noise at a quarter of the size, enlarged."""
    coarse = np.random.default_rng(ord(group)).integers(0, 256, (number, size // 4, size // 4, 3), dtype=np.uint8)
    rgb = coarse.repeat(4, axis=1).repeat(4, axis=2)
    return DepthImages(rgb=rgb, depth=np.exp(-rgb[..., 1].astype(np.float32) / 100), group=(group,) * number)
