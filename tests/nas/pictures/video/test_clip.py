"""Clips in and out: frames come back as they were written, upright, and what is no video is refused by name."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av", reason="pip install 'chamnas[pictures]'")

from nas.pictures.video import VideoError  # noqa: E402
from nas.pictures.video.clip import frames_of, look_at, written  # noqa: E402


def pictures(num: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """A bright square that moves to the right on a slope of grey."""
    slope = np.linspace(40, 120, width, dtype=np.uint8)[None, :, None].repeat(height, 0).repeat(3, 2)
    found = []
    for t in range(num):
        picture = slope.copy()
        picture[16:32, 4 * t : 4 * t + 16] = 230
        found.append(picture)
    return found


def saved(path: Path, frames: list[np.ndarray], rate: int = 10) -> Path:
    with written(path, Fraction(rate)) as writer:
        for frame in frames:
            writer.add(frame)
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    frames = pictures(6)
    clip = look_at(saved(tmp_path / "a.mp4", frames))
    assert clip.rate == 10 and clip.num_frames == 6
    read = list(frames_of(clip))
    assert [frame.shape for frame in read] == [(48, 64, 3)] * 6
    for found, frame in zip(read, frames, strict=True):
        assert np.abs(found.astype(int) - frame).mean() < 6
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_odd_sides_lose_a_line(tmp_path: Path) -> None:
    clip = look_at(saved(tmp_path / "a.mp4", [np.zeros((33, 41, 3), np.uint8)] * 2))
    assert next(frames_of(clip)).shape == (32, 40, 3)


def test_a_writer_that_is_cut_short_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), written(tmp_path / "a.mp4", Fraction(10)) as writer:
        writer.add(pictures(1)[0])
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_video_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(VideoError, match=r"a video is what FFmpeg can read, .*text.mp4 is not: .*; replace it"):
        look_at(tmp_path / "text.mp4")


def test_sound_alone_has_no_frames(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(VideoError, match=r"a video must have frames, .*a.mp4 has sound alone; name another file"):
        look_at(tmp_path / "a.mp4")


def test_frames_that_are_too_small_are_refused(tmp_path: Path) -> None:
    clip = look_at(saved(tmp_path / "a.mp4", [np.zeros((4, 64, 3), np.uint8)] * 2))
    with pytest.raises(VideoError, match=r"8 pixels a side at least, .* has 64 x 4; give a larger one"):
        list(frames_of(clip))
