"""Pictures: any gauge of the truth looks like the truth, invalid pixels are grey, broken files are named."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import UInt8
from PIL import Image

from launch.report.pictures import INVALID_GREY, MIN_HEIGHT, PictureError, pictures

DEPTH = np.random.default_rng(0).uniform(2, 50, size=(2, 6, 8)).astype(np.float32)
RGB = np.random.default_rng(1).integers(0, 256, size=(2, 6, 8, 3)).astype(np.uint8)


def pixels(url: str) -> UInt8[np.ndarray, "h w 3"]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,")))))


def write(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **{"rgb": RGB, "depth": DEPTH, "log_disparity": -np.log(DEPTH), **arrays})
    return path


def test_a_prediction_in_another_gauge_looks_like_the_truth(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", log_disparity=(3 - 2 * np.log(DEPTH)).astype(np.float32))
    for picture in pictures(path):
        difference = pixels(picture.truth).astype(int) - pixels(picture.prediction)
        assert np.abs(difference).max() <= 2
        assert (picture.delta1, picture.abs_rel) == (1.0, pytest.approx(0, abs=1e-5))


def test_pixels_are_enlarged_whole(tmp_path: Path) -> None:
    shown = pixels(pictures(write(tmp_path / "a.npz"))[0].rgb)
    assert shown.shape == (MIN_HEIGHT, MIN_HEIGHT * 8 // 6, 3)
    np.testing.assert_array_equal(shown[:: MIN_HEIGHT // 6, :: MIN_HEIGHT // 6], RGB[0])


def test_invalid_pixels_are_grey_in_truth_and_prediction(tmp_path: Path) -> None:
    depth = DEPTH.copy()
    depth[:, 0, 0] = [np.nan, 0]
    for picture in pictures(write(tmp_path / "a.npz", depth=depth)):
        for url in (picture.truth, picture.prediction):
            assert (pixels(url)[0, 0] == INVALID_GREY).all() and not (pixels(url)[-1, -1] == INVALID_GREY).all()


@pytest.mark.parametrize(
    "arrays",
    [
        {"rgb": RGB[:1]},
        {"rgb": RGB.astype(np.float32)},
        {"log_disparity": np.zeros((2, 6, 7), np.float32)},
        {"log_disparity": np.full((2, 6, 8), np.nan, np.float32)},
        {"depth": np.zeros((2, 6, 8), np.float32)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"bad.npz cannot be shown.*remove it, or run the final again"):
        pictures(write(tmp_path / "bad.npz", **arrays))


def test_a_missing_array_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", rgb=RGB)
    with pytest.raises(PictureError, match=r"bad.npz cannot be shown .*depth"):
        pictures(tmp_path / "bad.npz")
