"""Metrics of a relative depth map, after its free scale and shift are aligned to the truth for each image.

Notation: p the prediction, any affine gauge of log-disparity; z the true depth, in the data set's own unit; for each
image the sums run over its valid pixels only.

Alignment. With d = -log z, the scale a and shift b minimise sum (a p + b - d)^2 under a >= 0, in the log domain; the
aligned depth is exp(-(a p + b)). A prediction that is upside down gets a = 0: it is worth a constant, never more.

    delta1       share of pixels with max(aligned / z, z / aligned) < 1.25; higher is better
    abs_rel      mean |aligned - z| / z
    rmse         root of the mean squared (aligned - z), in the unit of z
    si_log_rmse  standard deviation of log aligned - log z (natural log); no scale of depth changes it

Source: Eigen et al. 2014, "Depth map prediction from a single image using a multi-scale deep network", section 3.2
and table 1 (lambda = 1 for the scale-invariant error); Ranftl et al. 2020 (MiDaS), equation 4, for the alignment.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float

from nas.depth.data import DepthImages

DELTA1_RATIO = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Mean metrics over images, each image counting the same."""

    delta1: float
    abs_rel: float
    rmse: float
    si_log_rmse: float

    @property
    def error(self) -> float:
        """What a search minimises: 1 - delta1."""
        return 1.0 - self.delta1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageMetrics:
    """One value per image of each metric."""

    delta1: Float[np.ndarray, " n"]
    abs_rel: Float[np.ndarray, " n"]
    rmse: Float[np.ndarray, " n"]
    si_log_rmse: Float[np.ndarray, " n"]

    def mean(self) -> Metrics:
        return Metrics(**{field.name: float(getattr(self, field.name).mean()) for field in fields(self)})


def score(prediction: Float[np.ndarray, "n h w"], images: DepthImages) -> Metrics:
    """The mean metrics of log-disparity `prediction`, each image in any affine gauge.

    Raises:
      ValueError: see `per_image`.
    """
    return per_image(prediction, images).mean()


def per_image(prediction: Float[np.ndarray, "n h w"], images: DepthImages) -> ImageMetrics:
    """The metrics of each image.

    Raises:
      ValueError: there is no image, an image has no valid pixel, or a prediction is not finite on a valid pixel.
    """
    valid = images.valid
    _check(prediction, valid)
    truth = np.log(np.where(valid, images.depth, 1).astype(np.float64))
    aligned = -align(prediction, -truth, valid)
    log_ratio = np.where(valid, aligned - truth, 0)
    count = valid.sum(axis=(1, 2))
    relative = np.expm1(log_ratio)  # aligned / z - 1, and 0 on invalid pixels

    def mean(values: Float[np.ndarray, "n h w"]) -> Float[np.ndarray, " n"]:
        means: Float[np.ndarray, " n"] = values.sum(axis=(1, 2)) / count
        return means

    close = valid & (np.abs(log_ratio) < np.log(DELTA1_RATIO))
    return ImageMetrics(
        delta1=mean(close.astype(np.float64)),
        abs_rel=mean(np.abs(relative)),
        rmse=np.sqrt(mean((relative * np.exp(truth)) ** 2)),
        si_log_rmse=np.sqrt(np.maximum(mean(log_ratio**2) - mean(log_ratio) ** 2, 0)),
    )


def align(
    prediction: Float[np.ndarray, "n h w"], target: Float[np.ndarray, "n h w"], valid: Bool[np.ndarray, "n h w"]
) -> Float[np.ndarray, "n h w"]:
    """For each image a * prediction + b, its a >= 0 and b of least squared error to `target` on valid pixels."""
    count = np.maximum(valid.sum(axis=(1, 2), keepdims=True), 1)
    prediction = np.where(valid, prediction, 0).astype(np.float64)
    target = np.where(valid, target, 0).astype(np.float64)
    prediction_mean = prediction.sum(axis=(1, 2), keepdims=True) / count
    target_mean = target.sum(axis=(1, 2), keepdims=True) / count
    centred = np.where(valid, prediction - prediction_mean, 0)
    covariance = (centred * target).sum(axis=(1, 2), keepdims=True)
    variance = (centred**2).sum(axis=(1, 2), keepdims=True)
    scale = np.maximum(covariance, 0) / np.where(variance > 0, variance, 1)
    aligned: Float[np.ndarray, "n h w"] = scale * centred + target_mean
    return aligned


class NotFiniteError(ValueError):
    """A prediction that is NaN or infinite."""


def _check(prediction: Float[np.ndarray, "n h w"], valid: Bool[np.ndarray, "n h w"]) -> None:
    if not len(prediction):
        raise ValueError("metrics need at least one image, got 0; give a part of the data that has images")
    empty = np.flatnonzero(~valid.any(axis=(1, 2)))
    if len(empty):
        raise ValueError(f"every image needs a valid depth pixel, image {empty[0]} has none; leave it out")
    broken = np.flatnonzero((valid & ~np.isfinite(prediction)).any(axis=(1, 2)))
    if len(broken):
        raise NotFiniteError(f"predictions must be finite, image {broken[0]} has NaN or infinity; the network diverged")
