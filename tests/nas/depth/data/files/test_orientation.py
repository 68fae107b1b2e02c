import io
import warnings

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from nas.depth.data.files.orientation import UNREADABLE, orientation_of, same_aspect, turned, turns_with


def saved(pixels: np.ndarray, orientation: int | None, kind: str = "PNG", raw: bytes | None = None) -> Image.Image:
    exif = Image.Exif()
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, exif=raw or exif)
    return Image.open(file)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_as_pillow_turns_them(orientation: int) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    with saved(pixels, orientation) as image:
        assert orientation_of(image) == orientation
        np.testing.assert_array_equal(turned(pixels, orientation), np.array(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize(("written", "read"), [(None, None), (0, None), (9, UNREADABLE)])
def test_what_is_no_orientation_turns_nothing(written: int | None, read: int | None) -> None:
    with saved(np.zeros((2, 4), dtype=np.uint8), written) as image:
        assert orientation_of(image) == read


@pytest.mark.parametrize("raw", [b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03"])
def test_damaged_exif_does_not_lose_the_picture(raw: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own on opening
        image = saved(np.zeros((2, 4), dtype=np.uint8), None, "JPEG", raw)
    assert orientation_of(image) == UNREADABLE
    image.close()


@pytest.mark.parametrize(
    ("depth", "orientation", "turns"),
    [
        ((30, 40), 6, True),  # the stored shape
        ((40, 30), 6, False),  # upright
        ((3, 4), 8, True),
        ((4, 3), 5, False),
        ((30, 40), 3, True),  # shapes do not tell
        ((15, 20), 2, True),
    ],
)
def test_depth_turns_where_it_lies_as_the_picture_is_stored(
    depth: tuple[int, int], orientation: int, turns: bool
) -> None:
    assert turns_with(depth, (30, 40), orientation) is turns


@pytest.mark.parametrize(
    ("shape", "other", "same"),
    [
        ((768, 576), (4032, 3024), True),
        ((480, 640), (3072, 4080), True),  # half a per cent off
        ((577, 768), (3472, 4624), True),  # rounded up
        ((3, 4), (31, 40), True),  # rounded down
        ((48, 63), (48, 64), False),  # cut off
        ((480, 640), (1080, 1920), False),
        ((0, 0), (4, 4), False),
    ],
)
def test_an_aspect_is_the_same_up_to_rounding(shape: tuple[int, int], other: tuple[int, int], same: bool) -> None:
    assert same_aspect(shape, other) is same
    assert same_aspect(shape[::-1], other[::-1]) is same
