"""The second embedded data set: pictures of scenes of things, made up and rendered one by one, kept as NPZ shards.

Split by scene, of which there is one a picture: of every eight shards one is for validation and one for test. Each
picture is a function of (seed, its number).
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from nas.depth.data.images import DataError, DepthData, DepthImages
from nas.depth.data.resample import shrink_depth, shrink_rgb
from nas.depth.data.storage import Part, rendered, split
from nas.depth.data.things.library import need_libraries
from nas.depth.data.things.scenes import random_scene
from nas.depth.data.things.tracing import traced

NUM_SHARDS, PREFIX = 64, "scenes"
LARGER = 2
"""Times that a picture is rendered larger than it is kept, by side."""
LEAST_SPREAD = 0.3
"""Of the logarithm of depth, between its 5 % and 95 % quantiles; what shows less is not kept."""
_VERSION = 1  # part of the folder's name; a change in what is rendered must raise it


def load(
    cache_dir: Path,
    *,
    num_images: int,
    seed: int,
    size: tuple[int, int],
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> DepthData:
    """The pictures, rendered on the first call and read from `cache_dir` afterwards.

    Args:
      cache_dir: where a folder per setting is kept; made if absent.
      num_images: over all parts together, at least one a shard.
      seed: decides every picture.
      size: height and width in pixels.
      workers: processes that render at once.
      progress: called with (shards done, shards in all) after each.

    Returns:
      Depth in distances of the thing that a picture is of; the sky is behind all else.

    Raises:
      DataError: trimesh or embreex is not installed, too few images are asked for, or a shard is damaged.
    """
    if num_images < NUM_SHARDS:
        raise DataError(f"num_images must be at least one per shard, {NUM_SHARDS}, got {num_images}; ask for more")
    folder = shard_folder(cache_dir, num_images=num_images, seed=seed, size=size)
    parts = _parts(num_images, size, seed)
    shards = rendered(folder, parts, check=need_libraries, workers=workers, progress=progress)
    train, validation, test = split(shards, _part_of)
    return DepthData(
        train=train,
        validation=validation,
        test=test,
        name="things",
        provenance=f"scenes of things made up at random and rendered by Embree, {num_images=}, {size=}, {seed=}",
    )


def shard_folder(cache_dir: Path, *, num_images: int, seed: int, size: tuple[int, int]) -> Path:
    """Where `load` keeps a setting's shards."""
    return cache_dir.resolve() / f"things-v{_VERSION}-{size[0]}x{size[1]}-{num_images}-seed{seed}"


def shows_depth(depth: Float32[np.ndarray, "h w"]) -> bool:
    """Whether it is more than a wall, or the sky."""
    low, high = np.quantile(np.log(depth), [0.05, 0.95])
    return bool(high - low >= LEAST_SPREAD)


def _part_of(shard: str) -> str:
    return {3: "validation", 7: "test"}.get(int(shard.removeprefix(PREFIX)) % 8, "train")


def _parts(num_images: int, size: tuple[int, int], seed: int) -> dict[str, Part]:
    numbers = np.array_split(np.arange(num_images), NUM_SHARDS)
    return {
        f"{PREFIX}{i:02d}": partial(_render, tuple(some.tolist()), size=size, seed=seed)
        for i, some in enumerate(numbers)
    }


def _render(numbers: tuple[int, ...], *, size: tuple[int, int], seed: int) -> DepthImages:
    rgb, depth = zip(*(_picture(np.random.default_rng((seed, number)), size) for number in numbers), strict=True)
    return DepthImages(rgb=np.stack(rgb), depth=np.stack(depth), group=tuple(f"scene{number}" for number in numbers))


def _picture(rng: np.random.Generator, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Colour and depth of the first scene that shows depth, as nearly every one does."""
    while True:
        rgb, depth = traced(random_scene(rng), (LARGER * size[0], LARGER * size[1]), rng)
        if shows_depth(depth):
            return shrink_rgb(rgb, size), shrink_depth(depth, size)
