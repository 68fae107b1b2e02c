"""NPZ shards: depth pictures on disk, read without unpickling and written so that a shard is whole or absent.

A shard holds `rgb` uint8 [n, h, w, 3], `depth` float32 [n, h, w] and `group`, n strings.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from nas.depth.data.images import DataError, DepthImages
from nas.errors import refusing


def write_shard(path: Path, images: DepthImages) -> None:
    """Write `images` to `path`; a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, rgb=images.rgb, depth=images.depth, group=np.array(images.group, dtype=np.str_))
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_shard(path: Path) -> DepthImages:
    """The images of one shard.

    Raises:
      DataError: the file is damaged, foreign, or holds arrays of the wrong type or shape.
      FileNotFoundError: there is no such file.
    """
    # Opened here, because numpy leaves a file that it cannot read open.
    with path.open("rb") as file, refusing(DataError, lambda why: str(_damaged(path, why))):
        if file.read(2) != b"PK":  # numpy would advise to unpickle it
            raise _damaged(path, "it is no NPZ file")
        file.seek(0)
        with np.load(file, allow_pickle=False) as shard:
            rgb, depth, group = (_array(shard[name]) for name in ("rgb", "depth", "group"))
    if rgb.dtype != np.uint8 or depth.dtype != np.float32 or group.dtype.kind != "U" or rgb.shape != (*depth.shape, 3):
        raise _damaged(path, f"rgb {rgb.dtype} {rgb.shape}, depth {depth.dtype} {depth.shape}, group {group.dtype}")
    try:
        return DepthImages(rgb=rgb, depth=depth, group=tuple(group.tolist()))
    except DataError as error:
        raise _damaged(path, str(error)) from error


def _array(member: object) -> np.ndarray:
    """A member of an NPZ file, which numpy hands out as bytes where it is no array."""
    if not isinstance(member, np.ndarray):
        raise ValueError("a member is no array")
    return member


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(
        "a shard must be an NPZ file with rgb uint8 [n, h, w, 3], depth float32 [n, h, w] and group, n strings; "
        f"{path} is not ({reason}); delete it and make it again"
    )
