"""Pictures of one map: which frames are kept, that the seed decides them, and that depth is what one sees."""

from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.freedoom.render import MapJob, is_useful, render_map


def job(map_name: str, num_images: int, *, seed: int = 0) -> MapJob:
    vizdoom = pytest.importorskip("vizdoom")
    wad = Path(vizdoom.__file__).parent / "freedoom2.wad"
    return MapJob(wad=wad, map_name=map_name, size=(32, 32), num_images=num_images, seed=(seed, 0))


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # the engine leaves files where it stands
    return tmp_path


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
