"""The data set of scenes: its split, its cache, that every picture is a function of the seed."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nas.depth.data import things
from nas.depth.data.images import DataError, DepthImages
from nas.depth.data.storage import write_shard
from nas.depth.data.things.data_set import NUM_SHARDS, shows_depth

SETTINGS = {"num_images": NUM_SHARDS, "seed": 0, "size": (24, 32)}


def write_cache(folder: Path, *, without: tuple[int, ...] = ()) -> None:
    for i in range(NUM_SHARDS):
        if i not in without:
            rgb, depth = np.zeros((1, 24, 32, 3), dtype=np.uint8), np.ones((1, 24, 32), dtype=np.float32)
            write_shard(folder / f"scenes{i:02d}.npz", DepthImages(rgb=rgb, depth=depth, group=(f"scene{i}",)))


def test_a_full_cache_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("trimesh", "embreex", "embreex.rtcore_scene"):
        monkeypatch.setitem(sys.modules, name, None)
    write_cache(things.shard_folder(tmp_path, **SETTINGS))  # type: ignore[arg-type]
    data = things.load(tmp_path, **SETTINGS)  # type: ignore[arg-type]
    assert (len(data.train), len(data.validation), len(data.test)) == (48, 8, 8)
    with pytest.raises(DataError, match=r"pip install 'chamnas\[scenes\]'"):
        things.load(tmp_path, num_images=NUM_SHARDS, seed=1, size=(24, 32))


def test_only_what_is_missing_is_rendered_and_workers_change_nothing(tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason="makes the solids")
    pytest.importorskip("embreex", reason="traces the rays")
    made = []
    for workers in (1, 2):
        cache, seen = tmp_path / str(workers), list[tuple[int, int]]()
        write_cache(things.shard_folder(cache, **SETTINGS), without=(0, 1, 5))  # type: ignore[arg-type]
        made.append(things.load(cache, workers=workers, progress=lambda *done: seen.append(done), **SETTINGS).train)  # type: ignore[arg-type]  # noqa: B023
        assert seen == [(62, 64), (63, 64), (64, 64)]
    np.testing.assert_array_equal(made[0].rgb, made[1].rgb)
    np.testing.assert_array_equal(made[0].depth, made[1].depth)
    rendered = [name for name, rgb in zip(made[0].group, made[0].rgb, strict=True) if rgb.any()]
    assert rendered == ["scene0", "scene1", "scene5"]


def test_too_few_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least one per shard, 64, got 63"):
        things.load(tmp_path, num_images=63, seed=0, size=(24, 32))


def test_a_wall_shows_no_depth() -> None:
    wall = np.full((24, 32), 2.0, dtype=np.float32)
    assert not shows_depth(wall)
    assert not shows_depth(np.where(np.arange(32) < 31, wall, 20.0).astype(np.float32))  # a gap at its edge
    assert shows_depth(np.linspace(1, 3, 768, dtype=np.float32).reshape(24, 32))
