"""Colours of what the picture does not show: the far side of an edge goes on behind the near one.

Each hidden cell looks at where it comes from, mirrored at the edge: so texture goes on in its own sharpness, and meets
the edge without a seam. Where the mirror image lies on another surface, colours are filled in by push-pull from
the mirror images that do not; so nothing of the near side is smeared behind it.

Source: Gortler et al. 1996, "The lumigraph", section 3.4, for push-pull.
"""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from nas.pictures.photo.layers import Layers

COARSEST = 4  # cells a side, where push-pull ends
RIM = 2  # cells beside an edge that may hold colours of both sides


def hidden_colours(layers: Layers, colours: UInt8[np.ndarray, "h w 3"]) -> tuple[UInt8[np.ndarray, "h w 3"], ...]:
    """Colours of each hidden layer, in every cell: beyond a layer's own cells they fade out of its border.

    Args:
      colours: of the front's cells.
    """
    return tuple(_layer_colours(layers, number, colours) for number in range(1, len(layers.values)))


def _layer_colours(layers: Layers, number: int, colours: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w 3"]:
    front, hidden = layers.values[0], layers.values[number]
    y, x = np.nonzero(~np.isnan(hidden))
    origin = layers.origin[number, y, x]
    away = origin - np.stack([y, x], axis=1)
    mirrored = np.rint(origin + away * (1 + RIM / np.linalg.norm(away, axis=1, keepdims=True))).astype(np.int64)
    inside = ((mirrored >= 0) & (mirrored < front.shape)).all(axis=1)
    source = np.where(inside[:, None], mirrored, origin)
    fits = inside & (np.abs(front[tuple(source.T)] - hidden[y, x]) <= layers.cut)
    known = np.zeros(front.shape, bool)
    filled = np.zeros(colours.shape, np.float32)
    if not fits.any():  # no mirror image: the edge's own colours
        y, x, source, fits = origin[:, 0], origin[:, 1], origin, np.ones(len(origin), bool)
    known[y[fits], x[fits]] = True
    filled[y[fits], x[fits]] = colours[tuple(source[fits].T)]
    whole: UInt8[np.ndarray, "h w 3"] = np.rint(push_pull(filled, known)).clip(0, 255).astype(np.uint8)
    return whole


def push_pull(colours: Float32[np.ndarray, "h w 3"], known: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w 3"]:
    """The colours, and in place of unknown ones a smooth surface through those that are known."""
    weight = known.astype(np.float32)
    return _filled(colours * weight[..., None], weight)


def _filled(weighted: Float32[np.ndarray, "h w 3"], weight: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w 3"]:
    """Pull averages down a pyramid, push them back where nothing is known; `weighted` is colour times weight."""
    height, width = weight.shape
    if min(height, width) <= COARSEST:
        mean = weighted.sum((0, 1)) / max(float(weight.sum()), 1e-9)
        coarse = np.broadcast_to(mean, weighted.shape).astype(np.float32)
    else:
        half = ((width + 1) // 2, (height + 1) // 2)
        below, area = (cv2.resize(one, half, interpolation=cv2.INTER_AREA) for one in (weighted, weight))
        share = np.minimum(4 * area, 1).astype(np.float32)
        pulled = _filled(below * (share / np.maximum(area, 1e-9))[..., None], share)
        coarse = cv2.resize(pulled, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    full: Float32[np.ndarray, "h w 3"] = weighted + coarse * (1 - weight)[..., None]
    return full
