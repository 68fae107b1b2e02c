"""Full size: a depth network for phones, of the reference space at 384 x 288, searched on your own pictures with GPUs.

DATA is a data set in a format of `nas list readers`, as README says; several are mixed. On one GPU, which two trials
share:

    nas search depth --out runs/depth --data DATA --gpus-per-trial 0.5

On 64 GPUs, from a node of their Ray cluster; --storage and --checkpoints let it outlive the driver and any node:

    nas search depth --out runs/depth --data DATA --gpus-per-trial 1 --workers 64 --address auto \
        --storage postgresql://search@db/depth --checkpoints s3://bucket/depth

It trains 240 architectures for 12,000 steps of 32 pictures, and 11 finals and yardsticks for 60,000. By arithmetic a
picture takes 6 operations for each of at most 2.7 G multiply-accumulates, so a trial takes 6.3 PFLOP and all takes 1.9
EFLOP: 52 GPU-hours at a sustained 10 TFLOP/s, 48 minutes of 64 GPUs and what the last trials leave idle. Nobody has
measured that; the search forecasts its own time after the first trials, and --gpu-hours bounds it.

The latency of a phone comes in a table: time it once, then limit it.

    nas profile tiefenrausch --device android --out pixel.json
    nas search depth --out runs/depth --data DATA --latency pixel.json --limit "latency_ms.android <= 250"

One search serves many operating points; each takes seconds and trains nothing:

    nas select runs/depth --limit "macs <= 0.15 * published"
    nas select runs/depth --limit "macs <= 0.25 * published" --limit "peak_activation_bytes <= 8MB"
"""

from launch.experiment import Experiment, Workplace
from launch.experiments._depth import RESOURCES, own_pictures, slow_bfloat16
from nas.record import Evaluator
from predictors import gp
from search_spaces import tiefenrausch

SPACE = tiefenrausch.SPACE
BATCH_SIZE, PEAK_LR = 32, 3e-3


def experiment() -> Experiment:
    return Experiment(
        name="depth",
        space=SPACE,
        make_evaluator=_make_evaluator,
        predictor=gp.PREDICTOR,
        resources=RESOURCES,
        limits=("macs <= 0.4 * baseline",),
        baseline="published",
        num_design=64,
        num_trials=240,
        fidelity=12_000,
        num_finalists=8,
        final_fidelity=60_000,
        reads_sets=True,
    )


def _make_evaluator(place: Workplace) -> Evaluator:
    # Torch is loaded when a search starts, not when experiments are listed.
    from nas.depth.training import Recipe
    from nas.evaluators.depth import DepthEvaluator

    if slow := slow_bfloat16():
        place.say(slow)
    data = own_pictures(place, (SPACE.input.height, SPACE.input.width))
    recipe = Recipe(batch_size=BATCH_SIZE, peak_lr=PEAK_LR, warmup_share=0.05, colour_jitter=0.1, precision="bfloat16")
    return DepthEvaluator(space=SPACE, data=data, recipe=recipe, checkpoints=place.checkpoints)
