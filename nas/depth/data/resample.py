"""Crop and shrink by area: every output pixel is the mean of exactly the input area that it covers.

Colour and depth go through the same weights, so they stay registered. Invalid depth has no weight, and an output
pixel is valid where at least half of its area is. Enlarging with these weights repeats pixels.
"""

import numpy as np
from jaxtyping import Float32, UInt8

Span = tuple[float, float]
"""Begin and end along one side, in pixels; need not fall between pixels."""
SOME = 1e-5
"""Of an area: above what rounding makes of none, below one pixel of a picture that is shrunk three hundred times."""


def area_weights(num_in: int, num_out: int, span: Span | None = None) -> Float32[np.ndarray, "num_out num_in"]:
    """Row i holds the share of each input pixel in output pixel i; rows sum to one.

    Args:
      span: what of the input the output covers, all of it by default.
    """
    begin, end = span or (0, num_in)
    scale = (end - begin) / num_out
    low = begin + np.arange(num_out)[:, None] * scale
    pixel = np.arange(num_in)[None, :]
    overlap = np.minimum(low + scale, pixel + 1) - np.maximum(low, pixel)
    share: Float32[np.ndarray, "num_out num_in"] = (np.clip(overlap, 0, None) / scale).astype(np.float32)
    return share


def centre_crop(size: tuple[int, int], aspect: float) -> tuple[slice, slice]:
    """The rows and columns of the largest centred window of `size` (height, width) with width / height = `aspect`."""
    height, width = size
    crop_height = min(height, max(1, round(width / aspect)))
    crop_width = min(width, max(1, round(height * aspect)))
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    return slice(top, top + crop_height), slice(left, left + crop_width)


def scaled_window(window: tuple[slice, slice], shape: tuple[int, int], other: tuple[int, int]) -> tuple[Span, Span]:
    """The window of an image of `shape`, in pixels of the same image at another size."""
    rows, columns = (
        (side.start * num_to / num_from, side.stop * num_to / num_from)
        for side, num_from, num_to in zip(window, shape, other, strict=True)
    )
    return rows, columns


def shrink_rgb(rgb: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]) -> UInt8[np.ndarray, "{size[0]} {size[1]} 3"]:
    rows, columns = area_weights(rgb.shape[0], size[0]), area_weights(rgb.shape[1], size[1])
    tall = rows @ rgb.reshape(rgb.shape[0], -1).astype(np.float32)
    small: UInt8[np.ndarray, "p q 3"] = np.rint(columns @ tall.reshape(size[0], -1, 3)).clip(0, 255).astype(np.uint8)
    return small


def shrink_depth(
    depth: Float32[np.ndarray, "h w"],
    size: tuple[int, int],
    window: tuple[Span, Span] | None = None,
    *,
    sparse: bool = False,
) -> Float32[np.ndarray, "{size[0]} {size[1]}"]:
    """Mean valid depth of each output pixel's area, NaN where less than half of the area is valid, or where none is.

    Args:
      depth: see `nas.depth.data.DepthImages`.
      size: height and width of the result.
      window: what of `depth` it shows, all of it by default.
      sparse: only some pixels are measured, so that one of an area is enough.
    """
    spans = window or (None, None)
    rows, columns = (area_weights(n, m, span) for n, m, span in zip(depth.shape, size, spans, strict=True))
    valid = np.isfinite(depth) & (depth > 0)
    total = rows @ np.where(valid, depth, 0).astype(np.float32) @ columns.T
    share = rows @ valid.astype(np.float32) @ columns.T
    # A hair below one half, because the rounded weights of a half-covered pixel may sum to just under it.
    enough = share > (SOME if sparse else 0.4999)
    return np.where(enough, total / np.where(enough, share, 1), np.nan).astype(np.float32)
