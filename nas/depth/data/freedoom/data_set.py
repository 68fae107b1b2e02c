"""The embedded data set: pictures of the 68 maps of Freedoom, rendered once by ViZDoom and kept as NPZ shards.

Split by map, never by frame: of every eight maps one is for validation and one for test. Each map is rendered by an
engine of its own from (seed, map), so that the pictures depend neither on the number of workers nor on an interruption,
after which only the maps that are missing are rendered.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from nas.depth.data.freedoom.engine import vizdoom_module, wad_of
from nas.depth.data.freedoom.render import MapJob, render_map
from nas.depth.data.images import DataError, DepthData, DepthImages
from nas.depth.data.storage import Part, rendered, split

MAPS: tuple[str, ...] = (
    *(f"E{episode}M{number}" for episode in range(1, 5) for number in range(1, 10)),
    *(f"MAP{number:02d}" for number in range(1, 33)),
)
_VERSION = 1  # part of the folder's name; a change in what is rendered must raise it


def load(
    cache_dir: Path,
    *,
    num_images: int,
    seed: int,
    size: tuple[int, int] = (64, 64),
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> DepthData:
    """Freedoom's pictures, rendered on the first call and read from `cache_dir` afterwards.

    Args:
      cache_dir: where a folder per setting is kept; made if absent.
      num_images: over all maps and parts together, at least one per map. A few maps may yield less than their share.
      seed: decides every picture. The split by map is the same for every seed.
      size: height and width in pixels; the picture is the largest undistorted window of that shape.
      workers: processes that render at once.
      progress: called with (maps done, maps in all) after each map.

    Returns:
      Depth in map units (a person is 56 tall); the sky is invalid.

    Raises:
      DataError: vizdoom is not installed, too few images are asked for, or a shard is damaged.
    """
    if num_images < len(MAPS):
        raise DataError(f"num_images must be at least one per map, {len(MAPS)}, got {num_images}; ask for more")
    folder = shard_folder(cache_dir, num_images=num_images, seed=seed, size=size)
    parts = _parts(num_images=num_images, seed=seed, size=size)
    maps = rendered(folder, parts, check=vizdoom_module, workers=workers, progress=progress)
    train, validation, test = split(maps, part_of)
    return DepthData(
        train=train,
        validation=validation,
        test=test,
        name="freedoom",
        provenance=f"Freedoom's {len(MAPS)} maps rendered by ViZDoom, {num_images=}, {size=}, {seed=}; split by map",
    )


def shard_folder(cache_dir: Path, *, num_images: int, seed: int, size: tuple[int, int]) -> Path:
    """Where `load` keeps a setting's shards, one per map."""
    return cache_dir.resolve() / f"freedoom-v{_VERSION}-{size[0]}x{size[1]}-{num_images}-seed{seed}"


def part_of(map_name: str) -> str:
    """`train`, `validation` or `test`."""
    return {3: "validation", 7: "test"}.get(MAPS.index(map_name) % 8, "train")


def _parts(*, num_images: int, seed: int, size: tuple[int, int]) -> dict[str, Part]:
    """What renders each map."""
    share = np.full(len(MAPS), num_images // len(MAPS)) + (np.arange(len(MAPS)) < num_images % len(MAPS))
    return {
        name: partial(_render, name, size=size, num_images=int(share[i]), seed=(seed, i)) for i, name in enumerate(MAPS)
    }


def _render(map_name: str, *, size: tuple[int, int], num_images: int, seed: tuple[int, int]) -> DepthImages:
    return render_map(MapJob(wad=wad_of(map_name), map_name=map_name, size=size, num_images=num_images, seed=seed))
