"""The embedded data set: pictures of the 68 maps of Freedoom, rendered once by ViZDoom and kept as NPZ shards.

Split by map, never by frame: of every eight maps one is for validation and one for test. Each map is rendered by an
engine of its own from (seed, map), so that the pictures depend neither on the number of workers nor on an interruption,
after which only the maps that are missing are rendered.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from nas.depth.data.freedoom.engine import wad_of
from nas.depth.data.freedoom.render import MapJob, render_map
from nas.depth.data.images import DataError, DepthData, DepthImages, concatenate
from nas.depth.data.storage import read_shard, write_shard
from nas.processes import end_with_parent

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
    _render_missing(folder, size=size, num_images=num_images, seed=seed, workers=workers, progress=progress)
    parts: dict[str, list[DepthImages]] = {"train": [], "validation": [], "test": []}
    for map_name in MAPS:
        parts[part_of(map_name)].append(read_shard(folder / f"{map_name}.npz"))
    return DepthData(
        train=concatenate(parts["train"]),
        validation=concatenate(parts["validation"]),
        test=concatenate(parts["test"]),
        name="freedoom",
        provenance=f"Freedoom's {len(MAPS)} maps rendered by ViZDoom, {num_images=}, {size=}, {seed=}; split by map",
    )


def shard_folder(cache_dir: Path, *, num_images: int, seed: int, size: tuple[int, int]) -> Path:
    """Where `load` keeps a setting's shards, one per map."""
    return cache_dir.resolve() / f"freedoom-v{_VERSION}-{size[0]}x{size[1]}-{num_images}-seed{seed}"


def part_of(map_name: str) -> str:
    """`train`, `validation` or `test`."""
    return {3: "validation", 7: "test"}.get(MAPS.index(map_name) % 8, "train")


def _render_missing(
    folder: Path,
    *,
    size: tuple[int, int],
    num_images: int,
    seed: int,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    quota = np.full(len(MAPS), num_images // len(MAPS)) + (np.arange(len(MAPS)) < num_images % len(MAPS))
    missing = [i for i, name in enumerate(MAPS) if not (folder / f"{name}.npz").exists()]
    if not missing:
        return
    jobs = [
        MapJob(
            wad=wad_of(MAPS[i]),
            map_name=MAPS[i],
            size=size,
            num_images=int(quota[i]),
            seed=(seed, i),
        )
        for i in missing
    ]
    _run(jobs, folder, workers=workers, progress=progress)


def _run(jobs: Sequence[MapJob], folder: Path, *, workers: int, progress: Callable[[int, int], None] | None) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="chamnas-render-") as scratch,
        ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_enter_scratch, initargs=(scratch,)
        ) as pool,
    ):
        done = len(MAPS) - len(jobs)
        for future in as_completed([pool.submit(_render_to, job, folder) for job in jobs]):
            future.result()
            done += 1
            if progress is not None:
                progress(done, len(MAPS))


def _enter_scratch(scratch: str) -> None:
    """Give this worker a folder of its own, since the engine leaves files where it stands."""
    end_with_parent()
    threadpool_limits(
        limits=1
    )  # threads for such small products made two workers take three times as long on two cores
    os.chdir(tempfile.mkdtemp(dir=scratch))


def _render_to(job: MapJob, folder: Path) -> None:
    write_shard(folder / f"{job.map_name}.npz", render_map(job))
