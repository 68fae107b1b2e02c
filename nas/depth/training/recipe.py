"""Training hyperparameters of a depth network, and its learning-rate schedule.

The defaults were tuned for very short runs, 2,000 to 3,000 image passes at 64 x 64, on Freedoom's validation maps.
"""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Training hyperparameters; for a longer run raise `steps` alone.

    Args:
      steps: optimiser steps; image passes are steps x batch_size.
      batch_size: images per step.
      parts: how many a batch is cut into, one after the other, their gradients added: less memory for the same steps.
        Only batch norm tells the difference: it takes its statistics from a part.
      peak_lr: AdamW's learning rate at the top of its one cycle.
      warmup_share: share of the steps in which it rises, linearly; then it falls to 0 along a cosine.
      weight_decay: decoupled, on convolution weights only.
      edge_weight: of the loss's edge term.
      flip: mirror each image left to right with probability one half.
      colour_jitter: standard deviation of a log-normal gain for each image and colour channel; 0 for none.
      precision: bfloat16 runs the network under autocast; on a CPU it pays from 96 x 96 pixels up.

    Raises:
      ValueError: a value is out of range.
    """

    steps: int = 160
    batch_size: int = 16
    parts: int = 1
    peak_lr: float = 12e-3
    warmup_share: float = 0.15
    weight_decay: float = 1e-2
    edge_weight: float = 0.2
    flip: bool = True
    colour_jitter: float = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "peak_lr"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}; give a positive number")
        for name in ("weight_decay", "edge_weight", "colour_jitter"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name)}; 0 switches it off")
        if not 1 <= self.parts <= self.batch_size:
            raise ValueError(
                f"a batch of {self.batch_size} has from 1 to {self.batch_size} parts, got parts={self.parts}; "
                "give every part an image"
            )
        if not 0 <= self.warmup_share < 1:
            raise ValueError(f"warmup_share must be in [0, 1), got {self.warmup_share}; 0.15 is a good start")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"precision must be float32 or bfloat16, got {self.precision!r}; choose one of them")

    @property
    def image_passes(self) -> int:
        return self.steps * self.batch_size


def learning_rate(recipe: Recipe, step: int) -> float:
    """The rate of step 0 <= `step` < steps: never 0, `peak_lr` at the end of the warm-up, near 0 at the last step."""
    warmup = recipe.warmup_share * recipe.steps
    if step + 1 < warmup:
        return recipe.peak_lr * (step + 1) / warmup
    fallen = (step - warmup + 1) / (recipe.steps - warmup + 1)
    return recipe.peak_lr * 0.5 * (1 + math.cos(math.pi * fallen))
