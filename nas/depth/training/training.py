"""Train a network on depth pictures, and score it: one function each, deterministic by seed.

A run that continues from a checkpoint makes the same steps as one that was never interrupted
(`nas.depth.training.steps`). Threads are the caller's: on a CPU one thread per training, and several trainings at
once, give the most images per second.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import nn

from nas.depth.data import DepthImages
from nas.depth.metrics import Metrics, score
from nas.depth.training import batches as batching
from nas.depth.training.checkpoints import Keeper, run_key
from nas.depth.training.recipe import Recipe
from nas.depth.training.steps import Steps, forward, start
from nas.processes.team import ALONE, Team

CHECKPOINT_EVERY = 500  # steps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainResult:
    """What a training leaves besides the weights, which are in the module.

    Args:
      losses: of every step, also of those before a continued run's checkpoint.
      seconds: wall time of this call's steps.
      images: image passes of this call.
      notes: what there is to say of the checkpoint, such as where the run went on.
    """

    losses: Float32[np.ndarray, " steps"]
    seconds: float
    images: int
    notes: tuple[str, ...]


def train(
    module: nn.Module,
    images: DepthImages,
    recipe: Recipe,
    *,
    seed: int,
    device: str = "cpu",
    on_step: Callable[[int, float], None] | None = None,
    checkpoint: str | None = None,
    checkpoint_every: int = CHECKPOINT_EVERY,
    team: Team = ALONE,
) -> TrainResult:
    """Fit `module` to `images`, in place: it ends on `device`, channels_last, in evaluation mode.

    Args:
      module: maps Float[b 3 h w], RGB in [0, 1], to Float[b 1 h w], log-disparity in any affine gauge.
      seed: of the order, the augmentation and dropout; the initial weights are the module's own.
      on_step: called with (step, loss) after each step.
      checkpoint: a path or URL of `nas.record.checkpoints`: where the run goes on if it has kept itself there, and
        keeps itself every `checkpoint_every` steps. One that is damaged, of another run or not to be written is noted.
      team: of which this process is a member; all of them call this with the same arguments but for the device.

    Raises:
      TrainingDiverged: the loss became NaN or infinite.
      ValueError: there are no images, or the module's output has another shape.
    """
    if not len(images):
        raise ValueError("training needs at least one image, got 0; give a part of the data that has images")
    run = start(module, images, recipe, seed=seed, device=torch.device(device), team=team)
    keeper = None if checkpoint is None else _keeper(checkpoint, run, images, every=checkpoint_every)
    losses = keeper.restore(run.device) if keeper else np.zeros(0, dtype=np.float32)
    first, began = len(losses), time.perf_counter()
    losses = np.append(losses, np.zeros(recipe.steps - first, dtype=np.float32))
    with torch.random.fork_rng(devices=[run.device] if run.device.type == "cuda" else []):
        for step in range(first, recipe.steps):
            losses[step] = loss = run.step(step)
            if keeper:
                keeper.keep(losses[: step + 1])
            if on_step is not None:
                on_step(step, loss)
    seconds = time.perf_counter() - began
    module.eval()
    return TrainResult(
        losses=losses,
        seconds=seconds,
        images=(recipe.steps - first) * recipe.batch_size,
        notes=keeper.notes if keeper else (),
    )


def predict(
    module: nn.Module, rgb: UInt8[np.ndarray, "n h w 3"], *, device: str = "cpu", batch_size: int = 32
) -> Float32[np.ndarray, "n h w"]:
    """The log-disparity that `module`, in evaluation mode, gives for pictures of bytes; leaves its mode as it was.

    Raises:
      ValueError: the module's output is not [b, 1, h, w].
    """
    was_training = module.training
    module.to(device=device).eval()
    pictures = batching.to_tensor(rgb)
    with torch.inference_mode():
        parts = [
            forward(module, batching.to_input(part.to(device))).cpu() for part in torch.split(pictures, batch_size)
        ]
    module.train(was_training)
    return torch.cat(parts)[:, 0].float().numpy()


def evaluate(module: nn.Module, images: DepthImages, *, device: str = "cpu", batch_size: int = 32) -> Metrics:
    """The mean metrics of `module` on `images`.

    Raises:
      ValueError: no images, an image without a valid pixel, or a prediction that is NaN, infinite or of wrong shape.
    """
    return score(predict(module, images.rgb, device=device, batch_size=batch_size), images)


def _keeper(url: str, run: Steps, images: DepthImages, *, every: int) -> Keeper:
    key = run_key(run.recipe, run.seed, images, run.module, run.team.size)
    return Keeper(url=url, key=key, module=run.module, optimiser=run.optimiser, every=every, team=run.team)
