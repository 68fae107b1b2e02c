"""Baseline predictions that ignore the picture: constant depth, and the mean map of log-disparity in training."""

import numpy as np
from jaxtyping import Bool, Float, Float32

from nas.depth.data import DepthImages


def constant_map(images: DepthImages) -> Float32[np.ndarray, "n h w"]:
    """The same depth everywhere; aligned per image, it is the best constant in the log domain."""
    return np.zeros_like(images.depth)


def mean_map(train: DepthImages, images: DepthImages) -> Float32[np.ndarray, "n h w"]:
    """The mean log-disparity map of `train`, for every image of `images`.

    Each training image is centred first, so that a pixel that is often sky is not biased by the images where it is
    none. A pixel that no training image has gets 0, the mean of all.
    """
    valid = train.valid
    log_disparity = -np.log(np.where(valid, train.depth, 1))
    mean = _masked_mean(log_disparity, valid, axis=(1, 2))
    centred = np.where(valid, log_disparity - mean[:, None, None], 0)
    one = _masked_mean(centred, valid, axis=(0,)).astype(np.float32)
    return np.broadcast_to(one, (len(images), *one.shape)).copy()


def _masked_mean(
    values: Float[np.ndarray, "n h w"], valid: Bool[np.ndarray, "n h w"], *, axis: tuple[int, ...]
) -> Float[np.ndarray, "*rest"]:
    mean: Float[np.ndarray, "*rest"] = np.where(valid, values, 0).sum(axis=axis) / np.maximum(valid.sum(axis=axis), 1)
    return mean
