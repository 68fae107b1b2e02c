"""Depth of a whole clip: a file for each frame, one grey for one depth within a shot, and both side by side."""

from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float32
from PIL import Image

pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")
pytest.importorskip("av", reason="pip install 'chamnas[pictures]'")

from nas.pictures import DepthModel
from nas.pictures.video import VideoError
from nas.pictures.video.clip import Clip, frames_of, look_at
from nas.pictures.video.depth import Made, video_files
from tests.nas.pictures.video.test_clip import pictures, saved


def brightness(given: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "h w"]:
    """Bright is near: log-disparity from 0 to 1."""
    return given[0].mean(axis=0)


MODEL = DepthModel(name="brightness", size=(48, 64), is_fixed=False, side_multiple=16, answer=brightness)


def made(clip: Clip, out: Path, told: list[int]) -> Made:
    return video_files(MODEL, clip, folder=out / "a-depth", beside=out / "a.mp4", long_side=None, told=told.append)


def greys(path: Path) -> tuple[np.ndarray, str]:
    with Image.open(path) as image:
        return np.asarray(image).astype(int), image.info["Description"]


def test_each_frame_has_its_depth_and_the_square_is_near(tmp_path: Path) -> None:
    told: list[int] = []
    found = made(look_at(saved(tmp_path / "in.mp4", pictures(6))), tmp_path / "out", told)
    assert (found.num_frames, found.shots, found.size, told) == (6, 1, (48, 64), [1, 2, 3, 4, 5, 6])
    files = sorted((tmp_path / "out/a-depth").iterdir())
    assert [path.name for path in files] == [f"{number:06}.png" for number in range(6)]
    depths, texts = zip(*map(greys, files), strict=True)
    assert len(set(texts)) == 1  # of one shot: one grey is one depth
    for number, depth in enumerate(depths):
        square = depth[20:28, 4 * number + 4 : 4 * number + 12].mean()
        assert square > depth[:12].mean() + 10_000
    beside = list(frames_of(look_at(tmp_path / "out/a.mp4")))
    assert [frame.shape for frame in beside] == [(48, 128, 3)] * 6


def test_a_cut_begins_a_shot_of_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    other = [rng.integers(0, 90, (48, 64, 3), dtype=np.uint8)] * 4
    found = made(look_at(saved(tmp_path / "in.mp4", [*pictures(4), *other])), tmp_path / "out", [])
    assert (found.num_frames, found.shots) == (8, 2)
    assert len({greys(path)[1] for path in (tmp_path / "out/a-depth").iterdir()}) == 2


def test_a_file_that_ends_early_is_refused_and_leaves_no_half_video(tmp_path: Path) -> None:
    whole = saved(tmp_path / "in.mkv", pictures(6)).read_bytes()
    (tmp_path / "in.mkv").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(VideoError, match="FFmpeg can read"):
        made(look_at(tmp_path / "in.mkv"), tmp_path / "out", [])
    assert not (tmp_path / "out/a.mp4").exists()
