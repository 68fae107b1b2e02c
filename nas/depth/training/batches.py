"""Training batches, sliced by index from pictures in memory with almost no work per step.

Everything that does not change between steps (validity, the logarithm) is computed once. Colour is cut as bytes, rows x
columns x channels, and only then turned to float: the batch is channels_last without a copy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int64, Shaped, UInt8
from torch import Tensor

from nas.depth.data import DepthImages
from nas.depth.training.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """The input and targets of one training step."""

    rgb: Float[Tensor, "b 3 h w"]
    log_disparity: Float[Tensor, "b h w"]
    valid: Bool[Tensor, "b h w"]

    def parts(self, number: int) -> "Iterator[Batch]":
        """The batch in so many parts, in order; their sizes differ by one image at most."""
        pieces = (torch.tensor_split(whole, number) for whole in (self.rgb, self.log_disparity, self.valid))
        for rgb, log_disparity, valid in zip(*pieces, strict=True):
            yield Batch(rgb=rgb, log_disparity=log_disparity, valid=valid)


@runtime_checkable
class Pictures(Protocol):
    """A data set from which batches are cut, wherever it lies."""

    def cut(self, indices: Int64[np.ndarray, " b"], recipe: Recipe, rng: np.random.Generator) -> Batch:
        """The images at `indices`, augmented as `recipe` says."""

    def read_ahead(self, indices: Int64[np.ndarray, " b"]) -> None:
        """What will be cut next: time to fetch it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batches:
    """A data set on one device, from which batches are sliced."""

    rgb: UInt8[Tensor, "n h w 3"]
    log_disparity: Float[Tensor, "n h w"]
    valid: Bool[Tensor, "n h w"]

    def cut(self, indices: Int64[np.ndarray, " b"], recipe: Recipe, rng: np.random.Generator) -> Batch:
        """The images at `indices`, augmented as `recipe` says."""
        at = torch.from_numpy(indices).to(self.rgb.device)
        rgb, log_disparity, valid = self.rgb[at], self.log_disparity[at], self.valid[at]
        if recipe.flip:
            mirrored = torch.from_numpy(rng.random(len(indices)) < 0.5).to(rgb.device)
            rgb, log_disparity, valid = (_mirror(part, mirrored) for part in (rgb, log_disparity, valid))
        x = to_input(rgb)
        if recipe.colour_jitter > 0:
            gain = np.exp(rng.normal(0, recipe.colour_jitter, (len(indices), 3, 1, 1))).astype(np.float32)
            x = x * torch.from_numpy(gain).to(x.device)
        return Batch(rgb=x, log_disparity=log_disparity, valid=valid)

    def read_ahead(self, indices: Int64[np.ndarray, " b"]) -> None:
        """All is there already."""


def load(images: DepthImages, device: torch.device) -> Batches:
    """Put `images` on `device`: 3 bytes of colour and 5 of truth per pixel."""
    valid = images.valid
    log_disparity = -np.log(np.where(valid, images.depth, np.float32(1)))
    return Batches(
        rgb=to_tensor(images.rgb).to(device),
        log_disparity=to_tensor(log_disparity).to(device),
        valid=to_tensor(valid).to(device),
    )


def order(
    num_images: int, recipe: Recipe, rng: np.random.Generator, draws: Float64[np.ndarray, " n"] | None = None
) -> Int64[np.ndarray, "steps b"]:
    """Which images each step takes: every image once per epoch, a new shuffle each epoch.

    With `draws` (see `nas.depth.data.DepthImages`) every image is taken as often as its share of all passes says,
    rounded up or down, in random order.
    """
    if draws is not None:
        return rng.permutation(_drawn(draws, recipe.image_passes, rng)).reshape(recipe.steps, recipe.batch_size)
    epochs = -(-recipe.image_passes // num_images)
    shuffled = np.concatenate([rng.permutation(num_images) for _ in range(epochs)])
    return shuffled[: recipe.image_passes].reshape(recipe.steps, recipe.batch_size).astype(np.int64)


def _drawn(draws: Float64[np.ndarray, " n"], passes: int, rng: np.random.Generator) -> Int64[np.ndarray, " passes"]:
    """So many indices, each as often as its share, rounded: marks at even distances along the shares laid end to end.

    Source: Baker 1987, "Reducing bias and inefficiency in the selection algorithm" (stochastic universal sampling). The
    images stay in their order, so that the shares of data sets one behind the other are exact within one pass.
    """
    ends = np.cumsum(draws) / draws.sum() * passes
    marks = np.arange(passes) + rng.random()
    return np.searchsorted(ends, marks, side="right").clip(max=len(draws) - 1).astype(np.int64)


def to_input(rgb: UInt8[Tensor, "b h w 3"]) -> Float[Tensor, "b 3 h w"]:
    """Bytes to the network's input in [0, 1], channels_last."""
    return rgb.permute(0, 3, 1, 2).to(torch.float32).mul_(1 / 255)


def to_tensor(array: Shaped[np.ndarray, "..."]) -> Shaped[Tensor, "..."]:
    """Share the array's memory; a read-only one is copied first, because torch cannot promise not to write."""
    return torch.from_numpy(np.require(array, requirements=["C", "W"]))


def _mirror(values: Shaped[Tensor, "b h w *c"], mirrored: Bool[Tensor, " b"]) -> Shaped[Tensor, "b h w *c"]:
    return torch.where(mirrored.view(-1, *[1] * (values.ndim - 1)), values.flip(2), values)
