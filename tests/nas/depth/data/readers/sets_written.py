"""Writes small data sets, each as its makers publish it: three scenes of a floor that comes nearer downward."""

from pathlib import Path

import numpy as np
from PIL import Image

from nas.depth.data.images import DepthData
from nas.depth.data.sets import DataSet, read_sets

HEIGHT, WIDTH = 12, 16
SIZE = (6, 8)


def ramp(seed: int = 0, *, nearest: float = 2.0, farthest: float = 6.0) -> np.ndarray:
    """Depth in metres that falls from the upper edge to the lower, float64 [h, w]; with a seed of its own noise."""
    rows = np.linspace(farthest, nearest, HEIGHT)[:, None] * np.ones(WIDTH)
    return rows + np.random.default_rng(seed).uniform(-0.05, 0.05, rows.shape)


def write_picture(path: Path, seed: int = 0, *, size: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(path)
    return rgb


def write_numbers(path: Path, numbers: np.ndarray) -> None:
    """A 16-bit PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(numbers).astype(np.uint16)).save(path)


def read(path: Path, reader: str | None = None) -> DepthData:
    return read_sets([DataSet(path=path, reader=reader)], size=SIZE)


def all_of(data: DepthData) -> dict[str, tuple[str, np.ndarray]]:
    """By group its part, and its first depth."""
    return {
        group: (part, images.depth[images.group.index(group)])
        for part, images in (("train", data.train), ("validation", data.validation), ("test", data.test))
        for group in images.group
    }


def shrunk(depth: np.ndarray) -> np.ndarray:
    """The mean of each 2 x 2 pixels: what all is read at."""
    return depth.reshape(SIZE[0], 2, SIZE[1], 2).mean(axis=(1, 3))
