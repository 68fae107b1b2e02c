import numpy as np
import pytest

from nas.depth.data.images import DataError, DepthData, DepthImages, concatenate


def make_images(num: int, *, group: str = "a", size: int = 4, seed: int = 0) -> DepthImages:
    rng = np.random.default_rng(seed)
    return DepthImages(
        rgb=rng.integers(0, 256, (num, size, size, 3), dtype=np.uint8),
        depth=rng.uniform(1, 9, (num, size, size)).astype(np.float32),
        group=(group,) * num,
    )


def make_data(**parts: DepthImages) -> DepthData:
    defaults = {name: make_images(2, group=name) for name in ("train", "validation", "test")}
    return DepthData(**{**defaults, **parts}, name="toy", provenance="made up")


def test_a_pixel_is_valid_where_depth_is_finite_and_above_zero() -> None:
    depth = np.array([[[1, 0, -1], [np.nan, np.inf, 2]]], dtype=np.float32)
    images = DepthImages(rgb=np.zeros((1, 2, 3, 3), dtype=np.uint8), depth=depth, group=("a",))
    np.testing.assert_array_equal(images.valid, [[[True, False, False], [False, False, True]]])
    assert images.size == (2, 3)


def test_take_keeps_colour_depth_and_group_together() -> None:
    both = concatenate([make_images(2, group="a"), make_images(2, group="b", seed=1)])
    taken = both.take(np.array([3, 0]))
    assert taken.group == ("b", "a")
    np.testing.assert_array_equal(taken.rgb, both.rgb[[3, 0]])
    np.testing.assert_array_equal(taken.depth, both.depth[[3, 0]])


def test_a_missing_group_name_is_an_error() -> None:
    images = make_images(2)
    with pytest.raises(DataError, match=r"must agree, got \(2, 4, 4, 3\), \(2, 4, 4\) and 1"):
        DepthImages(rgb=images.rgb, depth=images.depth, group=("a",))


def test_only_one_size_goes_together() -> None:
    with pytest.raises(DataError, match=r"got \[\(4, 4\), \(8, 8\)\]"):
        concatenate([make_images(1), make_images(1, size=8)])
    with pytest.raises(DataError, match=r"must have one size, got train \(8, 8\), validation \(4, 4\)"):
        make_data(train=make_images(1, group="train", size=8))


def test_a_group_in_two_parts_is_an_error() -> None:
    with pytest.raises(DataError, match="'test' of 'toy' is in train and test"):
        make_data(train=make_images(1, group="test"))


def test_an_empty_part_is_an_error() -> None:
    with pytest.raises(DataError, match="test has none"):
        make_data(test=make_images(0))
