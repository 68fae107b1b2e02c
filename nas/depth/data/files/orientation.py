"""EXIF's orientation: sets stored pictures upright, and tells whether depth has to turn with its picture.

Cameras store a portrait lying on its side and note how to turn it. Depth beside it was made either from the stored
pixels or from the upright picture, and mostly does not say from which.
"""

import math
import warnings

import numpy as np
from jaxtyping import Shaped
from PIL import ExifTags, Image

UPRIGHT = 1
SIDEWAYS = (5, 6, 7, 8)  # orientations that swap height and width
UNREADABLE = 0
TOLERANCE = 0.01
"""Of an aspect: 4080 x 3072 pictures come with 640 x 480 depth, half a per cent off."""


def orientation_of(image: Image.Image) -> int | None:
    """EXIF's orientation, 1 to 8; None if the file says none, `UNREADABLE` if what it says cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of corrupt EXIF, and gives what it has read of it
        try:
            said = image.getexif().get(ExifTags.Base.Orientation)
        except Exception:  # the pixels may well be whole: damaged EXIF is no reason to refuse them
            return UNREADABLE
    if said in (None, 0):  # some cameras write 0 for unknown
        return None if said == 0 or _is_whole(image.info.get("exif") or b"") else UNREADABLE
    return said if isinstance(said, int) and said in range(1, 9) else UNREADABLE


def _is_whole(exif: bytes) -> bool:
    """Whether all of the EXIF data can be read; what Pillow cannot read it passes over."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            dict(_loaded(exif))
        except Exception:
            return False
    return True


def _loaded(exif: bytes) -> Image.Exif:
    loaded = Image.Exif()
    loaded.load(exif)
    return loaded


def turned(pixels: Shaped[np.ndarray, "h w *c"], orientation: int) -> Shaped[np.ndarray, "p q *c"]:
    """Stored pixels set upright.

    Source: Exif 2.32, table 6: what the stored first row and first column are in the upright picture.
    """
    upright = np.swapaxes(pixels, 0, 1) if orientation in SIDEWAYS else pixels
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return upright[::rows, ::columns]


def turns_with(depth: tuple[int, int], stored: tuple[int, int], orientation: int) -> bool:
    """Whether depth of shape `depth` lies like the stored picture; where the shapes do not tell, it does."""
    upright = stored[::-1] if orientation in SIDEWAYS else stored
    return misfit(depth, stored) <= misfit(depth, upright)


def same_aspect(shape: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one is the other scaled, its sides rounded to whole pixels."""
    if 0 in (*shape, *other):
        return False
    if (shape[0] == other[0]) != (shape[1] == other[1]):  # one side was cut off or padded: that is no scaling
        return False
    off_by = abs(shape[0] - shape[1] * other[0] / other[1]), abs(shape[1] - shape[0] * other[1] / other[0])
    return misfit(shape, other) <= TOLERANCE or min(off_by) < 1


def misfit(shape: tuple[int, int], other: tuple[int, int]) -> float:
    """Distance between two aspects: the absolute logarithm of their ratio, 0 for alike."""
    if 0 in (*shape, *other):
        return math.inf
    return abs(math.log(shape[0] * other[1] / (shape[1] * other[0])))
