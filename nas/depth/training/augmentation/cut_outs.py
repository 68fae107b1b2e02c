"""Cut-outs of random size, place, aspect ratio and slant, mirrored or not, in one resampling."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32

from nas.depth.training.augmentation.strengths import Augmentation
from nas.depth.training.batches import Batch


def resampled(batch: Batch, augmentation: Augmentation, rng: np.random.Generator) -> Batch:
    """Cut-outs at the full size. Colour is interpolated; depth is not, for between two walls there is no third."""
    views = torch.from_numpy(_views(len(batch.rgb), augmentation, rng)).to(batch.rgb.device)
    grid = F.affine_grid(views, list(batch.rgb.shape), align_corners=False)
    truth = torch.stack([batch.log_disparity, batch.valid.to(torch.float32)], dim=1)
    seen = F.grid_sample(truth, grid, mode="nearest", padding_mode="border", align_corners=False)
    rgb = F.grid_sample(batch.rgb, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return Batch(rgb=rgb, log_disparity=seen[:, 0], valid=seen[:, 1] > 0.5)


def _views(number: int, augmentation: Augmentation, rng: np.random.Generator) -> Float32[np.ndarray, "b 2 3"]:
    """For each image the affine map from a pixel of the result to one of the picture; both span [-1, 1]."""
    side = rng.uniform(augmentation.least_crop, 1, number)
    ratio = np.exp(0.5 * augmentation.stretch * rng.standard_normal(number))
    slant = 2 * augmentation.shear * rng.standard_normal(number)
    sides = np.minimum(np.stack([side * ratio, side / ratio], axis=1), 1)  # of width and height
    width = sides[:, 0] + np.abs(slant)  # of what a slanted cut-out covers
    shrink = np.minimum(1 / width, 1)
    sides, slant, width = sides * shrink[:, None], slant * shrink, width * shrink
    covered = np.stack([width, sides[:, 1]], axis=1)
    place = rng.uniform(-1, 1, (number, 2)) * (1 - covered)
    mirror = np.where(rng.random(number) < augmentation.flip, -1, 1)
    views = np.zeros((number, 2, 3), dtype=np.float32)
    views[:, 0, 0], views[:, 0, 1], views[:, 1, 1] = sides[:, 0] * mirror, slant, sides[:, 1]
    views[:, :, 2] = place
    return views
