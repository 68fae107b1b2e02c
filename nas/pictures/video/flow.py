"""Where each pixel of a frame was in the frame before: OpenCV's dense inverse search, and how far to believe it.

Source: Kroeger et al. 2016, "Fast optical flow using dense inverse search".
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

SIGMA = 10.0
"""Grey levels of difference at which a pixel counts a third as the same."""
SMOOTHING = 5  # pixels over which the difference is averaged: noise of single pixels is no occlusion


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """From a frame back to the one before.

    Attributes:
      origin: column and row in the frame before, in pixels.
      trust: from 0, another point or outside of it, to 1, the same.
    """

    origin: Float32[np.ndarray, "h w 2"]
    trust: Float32[np.ndarray, "h w"]

    def warped(self, before: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
        """Values of the frame before, where its points are now."""
        return _remapped(before, self.origin)


def grey(rgb: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]) -> UInt8[np.ndarray, "p q"]:
    """A frame as flow is sought in it, at height and width `size`."""
    small = cv2.resize(rgb, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    result: UInt8[np.ndarray, "p q"] = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return result


def flow_between(now: UInt8[np.ndarray, "h w"], before: UInt8[np.ndarray, "h w"]) -> Flow:
    """The flow of two grey frames of one size."""
    height, width = now.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    origin = np.stack([columns, rows], axis=-1) + search.calc(
        now, before, np.zeros((height, width, 2), dtype=np.float32)
    )
    seen = _remapped(before.astype(np.float32), origin)
    difference = cv2.blur(np.abs(now.astype(np.float32) - seen), (SMOOTHING, SMOOTHING))
    inside = (origin >= 0).all(axis=-1) & (origin[..., 0] <= width - 1) & (origin[..., 1] <= height - 1)
    trust = np.where(inside, np.exp(-((difference / SIGMA) ** 2)), 0).astype(np.float32)
    return Flow(origin=origin.astype(np.float32), trust=trust)


def _remapped(values: Float32[np.ndarray, "h w"], origin: Float32[np.ndarray, "h w 2"]) -> Float32[np.ndarray, "h w"]:
    columns, rows = (np.ascontiguousarray(origin[..., i], dtype=np.float32) for i in range(2))
    moved = cv2.remap(values, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)
