import weakref
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from benchmarks.steady_video.made_room import rendered
from nas.depth.data import DepthImages
from nas.depth.metrics import score
from nas.depth.metrics.consistency import Clip, consistency
from nas.pictures.video.steady import LATE, SteadyFrame, VideoError, steadied

NUMBER = 20


class Network:
    """True log-disparity in a scale and a shift that flicker from frame to frame, with smooth noise on it."""

    def __init__(self, clip: Clip, *, flicker: float = 0.15, noise: float = 0.08, seed: int = 0) -> None:
        self._truth = [-np.log(depth) for depth in clip.depth]
        self._rng, self._flicker, self._noise = np.random.default_rng(seed), flicker, noise
        self.number = 0

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        truth = self._truth[self.number]
        self.number += 1
        noise = gaussian_filter(self._rng.normal(0, 1, truth.shape), 3)
        scale, shift = np.exp(self._rng.normal(0, self._flicker)), self._rng.normal(0, self._flicker)
        return (scale * (truth + self._noise * noise / noise.std()) + shift).astype(np.float32)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return rendered(NUMBER)


def delta1(log_disparity: np.ndarray, clip: Clip) -> float:
    images = DepthImages(rgb=clip.rgb, depth=clip.depth.astype(np.float32), group=("clip",) * len(clip.rgb))
    return score(log_disparity, images).delta1


def test_flicker_and_noise_are_less_than_half_and_accuracy_is_no_lower(clip: Clip) -> None:
    frames = list(steadied(clip.rgb, Network(clip)))
    raw, steady = (np.stack([getattr(frame, name) for frame in frames]) for name in ("raw", "log_disparity"))
    before, after = consistency(raw, clip), consistency(steady, clip)
    assert after.warp_error < 0.5 * before.warp_error
    assert after.tae < 0.5 * before.tae
    assert after.opw < before.opw
    assert delta1(steady, clip) >= delta1(raw, clip)


def test_depth_that_is_steady_stays_what_it_is(clip: Clip) -> None:
    frames = list(steadied(clip.rgb, Network(clip, flicker=0, noise=0)))
    steady = np.stack([frame.log_disparity for frame in frames])
    assert delta1(steady, clip) > 0.99
    assert [frame.number for frame in frames] == list(range(NUMBER))
    assert [frame.begins for frame in frames] == [True] + [False] * (NUMBER - 1)


def test_a_frame_is_put_out_when_two_more_have_come_and_few_are_kept(clip: Clip) -> None:
    taken, alive = [0], list[weakref.ref[np.ndarray]]()

    def frames() -> Iterator[np.ndarray]:
        for rgb in clip.rgb:
            taken[0] += 1
            frame = rgb.copy()
            alive.append(weakref.ref(frame))
            yield frame

    most, out = 0, 0
    for frame in steadied(frames(), Network(clip)):
        assert frame.number == out and taken[0] <= out + 1 + LATE
        out += 1
        del frame
        most = max(most, sum(reference() is not None for reference in alive))
    assert out == NUMBER and most <= LATE + 2


def test_after_a_cut_all_begins_anew(clip: Clip) -> None:
    other = rendered(5, seed=9)
    both = replace(
        clip,
        rgb=np.concatenate([clip.rgb[:6], other.rgb]),
        depth=np.concatenate([clip.depth[:6], other.depth]),
        pose=np.concatenate([clip.pose[:6], other.pose]),
    )
    network = Network(both)
    predicted = [network(rgb) for rgb in both.rgb]

    def run(first: int) -> list[SteadyFrame]:
        answers = iter(predicted[first:])
        return list(steadied(both.rgb[first:], lambda _: next(answers)))

    whole, alone = run(0), run(6)
    assert [frame.number for frame in whole if frame.begins] == [0, 6]
    for frame, anew in zip(whole[6:], alone, strict=True):
        np.testing.assert_array_equal(frame.log_disparity, anew.log_disparity)


def test_constant_depth_is_no_mistake(clip: Clip) -> None:
    frames = list(steadied(clip.rgb[:4], lambda rgb: np.full(rgb.shape[:2], 2, dtype=np.float32)))
    assert all((frame.log_disparity == 2).all() for frame in frames)


def test_what_is_no_video_is_refused(clip: Clip) -> None:
    with pytest.raises(VideoError, match="a video needs frames, got none"):
        list(steadied([], Network(clip)))
    with pytest.raises(VideoError, match="one size, frame 1 is 50 x 72 after 96 x 72; cut the video there"):
        list(steadied([clip.rgb[0], clip.rgb[0][:, :50]], Network(clip)))
    with pytest.raises(VideoError, match="depth must be finite, that of frame 0 is not"):
        list(steadied(clip.rgb, lambda rgb: np.full(rgb.shape[:2], np.nan, dtype=np.float32)))
