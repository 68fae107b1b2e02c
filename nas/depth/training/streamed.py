"""Training batches of pictures that lie in files, because they do not fit into memory.

Each batch is read when it is drawn, and the next one meanwhile; what comes out is bit for bit what
`nas.depth.training.batches` cuts from the same pictures in memory.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Int64

from nas.depth.data import DepthImages
from nas.depth.training.batches import Batch, load
from nas.depth.training.recipe import Recipe


class StreamedBatches:
    """See `nas.depth.training.batches.Pictures`."""

    def __init__(self, images: DepthImages, device: torch.device) -> None:
        self._images, self._device = images, device
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._next: tuple[bytes, Future[DepthImages]] | None = None

    def cut(self, indices: Int64[np.ndarray, " b"], recipe: Recipe, rng: np.random.Generator) -> Batch:
        """The images at `indices`, augmented as `recipe` says."""
        ahead, self._next = self._next, None
        taken = ahead[1].result() if ahead and ahead[0] == indices.tobytes() else self._images.take(indices)
        return load(taken, self._device).cut(np.arange(len(indices)), recipe, rng)

    def read_ahead(self, indices: Int64[np.ndarray, " b"]) -> None:
        """Begin to read what will be cut next."""
        self._next = (indices.tobytes(), self._reader.submit(self._images.take, indices))
