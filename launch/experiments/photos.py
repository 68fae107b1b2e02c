"""Depth of photographs: the demo's space at 128 x 96 pixels, on rendered maps and on scenes of things, half and half.

    nas train winner.json --experiment photos --out runs/photos-winner
    nas search photos --out runs/photos

The first trains one network in full, with pictures changed so strongly (other textures, things in front, colours,
noise, JPEG) that what it learns from rendered ones holds for photographs too; `nas depth` takes it from there. Maps
have rooms and distance; most photographs are of something that stands before the rest, which the scenes have (extra
`scenes`). The second is the demo's search at that size. `--data` takes your own pictures instead of both.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from launch.experiment import Experiment, Workplace
from launch.experiments import demo
from launch.experiments._depth import RESOURCES, own_pictures, rendered_maps
from nas.record import Evaluator
from nas.space import Shape
from predictors import gp

if TYPE_CHECKING:  # torch and the readers are loaded when a search starts, not when experiments are listed
    from nas.depth.data import DepthData

SIZE = (96, 128)
SPACE = replace(demo.SPACE, input=Shape(3, *SIZE))
NUM_MAPS, NUM_SCENES = 9600, 9600
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

    data = own_pictures(place, SIZE) if place.data is not None else _maps_and_scenes(place)
    recipe = Recipe(batch_size=BATCH_SIZE, peak_lr=PEAK_LR)
    return DepthEvaluator(space=SPACE, data=data, recipe=recipe, checkpoints=place.checkpoints)


def _maps_and_scenes(place: Workplace) -> "DepthData":
    from nas.depth.data import mixed, things

    # Scenes first: who has the demo has what renders maps, and should hear at once what is missing.
    scenes = things.load(
        place.cache,
        num_images=NUM_SCENES,
        seed=demo.DATA_SEED,
        size=SIZE,
        workers=place.workers,
        progress=lambda done, total: place.progress("rendering scenes", done, total),
    )
    maps = rendered_maps(place, SIZE, num_images=NUM_MAPS, seed=demo.DATA_SEED)
    return mixed((maps, scenes), (1.0, 1.0))
