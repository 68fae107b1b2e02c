"""Size at which a network sees a picture: of the picture's aspect, as near as the network's side multiple allows."""

import math

from nas.pictures.model import DepthModel

LARGEST = 2048
"""Pixels of the long side: a network of 2 GFLOPs at 384 x 288 needs a hundred times as many there."""


def network_size(model: DepthModel, shape: tuple[int, int], long_side: int | None) -> tuple[int, int]:
    """Height and width for a picture of `shape`, a multiple of the model's `side_multiple` each.

    Args:
      long_side: wanted, in pixels; None for a picture of as many pixels as the network was trained on: what a pixel
        sees of a scene is then what it is used to.

    Raises:
      ValueError: the model takes one size only, and its long side is another.
    """
    if model.is_fixed:
        if long_side not in (None, max(model.size)):
            raise ValueError(
                f"{model.name} takes pictures of {model.size[0]}x{model.size[1]} only, got --size {long_side}; leave "
                "--size out, or export the network at another size"
            )
        return model.size
    aspect = max(shape) / min(shape)
    wanted = float(long_side or min(LARGEST, math.sqrt(model.size[0] * model.size[1] * aspect)))
    long, short = (_multiple(side, model.side_multiple) for side in (wanted, wanted / aspect))
    return (long, short) if shape[0] > shape[1] else (short, long)


def _multiple(side: float, multiple: int) -> int:
    return max(1, round(side / multiple)) * multiple
