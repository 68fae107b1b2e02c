"""A depth network as it sees a whole picture, whatever its aspect."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from launch.deploy.depth_model import depth_model
from nas.depth.data.resample import shrink_rgb
from nas.pictures.sizes import network_size

Network = Callable[[UInt8[np.ndarray, "h w 3"]], Float32[np.ndarray, "p q"]]


def network_of(source: Path, size: tuple[int, int] | None) -> Network:
    """A network that takes a whole picture.

    Args:
      size: height and width at which it sees every picture; None for a size of the picture's own aspect, as `nas
        depth` has it. A file of one size sees all at that.

    Raises:
      ValueError: as `depth_model` says.
    """
    model = depth_model(source)

    def answer(rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "p q"]:
        shape = size if size and not model.is_fixed else network_size(model, rgb.shape[:2], None)
        small = shrink_rgb(rgb, shape).astype(np.float32) / 255
        given = np.ascontiguousarray(small.transpose(2, 0, 1)[None])
        return np.asarray(model.answer(given), np.float32).reshape(shape)

    return answer
