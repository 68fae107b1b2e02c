"""An experiment: a space, what trains a candidate and scores it, and how much of each. Runs in about a minute.

nas info my_experiment.py
nas search my_experiment.py --out runs/my_experiment
"""

import io
from dataclasses import dataclass

import torch

from launch.experiment import Experiment
from nas.lowering.standalone import state
from nas.lowering.torch_module import build, fold
from nas.record import Evaluation
from nas.resources import macs, params
from nas.space import Choice, Shape, Space, Stage
from predictors import gp

SPACE = Space(
    name="my_experiment",
    input=Shape(1, 8, 8),  # channels, height, width
    stages=(
        Stage(name="stem", op="conv", inputs=("input",), width=Choice(name="stem.width", options=(4, 8, 12, 16))),
        Stage(
            name="body",
            op="mbconv",
            inputs=("stem",),
            width=Choice(name="body.width", options=(8, 16, 24)),
            expansion=Choice(name="expansion", options=(1, 2, 4)),
            repeat=Choice(name="depth", options=(1, 2)),
            stride=2,
        ),
        Stage(name="classes", op="classifier", inputs=("body",), width=2),
    ),
    references={"middle": {"stem.width": 8, "body.width": 16, "expansion": 2, "depth": 1}},
)


def pictures(number, seed):
    """Your data go here: these are noise, a little brighter at the top or at the bottom, which is the class."""
    images, classes = (
        torch.randn(number, 1, 8, 8, generator=torch.Generator().manual_seed(seed)),
        torch.arange(number) % 2,
    )
    images[classes == 0, :, :4] += 0.3
    images[classes == 1, :, 4:] += 0.3
    return images, classes


@dataclass(frozen=True)
class Evaluator:
    """Trains a candidate for `job.fidelity` steps and measures its share of wrong answers."""

    data_facts: dict
    baselines: dict

    def __call__(self, job):
        torch.manual_seed(job.seed)
        (images, classes), (unseen, answers) = pictures(1000, seed=0), pictures(1000, seed=1)
        module = build(SPACE.lower(job.architecture)).train()
        optimiser = torch.optim.Adam(module.parameters(), lr=3e-3)
        for _ in range(job.fidelity):
            batch = torch.randint(len(images), (64,))
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(module(images[batch]), classes[batch]).backward()
            optimiser.step()
        network, weights = fold(module), io.BytesIO()
        with torch.no_grad():
            error = (network(unseen).argmax(dim=1) != answers).float().mean().item()
        torch.save(state(network), weights)
        return Evaluation(metrics={"error": error}, artifacts={"pt": weights.getvalue()})


def make_evaluator(place):
    """Prepare data here: this is called once, where the command runs; `place.data` is what --data names."""
    return Evaluator(data_facts={"name": "made up", "images": 2000}, baselines={"coin": {"error": 0.5}})


def experiment():
    return Experiment(
        name="my_experiment",
        space=SPACE,
        make_evaluator=make_evaluator,
        predictor=gp.PREDICTOR,
        resources=(*macs.RESOURCES, *params.RESOURCES),
        limits=("macs <= 1.2 * middle",),
        num_design=6,
        num_trials=10,
        fidelity=40,
        num_finalists=2,
        final_fidelity=80,
    )
