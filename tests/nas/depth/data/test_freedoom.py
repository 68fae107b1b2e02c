import sys
from pathlib import Path

import numpy as np
import pytest

from nas.depth.data import freedoom
from nas.depth.data.images import DataError, DepthImages
from nas.depth.data.render import MapJob, is_useful, linear_depth, render_map
from nas.depth.data.shards import write_shard


def job(map_name: str, num_images: int, *, seed: int = 0) -> MapJob:
    vizdoom = pytest.importorskip("vizdoom")
    wad = Path(vizdoom.__file__).parent / "freedoom2.wad"
    return MapJob(wad=wad, map_name=map_name, size=(32, 32), num_images=num_images, seed=(seed, 0))


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # the engine leaves files where it stands
    return tmp_path


def test_there_are_68_maps_and_each_is_in_one_part() -> None:
    assert len(set(freedoom.MAPS)) == 68
    parts = [freedoom.part_of(name) for name in freedoom.MAPS]
    assert [parts.count(part) for part in ("train", "validation", "test")] == [51, 9, 8]


def test_depth_is_linear_in_the_byte_and_the_sky_has_none() -> None:
    code = np.array([[0, 100, 127]], dtype=np.uint8)
    np.testing.assert_allclose(linear_depth(code), [[14.5, 727.5, np.nan]])


def test_a_frame_must_show_depth() -> None:
    rng = np.random.default_rng(0)
    code = rng.integers(12, 60, (24, 20)).astype(np.uint8)
    rgb = np.full((24, 20, 3), 60, dtype=np.uint8)
    assert is_useful(rgb, code)
    assert not is_useful(rgb // 4, code), "too dark"
    assert not is_useful(rgb, code // 8), "a wall in one's face"
    assert not is_useful(rgb, np.full_like(code, 40)), "flat"
    assert not is_useful(rgb, np.where(rng.random(code.shape) < 0.02, 0, code).astype(np.uint8)), "inside geometry"
    assert not is_useful(rgb, np.where(np.arange(24)[:, None] < 18, 127, code).astype(np.uint8)), "nearly all sky"


def test_pictures_are_a_function_of_the_seed(scratch: Path) -> None:
    first, again, other = (render_map(job("MAP01", 3, seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.rgb, again.rgb)
    np.testing.assert_array_equal(first.depth, again.depth)
    assert not np.array_equal(first.rgb, other.rgb)
    assert first.group == ("MAP01",) * 3


def test_what_is_below_the_eye_is_nearer_than_what_is_level_with_it(scratch: Path) -> None:
    images = render_map(job("MAP07", 12))
    level, below = (np.nanmedian(images.depth[:, rows]) for rows in (slice(14, 18), slice(28, 32)))
    assert below < 0.7 * level
    assert images.valid.mean() > 0.5


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
