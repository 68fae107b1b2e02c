"""Folders of pictures and their depth in the plain format, written and read for tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from nas.depth.data import DepthData, Meaning
from nas.depth.data.readers.folder import READER
from nas.depth.data.reading import AS_WRITTEN, read_set


def read_folder(
    folder: Path,
    *,
    size: tuple[int, int],
    meaning: Meaning = AS_WRITTEN,
    progress: Callable[[int, int], None] | None = None,
) -> DepthData:
    return read_set(folder, READER, "folder", size=size, meaning=meaning, progress=progress)


def write_pair(folder: Path, name: str, *, kind: str = "png", depth: np.ndarray | None = None) -> np.ndarray:
    rng = np.random.default_rng(len(name))
    rgb_path, depth_path = folder / "rgb" / f"{name}.png", folder / "depth" / f"{name}.{kind}"
    for path in (rgb_path, depth_path):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(rgb_path)
    depth = rng.integers(1, 60_000, (8, 8)).astype(np.uint16) if depth is None else depth
    if kind == "png":
        Image.fromarray(depth).save(depth_path)
    elif kind == "npy":
        np.save(depth_path, depth)
    else:
        np.savez(depth_path, depth=depth)
    return depth
