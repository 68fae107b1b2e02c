"""The layered depth image: behind the front, surfaces that the far side of each edge goes on as.

Layer 0 is the front, a value for every cell. Where neighbours differ by more than a cut, the farther one is grown
behind the nearer one, a cell at a time, for as far as the eye can come to see. What grows stops where it meets a
surface at its own distance. Two surfaces that grow at different distances pass behind each other in layers of their
own; where more of them meet than there are layers, the nearest gives way: without the farthest there would be a hole.

Source: Kopf et al. 2020, "One Shot 3D Photography", section 3.2; Hedman and Kopf 2018, "Instant 3D photography".
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int32

from nas.pictures.photo.parallax import Parallax

NUM_HIDDEN = 3
SPARE = 2  # cells grown beyond what an eye can see
NOWHERE = -1
STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """Surfaces, cell by cell.

    Attributes:
      values: parallax, NaN where a layer has no cell.
      origin: of hidden cells the front cell, row and column, that they go on; `NOWHERE` for others.
      cut: see `Parallax.cut`.
    """

    values: Float32[np.ndarray, "n h w"]
    origin: Int32[np.ndarray, "n h w 2"]
    cut: float

    @property
    def exists(self) -> Bool[np.ndarray, "n h w"]:
        exists: Bool[np.ndarray, "n h w"] = ~np.isnan(self.values)
        return exists


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tips:
    """Cells from which something grows: where, at what parallax, how many steps are left, whence it comes."""

    y: np.ndarray
    x: np.ndarray
    value: np.ndarray
    left: np.ndarray
    origin: np.ndarray

    def take(self, chosen: np.ndarray) -> "_Tips":
        return _Tips(
            y=self.y[chosen],
            x=self.x[chosen],
            value=self.value[chosen],
            left=self.left[chosen],
            origin=self.origin[chosen],
        )

    def moved(self, dy: int, dx: int) -> "_Tips":
        return _Tips(y=self.y + dy, x=self.x + dx, value=self.value, left=self.left - 1, origin=self.origin)


def layers_of(parallax: Parallax, border: int) -> Layers:
    """Layers of a picture with `border` cells more on each side, as the picture's own border goes on."""
    front = np.pad(parallax.values, border, mode="edge")
    values = np.full((1 + NUM_HIDDEN, *front.shape), np.nan, np.float32)
    origin = np.full((*values.shape, 2), NOWHERE, np.int32)
    values[0] = front
    tips = _edges(front, parallax)
    while len(tips.y):
        grown = [_grow(values, origin, tips.moved(*step), parallax.cut) for step in STEPS]
        tips = _Tips(
            **{name: np.concatenate([getattr(one, name) for one in grown]) for name in _Tips.__dataclass_fields__}
        )
        tips = tips.take(tips.left > 0)
    num_used = 1 + int((~np.isnan(values[1:])).any(axis=(1, 2)).sum())
    return Layers(values=values[:num_used], origin=origin[:num_used], cut=parallax.cut)


def _edges(front: Float32[np.ndarray, "h w"], parallax: Parallax) -> _Tips:
    """The far side of every cut; a diagonal view along both sides sees twice the travel."""
    deepest = np.zeros_like(front)
    for dy, dx in STEPS:
        beyond = np.roll(front, (-dy, -dx), (0, 1)) - front
        beyond[_outside(front.shape, dy, dx)] = 0
        deepest = np.maximum(deepest, beyond)
    y, x = np.nonzero(deepest > parallax.cut)
    steps = np.ceil(2 * parallax.travel * deepest[y, x]).astype(np.int32) + SPARE
    return _Tips(y=y, x=x, value=front[y, x], left=steps, origin=np.stack([y, x], axis=1).astype(np.int32))


def _outside(shape: tuple[int, ...], dy: int, dx: int) -> tuple[slice, slice]:
    """The rows or columns whose neighbour in a direction lies beyond the border."""
    rows = slice(None) if dy == 0 else slice(shape[0] - 1, None) if dy > 0 else slice(0, 1)
    columns = slice(None) if dx == 0 else slice(shape[1] - 1, None) if dx > 0 else slice(0, 1)
    return rows, columns


def _grow(values: Float32[np.ndarray, "n h w"], origin: Int32[np.ndarray, "n h w 2"], tips: _Tips, cut: float) -> _Tips:
    """Put the tips, which have moved by a step, into the layers; those that could be put there."""
    _, height, width = values.shape
    tips = tips.take((tips.y >= 0) & (tips.y < height) & (tips.x >= 0) & (tips.x < width))
    _, first = np.unique(tips.y * width + tips.x, return_index=True)
    tips = tips.take(first)
    there = values[:, tips.y, tips.x]
    meets = (np.abs(there - tips.value) <= cut).any(axis=0)
    hidden = np.where(np.isnan(there[1:]), np.inf, there[1:])
    grows = ~meets & (there[0] > tips.value) & (hidden > tips.value).any(axis=0)
    tips, layer = tips.take(grows), 1 + hidden.argmax(axis=0)[grows]
    values[layer, tips.y, tips.x] = tips.value
    origin[layer, tips.y, tips.x] = tips.origin
    return tips


def margin(parallax: Parallax, pivot: float) -> int:
    """Cells by which the border can come into sight, where what has parallax `pivot` stays in place."""
    return math.ceil(parallax.travel * max(pivot, 1 - pivot)) + 1
