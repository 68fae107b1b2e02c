"""Changes of what is seen: other textures on the same shapes, and things in front of them.

A network that has seen one world's textures only takes a texture for a depth. So the fine part of another picture is
laid over all (what the picture's own shapes are stays visible below), and things are put in front, with the texture of
another picture and a depth of their own, nearer than all that they cover.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from nas.depth.training.augmentation.strengths import Augmentation
from nas.depth.training.batches import Batch

FINE_PX = 8
"""Sides of the squares whose means are taken off a picture to leave its fine texture."""
SIZES = 0.1, 0.5
"""Half axes of a thing, as shares of the picture's half sides."""
NEARER = 0.05, 1.0
"""Log-disparity by which a thing is nearer than the nearest that it covers."""


def retextured(
    rgb: Float[Tensor, "b 3 h w"], augmentation: Augmentation, rng: np.random.Generator
) -> Float[Tensor, "b 3 h w"]:
    """Some of the pictures, with the fine texture of the next one in the batch laid over them."""
    chosen = rng.random(len(rgb)) < augmentation.foreign
    strength = np.where(chosen, rng.uniform(0, augmentation.foreign_strength, len(rgb)), 0)
    if not strength.any():
        return rgb
    other = rgb.roll(1, dims=0)
    height, width = other.shape[2:]
    means = F.interpolate(other, (max(1, height // FINE_PX), max(1, width // FINE_PX)), mode="area")
    coarse = F.interpolate(means, (height, width), mode="bilinear", align_corners=False)
    return rgb + _each(strength, rgb) * (other - coarse)


def occluded(batch: Batch, augmentation: Augmentation, rng: np.random.Generator) -> Batch:
    """Some of the pictures with a thing in front: an ellipse or a box with the texture of another picture."""
    number = len(batch.rgb)
    chosen = torch.from_numpy(rng.random(number) < augmentation.occluder).to(batch.rgb.device)
    nearer = rng.uniform(*NEARER, number)
    inside = _shapes(batch, rng) & chosen[:, None, None]
    if not bool(chosen.any()):
        return batch
    known = inside & batch.valid
    nearest = batch.log_disparity.masked_fill(~known, -torch.inf).amax((1, 2))
    inside &= known.any(dim=2).any(dim=1)[:, None, None]  # of what covers nothing known, nobody knows how near it is
    depth = torch.where(torch.isfinite(nearest), nearest, 0.0) + torch.from_numpy(nearer.astype(np.float32)).to(nearest)
    return Batch(
        rgb=torch.where(inside[:, None], batch.rgb.roll(2, dims=0).flip(3), batch.rgb),
        log_disparity=torch.where(inside, depth[:, None, None], batch.log_disparity),
        valid=batch.valid | inside,
    )


def _shapes(batch: Batch, rng: np.random.Generator) -> Bool[Tensor, "b h w"]:
    """An ellipse or a box in each picture, turned by some angle."""
    number, (height, width) = len(batch.rgb), batch.rgb.shape[2:]
    centre, axes = rng.uniform(-0.9, 0.9, (2, number, 1, 1)), rng.uniform(*SIZES, (2, number, 1, 1))
    angle, is_box = rng.uniform(0, np.pi, (number, 1, 1)), rng.random((number, 1, 1)) < 0.5
    rows, columns = np.linspace(-1, 1, height)[:, None] - centre[0], np.linspace(-1, 1, width) - centre[1]
    along = (columns * np.cos(angle) + rows * np.sin(angle)) / axes[0]
    across = (rows * np.cos(angle) - columns * np.sin(angle)) / axes[1]
    away = np.where(is_box, np.maximum(np.abs(along), np.abs(across)), np.hypot(along, across))
    return torch.from_numpy(away < 1).to(batch.rgb.device)


def _each(values: Float[np.ndarray, " b"], like: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 1 1 1"]:
    return torch.from_numpy(values.astype(np.float32)).to(like.device)[:, None, None, None]
