"""Baseline predictions that ignore the picture: constant depth, and the mean map of log-disparity in training."""

import numpy as np
from jaxtyping import Bool, Float, Float32

from nas.depth.data import DepthImages

NUM_AT_ONCE = 4096
"""Images, so that those in files need not fit into memory."""


def constant_map(images: DepthImages) -> Float32[np.ndarray, "n h w"]:
    """The same depth everywhere; aligned per image, it is the best constant in the log domain."""
    return np.zeros_like(images.depth)


def mean_map(train: DepthImages, images: DepthImages) -> Float32[np.ndarray, "n h w"]:
    """The mean log-disparity map of `train`, for every image of `images`.

    Each training image is centred first, so that a pixel that is often sky is not biased by the images where it is
    none. A pixel that no training image has gets 0, the mean of all.
    """
    total, count = np.zeros(train.size, dtype=np.float32), np.zeros(train.size, dtype=np.int64)
    for start in range(0, len(train), NUM_AT_ONCE):
        depth = train.depth[start : start + NUM_AT_ONCE]
        valid = np.isfinite(depth) & (depth > 0)
        log_disparity = -np.log(np.where(valid, depth, 1))
        mean = _masked_mean(log_disparity, valid)
        total += np.where(valid, log_disparity - mean[:, None, None], 0).sum(axis=0)
        count += valid.sum(axis=0)
    one = (total / np.maximum(count, 1)).astype(np.float32)
    return np.broadcast_to(one, (len(images), *one.shape)).copy()


def _masked_mean(values: Float[np.ndarray, "n h w"], valid: Bool[np.ndarray, "n h w"]) -> Float[np.ndarray, " n"]:
    """Of each image."""
    mean: Float[np.ndarray, " n"] = np.where(valid, values, 0).sum(axis=(1, 2)) / np.maximum(valid.sum(axis=(1, 2)), 1)
    return mean
