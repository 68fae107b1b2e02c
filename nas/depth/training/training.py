"""Train a network on depth pictures, and score it: one function each, deterministic by seed.

Step t's batch, augmentation and dropout are a function of (seed, t) alone, so a run that continues from a checkpoint
makes the same steps as one that was never interrupted. Threads are the caller's: on a CPU one thread per training, and
several trainings at once, give the most images per second.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64, UInt8
from torch import Tensor, nn

from nas.depth.data import DepthImages
from nas.depth.metrics import Metrics, score
from nas.depth.training import batches as batching
from nas.depth.training.batches import Batch, Batches
from nas.depth.training.checkpoints import Keeper, run_key
from nas.depth.training.losses import depth_loss
from nas.depth.training.process_group import ALONE, Team
from nas.depth.training.recipe import Recipe, learning_rate

CHECKPOINT_EVERY = 500  # steps


class TrainingDiverged(ValueError):
    """The loss became NaN or infinite; `step` counts from 0."""

    def __init__(self, step: int, loss: float, peak_lr: float) -> None:
        super().__init__(f"the loss must stay finite, got {loss} at {step=}; lower {peak_lr=}")
        self.step, self.loss, self.peak_lr = step, loss, peak_lr

    def __reduce__(self) -> tuple[type, tuple[int, float, float]]:
        # By default an exception is rebuilt from its message, which this one's arguments are not.
        return TrainingDiverged, (self.step, self.loss, self.peak_lr)


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
    run = _start(module, images, recipe, seed=seed, device=torch.device(device), team=team)
    keeper = None if checkpoint is None else _keeper(checkpoint, run, images, every=checkpoint_every)
    losses = keeper.restore(run.device) if keeper else np.zeros(0, dtype=np.float32)
    first, start = len(losses), time.perf_counter()
    losses = np.append(losses, np.zeros(recipe.steps - first, dtype=np.float32))
    with torch.random.fork_rng(devices=[run.device] if run.device.type == "cuda" else []):
        for step in range(first, recipe.steps):
            losses[step] = loss = run.step(step)
            if keeper:
                keeper.keep(losses[: step + 1])
            if on_step is not None:
                on_step(step, loss)
    seconds = time.perf_counter() - start
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
            _forward(module, batching.to_input(part.to(device))).cpu() for part in torch.split(pictures, batch_size)
        ]
    module.train(was_training)
    return torch.cat(parts)[:, 0].float().numpy()


def evaluate(module: nn.Module, images: DepthImages, *, device: str = "cpu", batch_size: int = 32) -> Metrics:
    """The mean metrics of `module` on `images`.

    Raises:
      ValueError: no images, an image without a valid pixel, or a prediction that is NaN, infinite or of wrong shape.
    """
    return score(predict(module, images.rgb, device=device, batch_size=batch_size), images)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Run:
    """State of a training: all that a step needs."""

    module: nn.Module
    optimiser: torch.optim.Optimizer
    pictures: Batches
    order: Int64[np.ndarray, "steps b"]
    recipe: Recipe
    seed: int
    device: torch.device
    team: Team

    def step(self, step: int) -> float:
        """Make step `step` and return its loss."""
        rng = np.random.default_rng((self.seed, 1, step))
        torch.manual_seed(int(rng.integers(2**62)))  # for dropout, inside the caller's fork_rng
        batch = self.pictures.cut(self.order[step], self.recipe, rng)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, step)
        self.optimiser.zero_grad(set_to_none=True)
        parts = self.team.share(batch).parts(self.recipe.parts)
        value = self.team.add(self.module, sum(self._descend(part, batch.valid) for part in parts))
        if not math.isfinite(value):
            raise TrainingDiverged(step, value, self.recipe.peak_lr)
        self.optimiser.step()
        return value

    def _descend(self, part: Batch, whole: Bool[Tensor, "m h w"]) -> float:
        """Add a part's share to the gradients, and return its share of the loss."""
        loss = self._loss(part, whole)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
        return float(loss.detach())

    def _loss(self, part: Batch, whole: Bool[Tensor, "m h w"]) -> Float[Tensor, ""]:
        half = self.recipe.precision == "bfloat16"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            prediction = _forward(self.module, part.rgb)
        weight = self.recipe.edge_weight
        return depth_loss(prediction, part.log_disparity, part.valid, edge_weight=weight, whole=whole)


def _start(
    module: nn.Module, images: DepthImages, recipe: Recipe, *, seed: int, device: torch.device, team: Team
) -> _Run:
    module.to(device).train()
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub has no such overload
    return _Run(
        module=module,
        optimiser=_optimiser(module, recipe),
        pictures=batching.load(images, device),
        order=batching.order(len(images), recipe, np.random.default_rng((seed, 0))),
        recipe=recipe,
        seed=seed,
        device=device,
        team=team,
    )


def _keeper(url: str, run: _Run, images: DepthImages, *, every: int) -> Keeper:
    key = run_key(run.recipe, run.seed, images, run.module, run.team.size)
    return Keeper(url=url, key=key, module=run.module, optimiser=run.optimiser, every=every, team=run.team)


def _optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Fused AdamW: on a network of 200 small tensors the unfused one costs some 5 % of a step."""
    weights = [p for p in module.parameters() if p.ndim > 1]
    others = [p for p in module.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    # The second moment forgets in 20 steps instead of 1,000: a run of 300 has no time for a longer memory.
    return torch.optim.AdamW(groups, lr=recipe.peak_lr, betas=(0.9, 0.95), fused=True)


def _forward(module: nn.Module, rgb: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    output: Tensor = module(rgb)
    wanted = (len(rgb), 1, *rgb.shape[2:])
    if output.shape != wanted:
        raise ValueError(f"a depth network must return {wanted}, got {tuple(output.shape)}; give it one output channel")
    return output
