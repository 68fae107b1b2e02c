"""Depth at the picture's edges, and its files."""

import io
import re

import numpy as np
import pytest
from jaxtyping import Float32, UInt8
from PIL import Image

from nas.pictures import DepthModel, PictureError, Sight

cv2 = pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")

from nas.pictures.depth import coloured, depth_files, depth_of, is_flat  # noqa: E402  # they import OpenCV


def scene(height: int, width: int) -> tuple[UInt8[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """A grey disc before a wall of two colours, and its log-disparity, of which the wall's slopes."""
    rows, columns = np.mgrid[0:height, 0:width]
    disc = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (height / 4) ** 2
    wall = np.where((columns // 20 % 2 == 0)[..., None], (200, 60, 30), (30, 90, 200))
    rgb = np.where(disc[..., None], (128, 128, 128), wall).astype(np.uint8)
    return rgb, np.where(disc, 1.0, 0.3 * columns / width).astype(np.float32)


def model_of(log_disparity: Float32[np.ndarray, "h w"], size: tuple[int, int]) -> DepthModel:
    """Answers with the true depth at the size that it is asked at."""

    def answer(picture: Float32[np.ndarray, "1 3 h w"]) -> Float32[np.ndarray, "1 1 h w"]:
        small: Float32[np.ndarray, "h w"] = cv2.resize(
            log_disparity, picture.shape[:1:-1], interpolation=cv2.INTER_AREA
        )
        return small[None, None]

    return DepthModel(name="truth", size=size, is_fixed=False, side_multiple=8, answer=answer)


@pytest.mark.parametrize("side", (240, 1300))
def test_edges_are_the_pictures(side: int) -> None:
    rgb, truth = scene(side * 3 // 4, side)
    found = depth_of(model_of(truth, (48, 64)), Sight(rgb=rgb), None)
    small = cv2.resize(truth, (64, 48), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(small, (truth.shape[1], truth.shape[0]), interpolation=cv2.INTER_LINEAR)
    assert found.shape == truth.shape and found.dtype == np.float32
    assert np.abs(found - truth).mean() < 0.35 * np.abs(blurred - truth).mean()
    smooth = found[: side // 8]  # where there is no edge there are no steps either
    assert np.abs(smooth - truth[: side // 8]).max() < 0.02


def test_files_hold_what_they_say() -> None:
    _, truth = scene(60, 80)
    files = depth_files(truth)
    assert np.array_equal(np.load(io.BytesIO(files["-depth.npy"])), truth)
    with Image.open(io.BytesIO(files["-depth.png"])) as grey:
        stored, said = np.asarray(grey), grey.info["Description"]
    assert stored.dtype == np.uint16 and (stored.min(), stored.max()) == (0, 65535)
    low, high = map(float, re.findall(r"is (\S+)", said))
    assert np.abs(low + stored / 65535 * (high - low) - truth).max() < 1e-4
    shades = coloured(truth).astype(int).sum(2)
    assert shades[30, 40] == shades.max() and shades[0, 0] == shades.min()


def test_constant_depth_is_in_the_middle() -> None:
    flat = np.full((20, 30), 3.5, np.float32)
    assert is_flat(flat) and not is_flat(scene(20, 30)[1])
    with Image.open(io.BytesIO(depth_files(flat)["-depth.png"])) as grey:
        assert set(np.asarray(grey).ravel()) == {32767}


def test_what_is_no_depth_is_refused() -> None:
    rgb, _ = scene(60, 80)
    for answer, said in (
        (lambda picture: np.zeros((1, 10), np.float32), "one number for each pixel of 48 x 64, a net gives 1 x 10"),
        (lambda picture: np.full((48, 64), np.nan, np.float32), "depth must be finite numbers, a net gives others"),
    ):
        model = DepthModel(name="a net", size=(48, 64), is_fixed=False, side_multiple=8, answer=answer)
        with pytest.raises(PictureError, match=said):
            depth_of(model, Sight(rgb=rgb), None)
