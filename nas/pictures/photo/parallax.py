"""From log-disparity to parallax: how much each pixel moves with the eye, from 0 for the farthest to 1 for the nearest.

When the eye moves sideways by one unit, a point at distance z moves by an amount proportional to 1/z in the picture. So
parallax is disparity, scaled; planes of the scene stay planes. Disparity is exp(log-disparity), of which a network
trained up to scale and shift knows no unit: more than `DEEPEST` between far and near is taken for too much and scaled.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

TRAVEL = 0.04  # of the picture's width: how far the nearest moves against the farthest, from the middle to each side
DEEPEST = 8.0  # nearest to farthest, as a ratio of distances
PERCENTILES = (0.5, 99.5)
FLAT = 1e-6  # of log-disparity: less is rounding
SPECK = 24  # cells: what has fewer is no surface of its own
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


def parallax_of(log_disparity: Float32[np.ndarray, "h w"], colours: UInt8[np.ndarray, "h w 3"]) -> Parallax:
    """Parallax of cells, from their log-disparity and their colours."""
    low, high = (float(one) for one in np.percentile(log_disparity, PERCENTILES))
    depth = min(high - low, math.log(DEEPEST))
    if depth < FLAT:
        return Parallax(values=np.zeros_like(log_disparity), ratio=1.0)
    disparity = np.exp(np.clip((log_disparity - low) / (high - low), 0, 1) * depth)
    values = ((disparity - 1) / (math.exp(depth) - 1)).astype(np.float32)
    cut = Parallax(values=values, ratio=1.0).cut
    fitted = _fitted(stepped(values, cut), colours, cut)
    return Parallax(values=without_specks(fitted, cut), ratio=math.exp(depth))


def stepped(values: Float32[np.ndarray, "h w"], cut: float) -> Float32[np.ndarray, "h w"]:
    """Blurred edges made steps: by a steep slope each cell takes the nearest or the farthest value around it."""
    calm = cv2.medianBlur(values, 5)
    near, far = (change(calm, _window(REACH)) for change in (cv2.dilate, cv2.erode))
    steep = cv2.dilate(_steepness(calm), _window(REACH)) > cut
    steps = np.where(steep, np.where(near - calm < calm - far, near, far), calm)
    smooth: Float32[np.ndarray, "h w"] = cv2.medianBlur(steps, 3).astype(np.float32)
    return smooth


def _fitted(
    values: Float32[np.ndarray, "h w"], colours: UInt8[np.ndarray, "h w 3"], cut: float
) -> Float32[np.ndarray, "h w"]:
    """Cells beside the near side that have its colour made a part of it: a pixel of both sides goes with the near."""
    grown = cv2.dilate(values, _window(1))
    beside = grown - values > cut
    near = values - cv2.erode(values, _window(REACH)) > cut
    far = (cv2.dilate(values, _window(REACH)) - values > cut) & ~beside
    unlike = [_unlike(colours, side & ~beside) for side in (near, far)]
    return np.where(beside & (unlike[0] < unlike[1]), grown, values).astype(np.float32)


def without_specks(values: Float32[np.ndarray, "h w"], cut: float) -> Float32[np.ndarray, "h w"]:
    """Cells of small surfaces made a part of the nearest large one.

    Along an edge that a network has seen in another place than the picture has it lie many, each at a distance of its
    own. No eye tells them from noise, and there are not layers enough to go on as all of them behind the rest.
    """
    cells = np.arange(values.size).reshape(values.shape)
    pairs = [
        (here[linked], there[linked])
        for here, there, linked in (
            (cells[:, :-1], cells[:, 1:], np.abs(np.diff(values, axis=1)) <= cut),
            (cells[:-1], cells[1:], np.abs(np.diff(values, axis=0)) <= cut),
        )
    ]
    here, there = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = coo_array((np.ones(len(here), bool), (here, there)), shape=(values.size, values.size))
    _, surface = connected_components(links, directed=False)
    small = (np.bincount(surface)[surface] < SPECK).reshape(values.shape)
    if small.all():
        return values
    y, x = distance_transform_edt(small, return_distances=False, return_indices=True)
    cleaned: Float32[np.ndarray, "h w"] = values[y, x]
    return cleaned


def _unlike(colours: UInt8[np.ndarray, "h w 3"], side: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """How far each cell's colour is from the mean of a side's cells around it."""
    weight = side.astype(np.float32)
    window = (2 * REACH + 1, 2 * REACH + 1)
    total = cv2.boxFilter(colours * weight[..., None], -1, window, normalize=False)
    mean = total / np.maximum(cv2.boxFilter(weight, -1, window, normalize=False), 1e-6)[..., None]
    unlike: Float32[np.ndarray, "h w"] = np.linalg.norm(colours - mean, axis=2)
    return unlike


def _steepness(values: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """The largest difference to a neighbour."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    steepness: Float32[np.ndarray, "h w"] = np.maximum(
        cv2.dilate(values, cross) - values, values - cv2.erode(values, cross)
    )
    return steepness


def _window(reach: int) -> np.ndarray:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
