import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.depth.data.resample import area_weights, centre_crop, scaled_window, shrink_depth, shrink_rgb


@given(st.integers(1, 40), st.integers(1, 40))
def test_area_weights_share_all_of_the_input(num_in: int, num_out: int) -> None:
    weights = area_weights(num_in, num_out)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=0), num_out / num_in, rtol=1e-5)


def test_area_weights_by_hand() -> None:
    np.testing.assert_allclose(area_weights(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], rtol=1e-6)
    np.testing.assert_allclose(area_weights(3, 1, (0.5, 2.5)), [[1 / 4, 1 / 2, 1 / 4]], rtol=1e-6)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.integers(1, 5))
def test_a_window_shows_the_same_at_any_size(height: int, width: int, num_out: int, times: int) -> None:
    image = np.random.default_rng(height).uniform(1, 2, (height, width)).astype(np.float32)
    large = image.repeat(times, axis=0).repeat(times, axis=1)
    window = centre_crop(large.shape, 0.7)
    direct = shrink_depth(large[window], (num_out, num_out))
    scaled = shrink_depth(image, (num_out, num_out), scaled_window(window, large.shape, image.shape))
    np.testing.assert_allclose(direct, scaled, rtol=1e-4)


@pytest.mark.parametrize(
    ("size", "aspect", "shape"),
    [((240, 320), 1.0, (240, 240)), ((240, 320), 1 / 1.2, (240, 200)), ((240, 320), 2.0, (160, 320))],
)
def test_centre_crop_is_the_largest_window_of_its_shape(
    size: tuple[int, int], aspect: float, shape: tuple[int, int]
) -> None:
    window = centre_crop(size, aspect)
    assert np.empty(size)[window].shape == shape
    for part, whole in zip(window, size, strict=True):
        assert abs(part.start - (whole - part.stop)) <= 1


def test_rgb_is_the_mean_of_the_area() -> None:
    rgb = np.zeros((2, 4, 3), dtype=np.uint8)
    rgb[:, 1] = 100
    rgb[0, 2:] = [10, 20, 255]
    np.testing.assert_array_equal(shrink_rgb(rgb, (1, 2)), [[[50, 50, 50], [5, 10, 128]]])


def test_depth_is_the_mean_of_the_valid_area_and_invalid_below_one_half() -> None:
    depth = np.array([[1, 3, 0, 7, 0, np.nan], [5, 7, 9, np.nan, -2, 4]], dtype=np.float32)
    np.testing.assert_allclose(shrink_depth(depth, (1, 3)), [[4, 8, np.nan]])


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_constant_depth_stays(height: int, width: int) -> None:
    depth = np.full((9, 7), 3.5, dtype=np.float32)
    np.testing.assert_allclose(shrink_depth(depth, (height, width)), 3.5, rtol=1e-5)
