"""Trains weights that networks share, one network a step and two at once, and scores a network by them.

What the shared weights are is not known here: they hand out networks and take back their gradients
(`nas.supernet.shared_weights` does). Batches, augmentation, loss and learning rate are those of a training alone.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, Int8
from torch import Tensor

from nas.depth.data import DepthImages
from nas.depth.training import batches as batching
from nas.depth.training.losses import depth_loss
from nas.depth.training.pictures import load
from nas.depth.training.recipe import Recipe, learning_rate
from nas.depth.training.steps import TrainingDiverged

NUM_CALIBRATION = 4
"""Batches whose statistics a network's batch norms take before it is scored."""
CALIBRATION_SIZE = 32
TOGETHER = 2
"""Networks whose gradients are of the same weights; threads that they take."""


@runtime_checkable  # the test run checks the types of arguments
class Weights(Protocol):
    """Shared weights, as `train_shared` needs them."""

    def slices(self, architecture: tuple[int, ...]) -> Callable[[Tensor], Tensor]: ...

    def update(self, network: Any, *, learning_rate: float, weight_decay: float) -> None: ...


def train_shared(
    weights: Weights,
    architectures: Int8[np.ndarray, "steps d"],
    images: DepthImages,
    recipe: Recipe,
    *,
    seed: int,
    first: int = 0,
    on_step: Callable[[int, float], None] | None = None,
) -> Float32[np.ndarray, " made"]:
    """Train the shared weights in place on a CPU; the losses of the steps from `first` on.

    `TOGETHER` networks see the same weights, each on a thread of its own, and their steps are made one after another:
    whoever has fewer cores gets the same weights, later.

    Args:
      architectures: the network of each step.
      seed: of order and augmentation.
      first: the steps that the weights have made already, a multiple of `TOGETHER`.
      on_step: called with (step, loss) after each step.

    Raises:
      TrainingDiverged: the loss became NaN or infinite.
    """
    pictures = load(images, torch.device("cpu"))
    order = batching.order(len(images), recipe, np.random.default_rng((seed, 0)), images.draws)
    losses = np.zeros(recipe.steps - first, dtype=np.float32)

    def passed(step: int) -> tuple[Any, float]:
        """The step's network with its gradients, and the loss."""
        network = weights.slices(tuple(architectures[step].tolist()))
        batch = pictures.cut(order[step], recipe, np.random.default_rng((seed, 1, step)))
        loss = depth_loss(network(batch.rgb), batch.log_disparity, batch.valid, edge_weight=recipe.edge_weight)
        value = float(loss.detach())
        if math.isfinite(value):
            loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
        return network, value

    # Rounding goes by the number of threads within an operator, which torch keeps for each thread.
    with ThreadPoolExecutor(TOGETHER, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for start in range(first, recipe.steps, TOGETHER):
            steps = range(start, min(start + TOGETHER, recipe.steps))
            for step, (network, value) in zip(steps, list(pool.map(passed, steps)), strict=True):
                losses[step - first] = value
                if not math.isfinite(value):
                    raise TrainingDiverged(step, value, recipe.peak_lr)
                weights.update(network, learning_rate=learning_rate(recipe, step), weight_decay=recipe.weight_decay)
                if on_step is not None:
                    on_step(step, value)
    return losses


def calibration(images: DepthImages, *, seed: int) -> Iterator[Tensor]:
    """Batches of training pictures for the statistics of batch norms, the same for every network."""
    chosen = np.random.default_rng((seed, 2)).permutation(len(images))[: NUM_CALIBRATION * CALIBRATION_SIZE]
    rgb = batching.to_tensor(images.rgb[chosen])
    for part in torch.split(rgb, CALIBRATION_SIZE):
        yield batching.to_input(part)
