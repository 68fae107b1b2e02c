"""Depth estimation as a training in full has it: see `nas.deploy.course`.

The recipe is the search's, for a longer way: the warm-up is a small share of it, the learning rate falls with the
square root of what it is longer, and pictures are augmented more strongly (`nas.depth.training.augmentation`).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from nas.deploy.course import Facts, Precision, Terms
from nas.depth.data import DepthData, DepthImages
from nas.depth.metrics import Metrics, NotFiniteError
from nas.depth.training.augmentation import Augmentation
from nas.depth.training.batches import to_input, to_tensor
from nas.depth.training.recipe import Recipe
from nas.depth.training.steps import Steps, TrainingDiverged, start
from nas.depth.training.training import evaluate

WARMUP_SHARE = 0.05
INPUT_BATCH = 32
BFLOAT16_FROM = 96  # pixels of the shorter side, on a CPU that computes in it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthCourse:
    """A network in training on `data.train`, scored on `data.validation`."""

    steps: Steps
    data: DepthData
    device: str

    @property
    def module(self) -> nn.Module:
        return self.steps.module

    @property
    def optimiser(self) -> torch.optim.Optimizer:
        return self.steps.optimiser

    @property
    def facts(self) -> Facts:
        strong = self.steps.augmentation
        recipe = {name: value for name, value in asdict(self.steps.recipe).items() if name not in ("steps", "parts")}
        changed = {} if strong is None else {f"augmentation_{name}": value for name, value in asdict(strong).items()}
        return {**recipe, **changed}

    def step(self, step: int) -> float:
        try:
            return self.steps.step(step)
        except TrainingDiverged as error:
            return error.loss

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        try:
            return named(evaluate(module, self.data.validation, device=self.device))
        except NotFiniteError:
            return {"error": math.nan}


def depth_course(module: nn.Module, data: DepthData, recipe: Recipe, terms: Terms) -> DepthCourse:
    """`module`, brought to the terms' device, ready for its first step; `recipe` is the search's.

    Raises:
      ValueError: a member of the team would have no picture.
    """
    if terms.team.size > recipe.batch_size:
        raise ValueError(
            f"every worker needs a picture of each batch, and a batch of {recipe.batch_size} has none for "
            f"{terms.team.size} workers; give --workers {recipe.batch_size} or less, or a larger batch in the recipe"
        )
    longer = replace(
        recipe,
        steps=terms.steps,
        warmup_share=min(recipe.warmup_share, WARMUP_SHARE),
        peak_lr=terms.peak_lr or recipe.peak_lr * min(1.0, (terms.usual_steps / terms.steps) ** 0.5),
        precision=terms.precision or precision(terms.device, min(data.train.size)),
    )
    steps = start(
        module,
        data.train,
        longer,
        seed=terms.seed,
        device=torch.device(terms.device),
        team=terms.team,
        augmentation=Augmentation() if terms.augment else None,
        teacher=terms.teacher,
    )
    return DepthCourse(steps=steps, data=data, device=terms.device)


def some_inputs(images: DepthImages, number: int) -> Iterator[Float[Tensor, "b 3 h w"]]:
    """At most so many images, at even distances, as a network is given them; always the same."""
    chosen = np.unique(np.linspace(0, len(images) - 1, number).round().astype(int))
    for part in torch.split(to_tensor(images.rgb[chosen]), INPUT_BATCH):
        yield to_input(part)


def precision(device: str, side: int) -> Precision:
    """bfloat16 where it is quicker: on GPUs, and on CPUs that compute in it for pictures that are not small."""
    if not device.startswith("cpu"):
        return "bfloat16"
    computes = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return "bfloat16" if computes and side >= BFLOAT16_FROM else "float32"


def named(metrics: Metrics) -> dict[str, float]:
    """The metrics by name, "error" first."""
    return {"error": metrics.error, **asdict(metrics)}
