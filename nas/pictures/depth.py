"""Depth of a picture: what the network sees of it, what it answers, and the files of the answer.

NAME-depth.npy     float32 at the picture's size: log-disparity as the network gives it, greater is nearer
NAME-depth.png     the same in 16 bits, 0 for the farthest and 65535 for the nearest of this picture
NAME-colour.png    the same in colours, bright is near
"""

import io

import cv2
import matplotlib
import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nas.pictures.model import DepthModel
from nas.pictures.reading import PictureError, Sight
from nas.pictures.sizes import network_size
from nas.pictures.upsampling import upsampled

COLOUR_MAP = "magma"
PERCENTILES = (2.0, 98.0)
DEEPEST_16 = 65535
FLAT = 1e-6  # of log-disparity: less between near and far is rounding


def depth_of(model: DepthModel, sight: Sight, long_side: int | None) -> Float32[np.ndarray, "h w"]:
    """Log-disparity at the picture's size, up to a scale and a shift.

    Raises:
      PictureError, ValueError: see `answer_to`.
    """
    return upsampled(answer_to(model, sight.rgb, long_side), sight.rgb)


def answer_to(model: DepthModel, rgb: UInt8[np.ndarray, "h w 3"], long_side: int | None) -> Float32[np.ndarray, "p q"]:
    """Log-disparity at the size at which the network sees the picture.

    Raises:
      PictureError: the network answers with something else than a finite number for each pixel.
      ValueError: see `network_size`.
    """
    size = network_size(model, (rgb.shape[0], rgb.shape[1]), long_side)
    shrinks = size[0] * size[1] < rgb.shape[0] * rgb.shape[1]
    small = cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    given = np.ascontiguousarray(small.transpose(2, 0, 1)[None], dtype=np.float32) / 255
    answer = np.asarray(model.answer(given), np.float32)
    if answer.size != small.shape[0] * small.shape[1]:
        raise PictureError(
            f"a depth network must give one number for each pixel of {size[0]} x {size[1]}, {model.name} gives "
            f"{' x '.join(map(str, answer.shape))}; name a depth network"
        )
    if not np.isfinite(answer).all():
        raise PictureError(f"depth must be finite numbers, {model.name} gives others; train it again")
    return answer.reshape(size)


def is_flat(log_disparity: Float32[np.ndarray, "h w"]) -> bool:
    return float(np.ptp(log_disparity)) < FLAT


def depth_files(log_disparity: Float32[np.ndarray, "h w"]) -> dict[str, bytes]:
    """Contents of the files, by what follows the picture's name."""
    array = io.BytesIO()
    np.save(array, log_disparity)
    return {
        "-depth.npy": array.getvalue(),
        "-depth.png": grey_png(log_disparity, float(log_disparity.min()), float(log_disparity.max())),
        "-colour.png": _png(Image.fromarray(coloured(log_disparity))),
    }


def coloured(
    log_disparity: Float32[np.ndarray, "h w"], ends: tuple[float, float] | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Near is bright, far is dark; what lies beyond the ends has one colour each.

    Args:
      ends: the farthest and the nearest value that are told apart; those of this picture if None.
    """
    shade = _scaled(log_disparity, *(ends or ends_of(log_disparity)), 255).astype(np.uint8)
    palette = np.round(255 * matplotlib.colormaps[COLOUR_MAP](np.arange(256))[:, :3]).astype(np.uint8)
    colours: UInt8[np.ndarray, "h w 3"] = palette[shade]
    return colours


def ends_of(log_disparity: Float32[np.ndarray, "h w"]) -> tuple[float, float]:
    """The values beyond which the farthest and the nearest 2 % lie."""
    low, high = np.percentile(log_disparity[::4, ::4], PERCENTILES)
    return float(low), float(high)


def grey_png(log_disparity: Float32[np.ndarray, "h w"], low: float, high: float) -> bytes:
    """16 bits, from `low` to `high`; the file's text `Description` says what they stand for."""
    told = PngInfo()
    told.add_text("Description", f"log-disparity: 0 is {low!r} (farthest), {DEEPEST_16} is {high!r} (nearest)")
    return _png(Image.fromarray(_scaled(log_disparity, low, high, DEEPEST_16).astype(np.uint16)), told)


def _scaled(values: Float32[np.ndarray, "h w"], low: float, high: float, top: int) -> Float32[np.ndarray, "h w"]:
    """From 0 to `top`; the middle where there is no range."""
    if high - low < FLAT:
        return np.full_like(values, top // 2)
    scaled: Float32[np.ndarray, "h w"] = np.rint(np.clip((values - low) * (top / (high - low)), 0, top))
    return scaled


def _png(image: Image.Image, told: PngInfo | None = None) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=told, compress_level=4)
    return file.getvalue()
