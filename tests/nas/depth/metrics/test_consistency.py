import numpy as np
import pytest

from benchmarks.steady_video.made_room import rendered
from nas.depth.metrics.consistency import Clip, aligned_clip, consistency, projected, sampled


@pytest.fixture(scope="module")
def clip() -> Clip:
    return rendered(4, size=(48, 64))


def truth(clip: Clip) -> np.ndarray:
    return -np.log(clip.depth)


def test_truth_in_any_one_gauge_has_no_error_of_alignment(clip: Clip) -> None:
    found, other = consistency(truth(clip), clip), consistency(3 * truth(clip) - 7, clip)
    assert found.tae < 0.2 and found.opw < 0.05
    assert (other.tae, other.opw, other.warp_error) == pytest.approx((found.tae, found.opw, found.warp_error), rel=1e-6)
    np.testing.assert_allclose(aligned_clip(3 * truth(clip) - 7, clip), truth(clip), atol=1e-9)


def test_colour_moves_along_the_projection(clip: Clip) -> None:
    columns, rows, depth = projected(clip.depth[1], clip, 1, 0)
    seen = np.abs(sampled(clip.depth[0], columns, rows) - depth) < 0.01
    there = sampled(clip.rgb[0][..., 1].astype(float), columns, rows)
    assert seen.mean() > 0.8 and np.abs(there - clip.rgb[1][..., 1])[seen].mean() < 3


def test_a_still_camera_sees_exactly_the_flicker(clip: Clip) -> None:
    still = Clip(rgb=clip.rgb[[0, 0]], depth=clip.depth[[0, 0]], pose=clip.pose[[0, 0]], focal=clip.focal)
    flickering = truth(still) + np.array([0.1, -0.1])[:, None, None]
    found, gauge = consistency(flickering, still), aligned_clip(flickering, still)
    assert found.warp_error == pytest.approx((gauge[0] - gauge[1]).mean())
    assert found.warp_error == pytest.approx(0.2, rel=0.15)
    assert found.opw == pytest.approx(0, abs=1e-9)
    step = found.warp_error
    assert found.tae == pytest.approx(100 * (np.expm1(step) - np.expm1(-step)) / 2, rel=1e-6)


def test_one_frame_is_refused(clip: Clip) -> None:
    with pytest.raises(ValueError, match="consistency is between frames, got 1"):
        consistency(truth(clip)[:1], clip)


def test_pixels_without_truth_count_nowhere(clip: Clip) -> None:
    depth = clip.depth.copy()
    depth[:, :10] = np.nan
    partly = Clip(rgb=clip.rgb, depth=depth, pose=clip.pose, focal=clip.focal)
    wrong = truth(clip)
    wrong[:, :8] += 5
    assert consistency(wrong, partly).tae < 0.2
    np.testing.assert_allclose(aligned_clip(wrong, partly)[:, 10:], truth(clip)[:, 10:], atol=1e-9)


def test_frames_that_see_nothing_in_common_are_refused(clip: Clip) -> None:
    pose = clip.pose.copy()
    pose[2, 0, 3] = 1000
    with pytest.raises(ValueError, match="frame 2 sees nothing; cut the clip there"):
        consistency(truth(clip), Clip(rgb=clip.rgb, depth=clip.depth, pose=pose, focal=clip.focal))
