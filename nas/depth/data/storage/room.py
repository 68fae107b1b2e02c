"""Room for training pictures: in memory as far as they may take it, else in files of a folder."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.depth.data.images import DepthImages
from nas.depth.data.storage.mapped import MappedArray, Writing

BYTES_PER_PIXEL = 3 + 4
SHARE = 0.25
"""Of a machine's memory: a training holds its pictures and their logarithms, and a driver and its workers one each."""
Fill = Callable[[np.ndarray, np.ndarray], tuple[str, ...]]
"""Fills colour and depth, image by image, and gives the groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where pictures may lie.

    Attributes:
      folder: for those that are too many; on a cluster one that all machines share.
      memory_bytes: what training pictures may take in memory.
    """

    folder: Path
    memory_bytes: int

    def is_too_small(self, number: int, size: tuple[int, int]) -> bool:
        return number * size[0] * size[1] * BYTES_PER_PIXEL > self.memory_bytes


def usual_room(folder: Path) -> Room:
    """A share of this machine's memory, and files below `folder`."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Room(folder=folder / "pictures", memory_bytes=int(SHARE * memory))


def filled(number: int, size: tuple[int, int], fill: Fill, room: Room | None, name: str) -> DepthImages:
    """So many images, written by `fill` where they will lie.

    Args:
      name: of their files, if they lie in files.
    """
    if room is None or not room.is_too_small(number, size):
        rgb, depth = np.empty((number, *size, 3), dtype=np.uint8), np.empty((number, *size), dtype=np.float32)
        return DepthImages(rgb=rgb, depth=depth, group=fill(rgb, depth))
    with _writing(room.folder / f"{name}-rgb.npy", (number, *size, 3), np.uint8) as colours:
        with _writing(room.folder / f"{name}-depth.npy", (number, *size), np.float32) as depths:
            group = fill(colours.array, depths.array)
            return DepthImages(rgb=colours.done(), depth=depths.done(), group=group)


def is_in_files(images: DepthImages) -> bool:
    return isinstance(images.rgb, MappedArray)


def joined(parts: Sequence[DepthImages], name: str, room: Room | None) -> DepthImages:
    """All images of `parts` in order, in files if they do not fit; without their draws."""

    def fill(rgb: np.ndarray, depth: np.ndarray) -> tuple[str, ...]:
        at = 0
        for part in parts:
            for image in range(len(part)):
                rgb[at], depth[at] = part.rgb[image], part.depth[image]
                at += 1
        return tuple(group for part in parts for group in part.group)

    return filled(sum(map(len, parts)), parts[0].size, fill, room, name)


@contextmanager
def _writing(path: Path, shape: tuple[int, ...], dtype: type) -> Iterator[Writing]:
    writing = Writing(path, shape, dtype)
    try:
        yield writing
    finally:
        writing.dropped()
