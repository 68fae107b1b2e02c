"""Images beside their true and their predicted depth, in colours: what `nas.depth.task_card` calls its pictures."""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Bool, Float, UInt8

from nas.depth.data import DepthImages
from nas.depth.metrics import align, per_image

COLOUR_MAP = "magma"
INVALID_GREY = 128
PERCENTILES = (2.0, 98.0)


def views(images: DepthImages, prediction: Float[np.ndarray, "n h w"]) -> dict[str, Any]:
    """The card's arrays, the log-disparity `prediction` aligned to the truth per image.

    Raises:
      ValueError: an image has no valid depth, or its prediction is not finite; see `nas.depth.metrics.per_image`.
    """
    metrics = per_image(prediction, images)
    valid = images.valid
    truth = -np.log(np.where(valid, images.depth, 1).astype(np.float64))
    aligned = align(prediction, truth, valid)
    coloured = {
        name: np.stack([_coloured(*each) for each in zip(shown, truth, valid, strict=True)])
        for name, shown in (("true", truth), ("predicted", aligned))
    }
    return {"image": images.rgb, **coloured, "delta1": metrics.delta1, "abs_rel": metrics.abs_rel}


def from_predictions(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The same of the predictions (rgb, depth, log_disparity) that earlier versions kept in place of views.

    Raises:
      KeyError: an array is missing.
      ValueError: they do not fit together.
    """
    rgb, depth, prediction = (arrays[name] for name in ("rgb", "depth", "log_disparity"))
    if depth.ndim != 3 or rgb.shape != (*depth.shape, 3) or prediction.shape != depth.shape:
        raise ValueError(
            f"its shapes do not agree: rgb {rgb.shape}, depth {depth.shape}, prediction {prediction.shape}"
        )
    if [str(array.dtype) for array in (rgb, depth, prediction)] != ["uint8", "float32", "float32"]:
        raise ValueError(f"it must hold uint8, float32, float32, not {rgb.dtype}, {depth.dtype}, {prediction.dtype}")
    return views(DepthImages(rgb=rgb, depth=depth, group=("",) * len(depth)), prediction)


def _coloured(
    log_disparity: Float[np.ndarray, "h w"], truth: Float[np.ndarray, "h w"], valid: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    """Near is bright, far is dark, invalid is grey; the range is the truth's, for both."""
    low, high = np.percentile(truth[valid], PERCENTILES)
    scaled = np.clip((log_disparity - low) / ((high - low) or 1.0), 0, 1)
    colours = np.round(255 * matplotlib.colormaps[COLOUR_MAP](scaled)[..., :3]).astype(np.uint8)
    shown: UInt8[np.ndarray, "h w 3"] = np.where(valid[..., None], colours, np.uint8(INVALID_GREY))
    return shown
