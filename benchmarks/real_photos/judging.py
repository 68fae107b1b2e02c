"""The errors of a network on one photograph, beside constant depth and a mean depth map, block by block."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64
from torch.nn.functional import interpolate

from benchmarks.real_photos.network import Network
from benchmarks.real_photos.photos import Seen
from nas.depth.data.resample import shrink_depth
from nas.depth.metrics import align

LONGEST = 640
NUM_BLOCKS = 8
"""Along each side of a photograph."""
NUM_DRAWS = 2000
DELTA1_RATIO = 1.25

Errors = dict[str, Float64[np.ndarray, " blocks"]]
"""By figure its sum over each block's valid pixels, and "pixels", how many those are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One photograph: by predictor its errors."""

    name: str
    errors: Mapping[str, Errors]

    def figure(self, predictor: str, figure: str) -> float:
        errors = self.errors[predictor]
        return float(errors[figure].sum() / errors["pixels"].sum())

    def difference(self, figure: str, other: str, rng: np.random.Generator) -> tuple[float, float]:
        """95 % interval of the network's figure less `other`'s, over blocks."""
        ours, theirs = self.errors["network"], self.errors[other]
        drawn = rng.integers(0, len(ours["pixels"]), (NUM_DRAWS, len(ours["pixels"])))
        pixels = np.maximum(ours["pixels"][drawn].sum(axis=1), 1)
        values = (ours[figure] - theirs[figure])[drawn].sum(axis=1) / pixels
        low, high = np.quantile(values, [0.025, 0.975])
        return float(low), float(high)


def judge(name: str, seen: Seen, network: Network, mean: Float32[np.ndarray, "p q"]) -> Judged:
    """A photograph's errors by the network, by constant depth and by a mean map of log-disparity."""
    rgb, depth = seen
    scale = min(1.0, LONGEST / max(depth.shape))
    shape = max(1, round(depth.shape[0] * scale)), max(1, round(depth.shape[1] * scale))
    truth = shrink_depth(depth, shape) if scale < 1 else depth
    predictions = {
        "network": enlarged(network(rgb), shape),
        "constant": np.zeros(shape, dtype=np.float32),
        "mean map": enlarged(mean, shape),
    }
    return Judged(name=name, errors={key: errors_of(one, truth) for key, one in predictions.items()})


def errors_of(prediction: Float32[np.ndarray, "h w"], truth: Float32[np.ndarray, "h w"]) -> Errors:
    """The figures' sums by block, after scale and shift are aligned over the whole photograph."""
    valid: Bool[np.ndarray, "h w"] = np.isfinite(truth) & (truth > 0)
    target = -np.log(np.where(valid, truth, 1).astype(np.float64))
    off = np.where(valid, target - align(prediction[None], target[None], valid[None])[0], 0)
    return {
        "abs_rel": _by_block(np.abs(np.expm1(off)) * valid),
        "delta1": _by_block((np.abs(off) < np.log(DELTA1_RATIO)) & valid),
        "pixels": _by_block(valid),
    }


def _by_block(values: Float[np.ndarray, "h w"] | Bool[np.ndarray, "h w"]) -> Float64[np.ndarray, " blocks"]:
    rows = np.array_split(values.astype(np.float64), NUM_BLOCKS, axis=0)
    return np.array([block.sum() for row in rows for block in np.array_split(row, NUM_BLOCKS, axis=1)])


def enlarged(values: Float32[np.ndarray, "p q"], shape: tuple[int, int]) -> Float32[np.ndarray, "h w"]:
    """Bilinear, or smaller by area."""
    tensor = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    result: Float32[np.ndarray, "h w"] = interpolate(tensor, shape, mode="bilinear", antialias=True)[0, 0].numpy()
    return result
