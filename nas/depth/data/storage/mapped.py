"""Arrays in files, for training pictures that do not fit into memory: the system reads what is drawn, and forgets it.

A training draws its batches by index, so that step t is a function of (seed, t) and a killed one goes on to the same
bits. Streams of shards (WebDataset, LitData) give that up: they shuffle what is near. A memory-mapped NPY of what is
trained on keeps it, needs no library, and costs no decoding at each draw; shards are read once (`readers.webdataset`).
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy


class MappedArray(np.memmap[Any, Any]):
    """A read-only array in an NPY file; to another process travels its path. What is cut out of it is an array."""

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return part.view(np.ndarray) if isinstance(part, np.ndarray) else part

    def __reduce__(self) -> Any:
        return opened, (Path(str(self.filename)),)


def opened(path: Path) -> MappedArray:
    """The array of an NPY file, none of which is read yet."""
    array: MappedArray = npy.open_memmap(path, mode="r").view(MappedArray)
    return array


class Writing:
    """An array that is written piece by piece, and is there whole or not at all."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: type) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
        os.close(descriptor)
        self._path, self._part = path, Path(name)
        self.array: np.ndarray = npy.open_memmap(name, mode="w+", dtype=dtype, shape=shape)

    def done(self) -> MappedArray:
        """Put the file in its place; who has the old one open keeps it."""
        assert isinstance(self.array, np.memmap)
        self.array.flush()
        os.replace(self._part, self._path)
        return opened(self._path)

    def dropped(self) -> None:
        """Remove what was written."""
        self._part.unlink(missing_ok=True)
