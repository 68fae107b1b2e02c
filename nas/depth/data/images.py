"""Depth pictures in memory: what every source of them (folder, NPZ shards, Freedoom) returns and training takes.

Colour stays uint8, rows x columns x channels: a batch cut by index and turned to channels-first is then already in
PyTorch's channels_last layout, and costs no copy. Depth is planar distance in the data set's own unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int, UInt8


class DataError(ValueError):
    """Depth data that break a rule; the message names the rule, the file or value, and the cure."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthImages:
    """Pictures with a depth for every pixel, all of one size.

    Args:
      rgb: colour, 0 to 255.
      depth: in the data set's own unit; a pixel is invalid where it is NaN, infinite or not above zero.
      group: for each image the name of what it must not be split from (its map, its scene).
      draws: how often a training draws each image, relative to the others; None for all alike.

    Raises:
      DataError: numbers of images, or sizes of colour and depth, differ.
    """

    rgb: UInt8[np.ndarray, "n h w 3"]
    depth: Float32[np.ndarray, "n h w"]
    group: tuple[str, ...]
    draws: Float64[np.ndarray, " n"] | None = None

    def __post_init__(self) -> None:
        if self.rgb.shape != (*self.depth.shape, 3) or len(self.group) != len(self.depth):
            raise DataError(
                "rgb [n, h, w, 3], depth [n, h, w] and group [n] must agree, got "
                f"{self.rgb.shape}, {self.depth.shape} and {len(self.group)}; give every image its depth and its group"
            )

    def __len__(self) -> int:
        return len(self.depth)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.depth.shape[1], self.depth.shape[2]

    @property
    def valid(self) -> Bool[np.ndarray, "n h w"]:
        valid: Bool[np.ndarray, "n h w"] = np.isfinite(self.depth) & (self.depth > 0)
        return valid

    def take(self, indices: Int[np.ndarray, " m"]) -> "DepthImages":
        """The images at `indices`, in that order, as a copy."""
        return DepthImages(
            rgb=self.rgb[indices],
            depth=self.depth[indices],
            group=tuple(self.group[i] for i in indices),
            draws=None if self.draws is None else self.draws[indices],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepthData:
    """A data set, split so that no group is in two parts.

    Args:
      train: to fit weights.
      validation: to choose between networks and recipes.
      test: to report the winner, once.
      name: short, for tables and reports.
      provenance: one sentence: where the pictures come from and how to get the same ones again.
      notes: what its owner should know of how it was read, as sentences.
      digest: of the names and contents of the files, "" where nobody keeps them; other pictures have another.

    Raises:
      DataError: a part is empty, sizes differ, or a group is in two parts.
    """

    train: DepthImages
    validation: DepthImages
    test: DepthImages
    name: str
    provenance: str
    notes: tuple[str, ...] = ()
    digest: str = ""

    def __post_init__(self) -> None:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        for part, images in parts.items():
            if not len(images):
                raise DataError(f"every part of {self.name!r} needs an image, {part} has none; add groups of images")
        if len({images.size for images in parts.values()}) > 1:
            sizes = ", ".join(f"{part} {images.size}" for part, images in parts.items())
            raise DataError(f"all images of {self.name!r} must have one size, got {sizes}; resize them")
        _check_disjoint(parts, self.name)


def concatenate(parts: Sequence[DepthImages]) -> DepthImages:
    """All images of `parts` in order; `parts` holds at least one.

    Raises:
      DataError: the sizes differ.
    """
    sizes = {part.size for part in parts}
    if len(sizes) != 1:
        raise DataError(f"only images of one size go together, got {sorted(sizes)}; resize them to one size")
    return DepthImages(
        rgb=np.concatenate([part.rgb for part in parts]),
        depth=np.concatenate([part.depth for part in parts]),
        group=tuple(name for part in parts for name in part.group),
        draws=_draws(parts),
    )


def _draws(parts: Sequence[DepthImages]) -> Float64[np.ndarray, " n"] | None:
    """How often each image is drawn; one of a part that says nothing counts 1."""
    if all(part.draws is None for part in parts):
        return None
    return np.concatenate([np.ones(len(part)) if part.draws is None else part.draws for part in parts])


def _check_disjoint(parts: dict[str, DepthImages], name: str) -> None:
    owner: dict[str, str] = {}
    for part, images in parts.items():
        for group in set(images.group):
            if owner.setdefault(group, part) != part:
                raise DataError(
                    f"a group must be in one part, {group!r} of {name!r} is in {owner[group]} and {part}; "
                    "move its images to one of them"
                )
