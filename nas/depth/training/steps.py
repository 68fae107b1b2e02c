"""The steps of a training: batch, loss, gradients, optimiser.

Step t's batch, augmentation and dropout are a function of (seed, t) alone, so a run that continues from a checkpoint
makes the same steps as one that was never interrupted.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from nas.depth.data import DepthImages
from nas.depth.training import batches as batching
from nas.depth.training.augmentation import Augmentation, augmented
from nas.depth.training.batches import Batch, Pictures
from nas.depth.training.losses import depth_loss
from nas.depth.training.pictures import load
from nas.depth.training.recipe import Recipe, learning_rate
from nas.processes.team import ALONE, Team

TEACHER_SHARE = 0.5
"""Of the loss, where there is a teacher; the truth has the rest."""


class TrainingDiverged(ValueError):
    """The loss became NaN or infinite; `step` counts from 0."""

    def __init__(self, step: int, loss: float, peak_lr: float) -> None:
        super().__init__(f"the loss must stay finite, got {loss} at {step=}; lower {peak_lr=}")
        self.step, self.loss, self.peak_lr = step, loss, peak_lr

    def __reduce__(self) -> tuple[type, tuple[int, float, float]]:
        # By default an exception is rebuilt from its message, which this one's arguments are not.
        return TrainingDiverged, (self.step, self.loss, self.peak_lr)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """State of a training: all that a step needs.

    Args:
      augmentation: replaces the recipe's flip and colour jitter; None leaves those.
      teacher: its log-disparity is a second truth, which every pixel has; None for none.
    """

    module: nn.Module
    optimiser: torch.optim.Optimizer
    pictures: Pictures
    order: Int64[np.ndarray, "steps b"]
    recipe: Recipe
    seed: int
    device: torch.device
    team: Team = ALONE
    augmentation: Augmentation | None = None
    teacher: nn.Module | None = None

    def step(self, step: int) -> float:
        """Make step `step` and return its loss."""
        rng = np.random.default_rng((self.seed, 1, step))
        torch.manual_seed(int(rng.integers(2**62)))  # for dropout, inside the caller's fork_rng
        batch = self._batch(step, rng)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, step)
        self.optimiser.zero_grad(set_to_none=True)
        parts = self.team.share(batch.parts(self.team.size)).parts(self.recipe.parts)
        value = self.team.add(self.module, sum(self._descend(part, batch.valid) for part in parts))
        if not math.isfinite(value):
            raise TrainingDiverged(step, value, self.recipe.peak_lr)
        self.optimiser.step()
        return value

    def _batch(self, step: int, rng: np.random.Generator) -> Batch:
        if self.augmentation is None:
            batch = self.pictures.cut(self.order[step], self.recipe, rng)
        else:
            plain = replace(self.recipe, flip=False, colour_jitter=0.0)
            batch = augmented(self.pictures.cut(self.order[step], plain, rng), self.augmentation, rng)
        if step + 1 < len(self.order):
            self.pictures.read_ahead(self.order[step + 1])
        return batch

    def _descend(self, part: Batch, whole: Bool[Tensor, "m h w"]) -> float:
        """Add a part's share to the gradients, and return its share of the loss."""
        loss = self._loss(part, whole)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
        return float(loss.detach())

    def _loss(self, part: Batch, whole: Bool[Tensor, "m h w"]) -> Float[Tensor, ""]:
        half = self.recipe.precision == "bfloat16"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            prediction = forward(self.module, part.rgb)
        weight = self.recipe.edge_weight
        loss = depth_loss(prediction, part.log_disparity, part.valid, edge_weight=weight, whole=whole)
        if self.teacher is None:
            return loss
        taught, everywhere = self._taught(part), torch.ones_like(part.valid)
        copied = depth_loss(prediction, taught, everywhere, edge_weight=weight, whole=torch.ones_like(whole))
        return (1 - TEACHER_SHARE) * loss + TEACHER_SHARE * copied

    def _taught(self, part: Batch) -> Float[Tensor, "b h w"]:
        assert self.teacher is not None
        with torch.no_grad():
            return forward(self.teacher, part.rgb)[:, 0].float()


def start(
    module: nn.Module,
    images: DepthImages,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    team: Team = ALONE,
    augmentation: Augmentation | None = None,
    teacher: nn.Module | None = None,
) -> Steps:
    """Bring module and pictures to the device, ready for the first step."""
    module.to(device).train()
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub has no such overload
    return Steps(
        module=module,
        optimiser=adamw(module, recipe),
        pictures=load(images, device),
        order=batching.order(len(images), recipe, np.random.default_rng((seed, 0)), images.draws),
        recipe=recipe,
        seed=seed,
        device=device,
        team=team,
        augmentation=augmentation,
        teacher=teacher,
    )


def adamw(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Fused AdamW: on a network of 200 small tensors the unfused one costs some 5 % of a step."""
    weights = [p for p in module.parameters() if p.ndim > 1]
    others = [p for p in module.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    # The second moment forgets in 20 steps instead of 1,000: a run of 300 has no time for a longer memory.
    return torch.optim.AdamW(groups, lr=recipe.peak_lr, betas=(0.9, 0.95), fused=True)


def forward(module: nn.Module, rgb: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 h w"]:
    output: Tensor = module(rgb)
    wanted = (len(rgb), 1, *rgb.shape[2:])
    if output.shape != wanted:
        raise ValueError(f"a depth network must return {wanted}, got {tuple(output.shape)}; give it one output channel")
    return output
