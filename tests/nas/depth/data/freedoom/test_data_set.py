"""The embedded data set: its split, its cache, and what is rendered anew."""

import sys
from pathlib import Path

import numpy as np
import pytest

from nas.depth.data import freedoom
from nas.depth.data.images import DataError, DepthImages
from nas.depth.data.storage.shards import write_shard


def test_there_are_68_maps_and_each_is_in_one_part() -> None:
    assert len(set(freedoom.MAPS)) == 68
    parts = [freedoom.part_of(name) for name in freedoom.MAPS]
    assert [parts.count(part) for part in ("train", "validation", "test")] == [51, 9, 8]


def write_cache(folder: Path, *, without: tuple[str, ...] = ()) -> None:
    for name in freedoom.MAPS:
        if name not in without:
            rgb, depth = np.zeros((1, 32, 32, 3), dtype=np.uint8), np.ones((1, 32, 32), dtype=np.float32)
            write_shard(folder / f"{name}.npz", DepthImages(rgb=rgb, depth=depth, group=(name,)))


def test_a_full_cache_needs_no_vizdoom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vizdoom", None)
    write_cache(freedoom.shard_folder(tmp_path, num_images=68, seed=0, size=(32, 32)))
    data = freedoom.load(tmp_path, num_images=68, seed=0, size=(32, 32))
    assert (len(data.train), len(data.validation), len(data.test)) == (51, 9, 8)
    assert [freedoom.part_of(name) for name in data.test.group] == ["test"] * 8
    with pytest.raises(DataError, match=r"pip install 'chamnas\[demo\]'"):
        freedoom.load(tmp_path, num_images=69, seed=0, size=(32, 32))


def test_after_an_interruption_only_the_missing_maps_are_rendered(tmp_path: Path) -> None:
    pytest.importorskip("vizdoom")
    write_cache(
        freedoom.shard_folder(tmp_path, num_images=68, seed=0, size=(32, 32)), without=("E1M1", "MAP02", "MAP03")
    )
    seen: list[tuple[int, int]] = []
    data = freedoom.load(
        tmp_path, num_images=68, seed=0, size=(32, 32), workers=2, progress=lambda *done: seen.append(done)
    )
    assert seen == [(66, 68), (67, 68), (68, 68)]
    rendered = {name for name, rgb in zip(data.train.group, data.train.rgb, strict=True) if rgb.any()}
    assert rendered | {"MAP03"} == {"E1M1", "MAP02", "MAP03"}
    assert not [path for path in tmp_path.rglob("*") if "vizdoom" in path.name or path.suffix == ".part"]


def test_a_damaged_shard_of_the_cache_is_named(tmp_path: Path) -> None:
    folder = freedoom.shard_folder(tmp_path, num_images=68, seed=0, size=(32, 32))
    write_cache(folder)
    (folder / "MAP09.npz").write_bytes(b"not a zip")
    with pytest.raises(DataError, match=r"MAP09\.npz is not .*delete it and make it again"):
        freedoom.load(tmp_path, num_images=68, seed=0, size=(32, 32))


def test_too_few_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least one per map, 68, got 67"):
        freedoom.load(tmp_path, num_images=67, seed=0)


@pytest.mark.slow
def test_the_number_of_workers_does_not_change_the_pictures(tmp_path: Path) -> None:
    pytest.importorskip("vizdoom")
    settings = {"num_images": 68, "seed": 0, "size": (32, 32)}
    data = []
    for workers in (1, 2):
        cache = tmp_path / str(workers)
        write_cache(freedoom.shard_folder(cache, **settings), without=freedoom.MAPS[:6])
        data.append(freedoom.load(cache, workers=workers, **settings).train)
    np.testing.assert_array_equal(data[0].rgb, data[1].rgb)
    np.testing.assert_array_equal(data[0].depth, data[1].depth)
    assert data[0].rgb[:5].any(axis=(1, 2, 3)).all()
