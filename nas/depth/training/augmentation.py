"""Augmentation of a training in full: what a picture may look like without its depth being another.

A training of some hundred steps sees every picture a few times and gains nothing from this; one of ten thousands
learns its pictures by heart without it. The loss knows depth up to a scale and a shift of its logarithm for each
image, so that a cut-out, enlarged to the full size, keeps its truth.

Per image, drawn independently: a cut-out of random size, place and aspect ratio, mirrored or not, in one resampling;
then blur, gamma, contrast, saturation and a gain for each colour.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from torch import Tensor

from nas.depth.training.batches import Batch

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue in grey (ITU-R BT.601)
SIGMAS = 2.5  # of a blur's kernel to each side


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How strongly pictures are changed; 0 switches a part off, and `least_crop` of 1.

    Args:
      least_crop: the sides of the smallest cut-out, as a share of the picture's; sides are uniform from there to 1.
      stretch: standard deviation of the logarithm of a cut-out's aspect ratio, against the picture's.
      flip: probability of a mirrored picture.
      blur: probability of a Gaussian blur, its sigma uniform up to `blur_px`.
      blur_px: in pixels.
      gamma: standard deviation of the logarithm of an exponent.
      contrast: likewise of a factor around the picture's mean.
      saturation: likewise of a factor around its grey.
      colour: likewise of a gain for each colour channel.

    Raises:
      ValueError: a value is out of range.
    """

    least_crop: float = 0.6
    stretch: float = 0.1
    flip: float = 0.5
    blur: float = 0.2
    blur_px: float = 1.0
    gamma: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    colour: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.least_crop <= 1:
            raise ValueError(f"least_crop must be in (0, 1], got {self.least_crop}; 1 switches it off")
        for name in ("flip", "blur"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability, got {getattr(self, name)}; give one from 0 to 1")
        for field in fields(self):
            if not 0 <= getattr(self, field.name) < math.inf:
                raise ValueError(
                    f"{field.name} must not be below 0, got {getattr(self, field.name)}; 0 switches it off"
                )


def augmented(batch: Batch, augmentation: Augmentation, rng: np.random.Generator) -> Batch:
    """The batch, each image changed by itself."""
    moved = _resampled(batch, augmentation, rng)
    rgb = _coloured(_blurred(moved.rgb, augmentation, rng), augmentation, rng)
    rgb = rgb.contiguous(memory_format=torch.channels_last)
    return Batch(rgb=rgb, log_disparity=moved.log_disparity, valid=moved.valid)


def _resampled(batch: Batch, augmentation: Augmentation, rng: np.random.Generator) -> Batch:
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
    sides = np.minimum(np.stack([side * ratio, side / ratio], axis=1), 1)  # of width and height
    place = rng.uniform(-1, 1, (number, 2)) * (1 - sides)
    mirror = np.where(rng.random(number) < augmentation.flip, -1, 1)
    views = np.zeros((number, 2, 3), dtype=np.float32)
    views[:, 0, 0], views[:, 1, 1] = sides[:, 0] * mirror, sides[:, 1]
    views[:, :, 2] = place
    return views


def _blurred(
    rgb: Float[Tensor, "b 3 h w"], augmentation: Augmentation, rng: np.random.Generator
) -> Float[Tensor, "b 3 h w"]:
    chosen = np.flatnonzero(rng.random(len(rgb)) < augmentation.blur)
    sigmas = rng.uniform(0, 1, len(chosen)) * augmentation.blur_px
    radius = min(math.ceil(SIGMAS * augmentation.blur_px), min(rgb.shape[2:]) - 1)
    if not len(chosen) or radius < 1:
        return rgb
    at = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (at / np.maximum(sigmas, 1e-3)[:, None]) ** 2)
    kernels = torch.from_numpy((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)).to(rgb.device)
    where = torch.from_numpy(chosen).to(rgb.device)
    return rgb.index_copy(0, where, _convolved(rgb[where], kernels))


def _convolved(rgb: Float[Tensor, "b 3 h w"], kernels: Float[Tensor, "b k"]) -> Float[Tensor, "b 3 h w"]:
    """Each image with its own kernel, along rows and then along columns; borders are reflected."""
    number, channels, height, width = rgb.shape
    size, radius = kernels.shape[1], kernels.shape[1] // 2
    each = kernels.repeat_interleave(channels, dim=0)
    flat = F.pad(rgb.reshape(1, number * channels, height, width), [radius] * 4, mode="reflect")
    across = F.conv2d(flat, each.view(-1, 1, 1, size), groups=len(each))
    return F.conv2d(across, each.view(-1, 1, size, 1), groups=len(each)).reshape(rgb.shape)


def _coloured(
    rgb: Float[Tensor, "b 3 h w"], augmentation: Augmentation, rng: np.random.Generator
) -> Float[Tensor, "b 3 h w"]:
    def factor(deviation: float, channels: int = 1) -> Float[Tensor, "b c 1 1"]:
        drawn = np.exp(deviation * rng.standard_normal((len(rgb), channels, 1, 1))).astype(np.float32)
        return torch.from_numpy(drawn).to(rgb.device)

    rgb = rgb.clamp(0, 1) ** factor(augmentation.gamma)
    mean = rgb.mean((1, 2, 3), keepdim=True)
    rgb = mean + factor(augmentation.contrast) * (rgb - mean)
    grey = (rgb * rgb.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    rgb = grey + factor(augmentation.saturation) * (rgb - grey)
    return (rgb * factor(augmentation.colour, 3)).clamp(0, 1)
