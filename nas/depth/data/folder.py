"""A user's own pictures in the plain format, `rgb/` and `depth/`: see `nas.depth.data.readers.folder`."""

from collections.abc import Callable
from pathlib import Path

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.grouping import TEST_SHARE, VALIDATION_SHARE
from nas.depth.data.images import DepthData
from nas.depth.data.readers.folder import READER
from nas.depth.data.reading import AS_WRITTEN, read_set


def read_folder(
    folder: Path,
    *,
    size: tuple[int, int],
    meaning: Meaning = AS_WRITTEN,
    validation_share: float = VALIDATION_SHARE,
    test_share: float = TEST_SHARE,
    progress: Callable[[int, int], None] | None = None,
) -> DepthData:
    """The data set under `folder`, see `nas.depth.data.reading.read_set`."""
    return read_set(
        folder,
        READER,
        "folder",
        size=size,
        meaning=meaning,
        validation_share=validation_share,
        test_share=test_share,
        progress=progress,
    )
