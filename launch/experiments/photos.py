"""Depth of photographs: the demo's space at 128 x 96 pixels, on four times as many pictures of Freedoom's maps.

    nas train winner.json --experiment photos --out runs/photos-winner
    nas search photos --out runs/photos

The first trains one network in full, with pictures changed so strongly (other textures, things in front, colours,
noise, JPEG) that what it learns from rendered maps holds for photographs too; `nas depth` takes it from there. The
second is the demo's search at that size.
"""

from dataclasses import replace

from launch.experiment import Experiment, Workplace
from launch.experiments import demo
from launch.experiments._depth import RESOURCES, rendered_or_own
from nas.record import Evaluator
from nas.space import Shape
from predictors import gp

SIZE = (96, 128)
SPACE = replace(demo.SPACE, input=Shape(3, *SIZE))
NUM_IMAGES = 9600
BATCH_SIZE, PEAK_LR = 16, 8e-3  # batches of 16 take two thirds of the time per picture that those of 8 take here


def experiment() -> Experiment:
    return Experiment(
        name="photos",
        space=SPACE,
        make_evaluator=_make_evaluator,
        predictor=gp.PREDICTOR,
        resources=RESOURCES,
        limits=("macs <= 0.5 * baseline",),
        baseline="slim",
        num_design=5,
        num_trials=10,
        fidelity=200,
        num_finalists=2,
        final_fidelity=400,
        reads_sets=True,
    )


def _make_evaluator(place: Workplace) -> Evaluator:
    # Torch is loaded when a search starts, not when experiments are listed.
    from nas.depth.training import Recipe
    from nas.evaluators.depth import DepthEvaluator

    data = rendered_or_own(place, SIZE, num_images=NUM_IMAGES, seed=demo.DATA_SEED)
    recipe = Recipe(batch_size=BATCH_SIZE, peak_lr=PEAK_LR)
    return DepthEvaluator(space=SPACE, data=data, recipe=recipe, checkpoints=place.checkpoints)
