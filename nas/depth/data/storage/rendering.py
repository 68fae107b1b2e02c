"""Pictures that are rendered once, in parts that do not know each other, and kept as NPZ shards, one a part.

An interrupted rendering goes on with the parts that are missing.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from threadpoolctl import threadpool_limits

from nas.depth.data.images import DepthImages, concatenate
from nas.depth.data.storage.shards import read_shard, write_shard
from nas.processes import end_with_parent

Part = Callable[[], DepthImages]
"""Renders one part; it goes to another process, and may leave files where it stands."""


def rendered(
    folder: Path,
    parts: Mapping[str, Part],
    *,
    check: Callable[[], object],
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, DepthImages]:
    """The pictures of every part, read from `folder`, where those that are missing are rendered first.

    Args:
      parts: by name, which is its shard's too.
      check: called first if anything is missing; raises where what renders is not installed.
      workers: processes that render at once.
      progress: called with (parts done, parts in all) after each that is rendered.

    Raises:
      DataError: a shard is damaged, or what `check` or a part raises.
    """
    missing = {name: part for name, part in parts.items() if not (folder / f"{name}.npz").exists()}
    if missing:
        check()
        _render(folder, missing, len(parts), workers, progress)
    return {name: read_shard(folder / f"{name}.npz") for name in parts}


def split(
    pieces: Mapping[str, DepthImages], part_of: Callable[[str], str]
) -> tuple[DepthImages, DepthImages, DepthImages]:
    """Train, validation and test: what belongs to each by its piece's name, of which each has one at least."""
    train, validation, test = (
        concatenate([images for name, images in pieces.items() if part_of(name) == part])
        for part in ("train", "validation", "test")
    )
    return train, validation, test


def _render(
    folder: Path, missing: Mapping[str, Part], num: int, workers: int, progress: Callable[[int, int], None] | None
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="chamnas-render-") as scratch,
        ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_enter_scratch, initargs=(scratch,)
        ) as pool,
    ):
        done = num - len(missing)
        shards = [pool.submit(_render_to, folder / f"{name}.npz", part) for name, part in missing.items()]
        for future in as_completed(shards):
            future.result()
            done += 1
            if progress is not None:
                progress(done, num)


def _enter_scratch(scratch: str) -> None:
    """Give this worker a folder of its own, since an engine leaves files where it stands."""
    end_with_parent()
    # Threads for such small products made two workers take three times as long on two cores.
    threadpool_limits(limits=1)
    os.chdir(tempfile.mkdtemp(dir=scratch))


def _render_to(path: Path, part: Part) -> None:
    write_shard(path, part())
