"""Test images beside their true and their predicted depth, as PNGs inside the page."""

import base64
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8
from PIL import Image

from nas.depth.data import DepthImages
from nas.depth.metrics import align, per_image

COLOUR_MAP = "magma"
INVALID_GREY = 128
MIN_HEIGHT = 192  # smaller images are enlarged by a whole factor, so that pixels stay pixels
PERCENTILES = (2.0, 98.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One test image in three views (data URLs of PNGs), with its own metrics."""

    number: int
    rgb: str
    truth: str
    prediction: str
    delta1: float
    abs_rel: float


class PictureError(ValueError):
    """A file of predictions that cannot be shown."""


def pictures(path: Path) -> tuple[Picture, ...]:
    """Every image of an evaluator's NPZ (rgb, depth, log_disparity), the prediction aligned to the truth per image.

    Raises:
      PictureError: the file is damaged, or its arrays do not fit together.
    """
    images, prediction = _read(path)
    valid = images.valid
    truth = -np.log(np.where(valid, images.depth, 1).astype(np.float64))
    aligned = align(prediction, truth, valid)
    metrics = per_image(prediction, images)
    return tuple(
        Picture(
            number=i + 1,
            rgb=_data_url(images.rgb[i]),
            truth=_data_url(_coloured(truth[i], truth[i], valid[i])),
            prediction=_data_url(_coloured(aligned[i], truth[i], valid[i])),
            delta1=float(metrics.delta1[i]),
            abs_rel=float(metrics.abs_rel[i]),
        )
        for i in range(len(images))
    )


def _read(path: Path) -> tuple[DepthImages, Float32[np.ndarray, "n h w"]]:
    try:
        with np.load(path) as arrays:  # never unpickles
            rgb, depth, prediction = (arrays[name] for name in ("rgb", "depth", "log_disparity"))
        _check(rgb, depth, prediction)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise PictureError(f"{path.name} cannot be shown ({error}); remove it, or run the final again") from error
    return DepthImages(rgb=rgb, depth=depth, group=("",) * len(depth)), prediction


def _check(rgb: np.ndarray, depth: np.ndarray, prediction: np.ndarray) -> None:
    if depth.ndim != 3 or rgb.shape != (*depth.shape, 3) or prediction.shape != depth.shape:
        raise ValueError(
            f"its shapes do not agree: rgb {rgb.shape}, depth {depth.shape}, prediction {prediction.shape}"
        )
    if [str(array.dtype) for array in (rgb, depth, prediction)] != ["uint8", "float32", "float32"]:
        raise ValueError(f"it must hold uint8, float32, float32, not {rgb.dtype}, {depth.dtype}, {prediction.dtype}")
    if not np.isfinite(prediction).all() or not (np.isfinite(depth) & (depth > 0)).any(axis=(1, 2)).all():
        raise ValueError("each image needs a finite prediction and a valid depth")


def _coloured(
    log_disparity: Float[np.ndarray, "h w"], truth: Float[np.ndarray, "h w"], valid: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    """Near is bright, far is dark, invalid is grey; the range is the truth's, for both."""
    low, high = np.percentile(truth[valid], PERCENTILES)
    scaled = np.clip((log_disparity - low) / ((high - low) or 1.0), 0, 1)
    colours = np.round(255 * matplotlib.colormaps[COLOUR_MAP](scaled)[..., :3]).astype(np.uint8)
    shown: UInt8[np.ndarray, "h w 3"] = np.where(valid[..., None], colours, np.uint8(INVALID_GREY))
    return shown


def _data_url(pixels: UInt8[np.ndarray, "h w 3"]) -> str:
    factor = max(1, -(-MIN_HEIGHT // pixels.shape[0]))
    buffer = io.BytesIO()
    Image.fromarray(pixels.repeat(factor, axis=0).repeat(factor, axis=1)).save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
