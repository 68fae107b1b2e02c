"""HEIC with depth beside the picture, as iPhones write portraits. Needs pillow-heif.

Representations of ITU-T H.265, depth representation information: 0 is 1 / z between 1 / far and 1 / near, 1 is
disparity between d_min and d_max, which iPhones state in 1 / m.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from nas.depth.data.files import Picture, Turn, open_heic, same_aspect, turned
from nas.depth.data.images import DataError
from nas.depth.data.readers._phone_depth import Range
from nas.errors import reading

RULE, CURE = "a HEIC must be whole", "replace it"


def has_depth(path: Path) -> bool:
    """Whether a file has depth that can be read; decodes no picture."""
    with reading(path, DataError, rule=RULE, cure=CURE):
        return bool(_depths(open_heic(path, path.read_bytes())))


def read_heic(path: Path, content: bytes) -> tuple[Picture, Shaped[np.ndarray, "h w"], Turn, Range]:
    """The picture set upright, its depth map likewise, how that was turned, and what its numbers mean.

    Raises:
      DataError: it cannot be read, has no depth, or depth that is not described.
    """
    with reading(path, DataError, rule=RULE, cure=CURE):
        image = open_heic(path, content)
        depths = _depths(image)
        if not depths:
            raise DataError(f"a portrait needs depth, {path} has none; remove it")
        rgb = np.asarray(image.convert("RGB"))
        numbers, word = np.asarray(depths[0].to_pillow()), image.info.get("original_orientation") or 1
    shape = (rgb.shape[0], rgb.shape[1])
    picture = Picture(rgb=np.ascontiguousarray(rgb), orientation=None, stored=shape)
    numbers, turn = _upright(numbers, shape, word)
    return picture, numbers, turn, _range(path, depths[0].info.get("metadata") or {})


def _upright(numbers: Shaped[np.ndarray, "h w"], shape: tuple[int, int], word: int) -> tuple[np.ndarray, Turn]:
    """The library turns the picture, and not always its depth."""
    if same_aspect((numbers.shape[0], numbers.shape[1]), shape):
        return numbers, "none"
    return turned(numbers, word), "with its picture"


def _range(path: Path, said: dict[str, Any]) -> Range:
    kind = said.get("representation_type")
    if kind == 1 and "d_min" in said and "d_max" in said:
        return Range(format="disparity", low=said["d_min"], high=said["d_max"])
    if kind == 0 and said.get("z_near", 0) > 0 and said.get("z_far", 0) > 0:
        return Range(format="disparity", low=1 / said["z_far"], high=1 / said["z_near"])
    raise DataError(
        "a HEIC's depth is described by d_min and d_max, or by z_near and z_far, "
        f"{path} has {', '.join(f'{name} {value}' for name, value in said.items()) or 'neither'}; remove it"
    )


def _depths(image: Image.Image) -> list[Any]:
    return [depth for depth in image.info.get("depth_images", ()) if depth is not None]
