"""Encoding of depth files: depth or disparity, and which values mark invalid pixels. The owner states it, no file does.

depth        greater is farther; not above 0, NaN and infinity are invalid
disparity    greater is nearer: depth is its inverse; the same are invalid
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float32, Shaped

from nas.depth.data.images import DataError

Kind = Literal["depth", "disparity"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Encoding of a folder's depth files, as their owner states it.

    Attributes:
      kind: see above; None if nobody has said, which is depth unless it looks otherwise.
      invalid: further values, as they stand in the files, that mark a pixel without depth.
      valid: values that are real although so many pixels have them that they look like a mark.

    Raises:
      DataError: a value is no finite number, or said to be both.
    """

    kind: Kind | None = None
    invalid: tuple[float, ...] = ()
    valid: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for value in (*self.invalid, *self.valid):
            if not math.isfinite(value):
                raise DataError(
                    f"a depth value is named by a finite number, got {value}; NaN and infinity mark invalid pixels "
                    "without being named, leave it out"
                )
        both = set(self.invalid) & set(self.valid)
        if both:
            raise DataError(f"a depth value is valid or invalid, {text_of(min(both))} is said to be both; drop one")

    @property
    def said(self) -> Kind:
        """What the files are taken to hold."""
        return self.kind or "depth"

    def is_valid(self, stored: Shaped[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
        """Mask of the numbers, as they stand in a file, that are valid."""
        valid: Bool[np.ndarray, "h w"] = np.isfinite(stored) & (stored > 0) & ~self.is_marked(stored)
        return valid

    def is_marked(self, stored: Shaped[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
        """Mask of the numbers that their owner has named as invalid."""
        marked = np.zeros(stored.shape, dtype=np.bool_)
        for value in self.invalid:
            marked |= _equal(stored, value)
        return marked

    def depth(self, stored: Shaped[np.ndarray, "h w"], valid: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
        """Depth in the files' own unit, or the inverse of their disparity; NaN where it is not valid."""
        known = np.where(valid, stored, 1)
        with np.errstate(over="ignore"):  # beyond 32 bits it becomes infinite, which is invalid
            depth = (1 / known.astype(np.float64) if self.kind == "disparity" else known).astype(np.float32)
        depth[~valid] = np.nan
        return depth


def text_of(value: float) -> str:
    """The shortest text that names a number of 16, 32 or 64 bits, such as 65535, 2.3 or 3.4028235e+38."""
    value = float(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if float(single) == value else repr(value)


def _equal(stored: Shaped[np.ndarray, "h w"], value: float) -> Bool[np.ndarray, "h w"]:
    """Mask of the entries that equal what a person has written, in the file's own precision."""
    if stored.dtype.kind != "f":
        return np.asarray(stored == value)
    with np.errstate(over="ignore"):
        return np.asarray(stored == stored.dtype.type(value))
