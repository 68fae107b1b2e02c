"""From log-disparity to parallax: how much each pixel moves with the eye, from 0 for the farthest to 1 for the nearest.

When the eye moves sideways by one unit, a point at distance z moves by an amount proportional to 1/z in the picture. So
parallax is disparity, scaled; planes of the scene stay planes. Disparity is exp(log-disparity), of which a network
trained up to scale and shift knows no unit: more than `DEEPEST` between far and near is taken for too much and scaled.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32

TRAVEL = 0.04  # of the picture's width: how far the nearest moves against the farthest, from the middle to each side
DEEPEST = 8.0  # nearest to farthest, as a ratio of distances
PERCENTILES = (0.5, 99.5)
FLAT = 1e-6  # of log-disparity: less is rounding
REACH = 3  # cells on each side of an edge in which a slope is taken for a blurred step


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parallax:
    """Parallax of a picture's cells, with steps for edges.

    Attributes:
      values: in [0, 1].
      ratio: distance of what has parallax 0, by that of what has 1; 1 for a flat picture.
    """

    values: Float32[np.ndarray, "h w"]
    ratio: float

    @property
    def travel(self) -> float:
        """Of the nearest against the farthest, in cells."""
        return TRAVEL * float(self.values.shape[1])

    @property
    def cut(self) -> float:
        """Between neighbours: more, and they are torn apart rather than stretched to more than twice their length."""
        return 1 / self.travel


def parallax_of(log_disparity: Float32[np.ndarray, "p q"], size: tuple[int, int]) -> Parallax:
    """Args: `log_disparity` at any size; `size` is the cells' height and width."""
    small = cv2.resize(log_disparity, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    low, high = (float(one) for one in np.percentile(small, PERCENTILES))
    depth = min(high - low, math.log(DEEPEST))
    if depth < FLAT:
        return Parallax(values=np.zeros(size, np.float32), ratio=1.0)
    disparity = np.exp(np.clip((small - low) / (high - low), 0, 1) * depth)
    values = ((disparity - 1) / (math.exp(depth) - 1)).astype(np.float32)
    rough = Parallax(values=values, ratio=math.exp(depth))
    return Parallax(values=stepped(values, rough.cut), ratio=rough.ratio)


def stepped(values: Float32[np.ndarray, "h w"], cut: float) -> Float32[np.ndarray, "h w"]:
    """Blurred edges made steps; the near side keeps the cell on the edge, in which colours of both sides are mixed.

    Each cell by a steep slope takes the nearest or the farthest value around it, whichever is closer to its own.
    """
    calm = cv2.medianBlur(values, 5)
    near, far = (change(calm, _window(REACH)) for change in (cv2.dilate, cv2.erode))
    steep = _window_max(_steepness(calm), REACH) > cut
    steps = cv2.medianBlur(np.where(steep, np.where(near - calm < calm - far, near, far), calm), 3)
    grown = cv2.dilate(steps, _window(1))
    stepped: Float32[np.ndarray, "h w"] = np.where(grown - steps > cut, grown, steps).astype(np.float32)
    return stepped


def _steepness(values: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """The largest difference to a neighbour."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    steepness: Float32[np.ndarray, "h w"] = np.maximum(
        cv2.dilate(values, cross) - values, values - cv2.erode(values, cross)
    )
    return steepness


def _window(reach: int) -> np.ndarray:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


def _window_max(values: Float32[np.ndarray, "h w"], reach: int) -> Float32[np.ndarray, "h w"]:
    largest: Float32[np.ndarray, "h w"] = cv2.dilate(values, _window(reach))
    return largest
