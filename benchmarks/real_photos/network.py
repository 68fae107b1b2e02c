"""A depth network as it sees a whole picture, whatever its aspect."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from launch.deploy.depth_model import depth_model
from nas.depth.data.resample import shrink_rgb

Network = Callable[[UInt8[np.ndarray, "h w 3"]], Float32[np.ndarray, "p q"]]


def network_of(source: Path, size: tuple[int, int]) -> tuple[Network, tuple[int, int]]:
    """A network that takes a whole picture, and the height and width at which it sees it: `size`, or its only one.

    Raises:
      ValueError: as `depth_model` says.
    """
    model = depth_model(source)
    own = model.size if model.is_fixed else size

    def answer(rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "p q"]:
        small = shrink_rgb(rgb, own).astype(np.float32) / 255
        given = np.ascontiguousarray(small.transpose(2, 0, 1)[None])
        return np.asarray(model.answer(given), np.float32).reshape(own)

    return answer, own
