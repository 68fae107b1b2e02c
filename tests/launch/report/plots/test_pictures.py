"""Pictures: the arrays that the task's card tells of, pixel for pixel; broken files are named."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from launch.report.plots.pictures import MIN_HEIGHT, PictureError, pictures, sheet
from nas.depth import CARD as DEPTH
from nas.record import Pictures, View

WORDS = Pictures(
    text="A sheet and its answer.",
    views=(View(name="sheet", alt="Sheet"), View(name="answer", alt="Answer")),
    metrics=("marks", "minutes"),
)
RNG = np.random.default_rng(0)
ARRAYS = {
    "sheet": RNG.integers(0, 256, (2, 6, 8, 3), np.uint8),
    "answer": RNG.integers(0, 256, (2, 200, 8), np.uint8),
    "marks": np.array([2.5, 6.0]),
    "minutes": np.array([30, 45]),
}


def pixels(url: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,")))))


def write(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **{**ARRAYS, **arrays})
    return path


def test_every_sample_is_shown_in_all_its_views_with_its_metrics(tmp_path: Path) -> None:
    first, second = pictures(write(tmp_path / "a.npz"), WORDS)
    assert (first.caption, second.caption) == ("marks 2.500, minutes 30.000", "marks 6.000, minutes 45.000")
    assert [(view.name, view.alt) for view in second.views] == [("sheet", "Sheet 2"), ("answer", "Answer 2")]


def test_small_pixels_are_enlarged_whole_and_large_ones_left_alone(tmp_path: Path) -> None:
    sheet, answer = (pixels(view.url) for view in pictures(write(tmp_path / "a.npz"), WORDS)[1].views)
    assert sheet.shape == (MIN_HEIGHT, MIN_HEIGHT * 8 // 6, 3)
    np.testing.assert_array_equal(sheet[:: MIN_HEIGHT // 6, :: MIN_HEIGHT // 6], ARRAYS["sheet"][1])
    np.testing.assert_array_equal(answer, ARRAYS["answer"][1])


def test_a_sheet_holds_every_sample_in_all_its_views(tmp_path: Path) -> None:
    found = np.asarray(Image.open(io.BytesIO(sheet(write(tmp_path / "a.npz"), WORDS))))
    scale, height = MIN_HEIGHT // 6, max(MIN_HEIGHT, 200)
    assert found.shape == (2 * height, 8 * scale + 8, 3)
    for i in range(2):
        row = found[i * height :]
        np.testing.assert_array_equal(row[: 6 * scale : scale, : 8 * scale : scale], ARRAYS["sheet"][i])
        np.testing.assert_array_equal(row[:200, 8 * scale :, 0], ARRAYS["answer"][i])


def test_what_the_card_does_not_tell_of_is_passed_over(tmp_path: Path) -> None:
    assert len(pictures(write(tmp_path / "a.npz", other=np.zeros(7)), WORDS)) == 2


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"sheet": ARRAYS["sheet"][:1]}, "one entry for each sample, their lengths are .*'sheet': 1, 'answer': 2"),
        ({"sheet": ARRAYS["sheet"].astype(np.float32)}, r"sheet must be uint8.*, it is float32\[2, 6, 8, 3\]"),
        ({"answer": np.zeros((2, 6, 8, 4), np.uint8)}, r"answer must be uint8.*, it is uint8\[2, 6, 8, 4\]"),
        ({"answer": np.zeros((2, 0, 8), np.uint8)}, r"answer must be uint8.*, it is uint8\[2, 0, 8\]"),
        ({"marks": np.array(2.5)}, r"marks must be one number for each sample, it is float64\[\]"),
        ({"marks": np.array(["a", "b"])}, "marks must be one number for each sample"),
        ({"marks": np.array([None, {}])}, "Object arrays cannot be loaded"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=rf"bad.npz cannot be shown \(.*{message}.*\); remove it, or run the final"):
        pictures(write(tmp_path / "bad.npz", **arrays), WORDS)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", sheet=ARRAYS["sheet"])
    with pytest.raises(PictureError, match=r"must hold answer, marks, minutes, it has only sheet"):
        pictures(tmp_path / "bad.npz", WORDS)


@pytest.mark.parametrize("content", [b"not an archive", b"", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(PictureError, match=r"bad\.npz cannot be shown"):
        pictures(tmp_path / "bad.npz", WORDS)


def test_predictions_that_an_earlier_version_kept_are_shown(tmp_path: Path) -> None:
    depth = np.linspace(1, 9, 2 * 8 * 8, dtype=np.float32).reshape(2, 8, 8)
    rgb = np.zeros((2, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "a.npz", rgb=rgb, depth=depth, log_disparity=-np.log(depth))
    assert DEPTH.pictures is not None
    found = pictures(tmp_path / "a.npz", DEPTH.pictures)
    assert [picture.caption for picture in found] == 2 * ["delta1 1.000, abs_rel 0.000"]
    assert [view.name for view in found[0].views] == ["image", "true", "predicted"]
