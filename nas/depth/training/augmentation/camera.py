"""Changes of how it is seen: blur, exposure and colour, a sensor's noise, a JPEG file's losses."""

import io
import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from PIL import Image
from torch import Tensor

from nas.depth.training.augmentation.strengths import Augmentation

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue in grey (ITU-R BT.601)
SIGMAS = 2.5  # of a blur's kernel to each side
BEST_QUALITY = 95  # beyond, JPEG's encoders lose next to nothing


def blurred(
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


def coloured(
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


def noisy(
    rgb: Float[Tensor, "b 3 h w"], augmentation: Augmentation, rng: np.random.Generator
) -> Float[Tensor, "b 3 h w"]:
    if not augmentation.noise:
        return rgb
    deviation = rng.uniform(0, augmentation.noise, (len(rgb), 1, 1, 1)).astype(np.float32)
    noise = deviation * rng.standard_normal(tuple(rgb.shape), dtype=np.float32)
    return (rgb + torch.from_numpy(noise).to(rgb.device)).clamp(0, 1)


def kept_as_jpeg(
    rgb: Float[Tensor, "b 3 h w"], augmentation: Augmentation, rng: np.random.Generator
) -> Float[Tensor, "b 3 h w"]:
    """Some of the pictures as they come out of a file of low quality."""
    chosen = np.flatnonzero(rng.random(len(rgb)) < augmentation.jpeg)
    qualities = rng.uniform(augmentation.least_quality, BEST_QUALITY, len(chosen)).round().astype(int)
    if not len(chosen):
        return rgb
    where = torch.from_numpy(chosen).to(rgb.device)
    before = (rgb[where].clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    after = np.stack([_through_jpeg(one, quality) for one, quality in zip(before, qualities.tolist(), strict=True)])
    return rgb.index_copy(0, where, torch.from_numpy(after).to(rgb.device).permute(0, 3, 1, 2))


def _through_jpeg(picture: np.ndarray, quality: int) -> Float32[np.ndarray, "h w 3"]:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file), dtype=np.float32) / 255
