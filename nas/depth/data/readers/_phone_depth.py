"""Depth as phones state it: a map of 8 or 16 bits, and between which values its numbers lie.

RangeInverse   near x far / (far - v x (far - near)), where v is the number over the largest of its type
RangeLinear    near + v x (far - near)
disparity      1 / (d_min + v x (d_max - d_min)), HEIC's representation 1; with 1 / far and 1 / near it is 0

Source: https://developers.google.com/depthmap-metadata/encoding; ITU-T H.265, depth representation information.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Shaped

from nas.depth.data.images import DataError

Format = Literal["RangeInverse", "RangeLinear", "disparity"]
PER_METRE = {"m": 1.0, "meters": 1.0, "none": 1.0, "": 1.0, "mm": 1000.0}
DIOPTERS = "diopters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a map's numbers mean.

    Attributes:
      low: the value of 0: near, or the least disparity.
      high: the value of the largest number.
      unit: "m", "mm", "diopters", or what else a file says.
    """

    format: Format
    low: float
    high: float
    unit: str = "m"

    def depth(self, numbers: Shaped[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
        """Metres, as far as the phone knows them; NaN where it is infinite or there is none."""
        share = numbers.astype(np.float64) / np.iinfo(numbers.dtype).max
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.format == "RangeInverse":
                values = self.low * self.high / (self.high - share * (self.high - self.low))
            else:
                values = self.low + share * (self.high - self.low)
            inverse = self.format == "disparity" or self.unit == DIOPTERS
            metres: Float[np.ndarray, "h w"] = 1 / values if inverse else values / PER_METRE[self.unit]
        return np.where(np.isfinite(metres), metres, np.nan).astype(np.float32)


def range_of(path: str, format: str | None, low: str | None, high: str | None, unit: str | None) -> Range:
    """What a JPEG's properties say.

    Raises:
      DataError: one is missing, or nothing that is known.
    """
    known: dict[str, Format] = {"rangeinverse": "RangeInverse", "rangelinear": "RangeLinear"}
    said, measure = (format or "RangeInverse").lower(), (unit or "m").lower()
    try:
        ends = float(low or ""), float(high or "")
        if said not in known or (measure not in PER_METRE and measure != DIOPTERS) or ends[0] == ends[1]:
            raise ValueError
    except ValueError:
        raise DataError(
            f"a phone's depth needs Format RangeInverse or RangeLinear, Near and Far that differ, and Units of m, mm "
            f"or diopters, {path} has {format}, {low}, {high} and {unit}; remove it"
        ) from None
    return Range(format=known[said], low=ends[0], high=ends[1], unit=measure)
