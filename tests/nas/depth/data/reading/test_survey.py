"""What a folder's reader says, and what it asks about, on small folders of known numbers."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError, DepthData
from tests.nas.depth.data.pairs_written import read_folder, write_pair

SIZE = (8, 8)


def numbers(seed: int, *, mark: float = 0, share: float = 0.0, kind: type = np.uint16) -> np.ndarray:
    """Depth from 1 to 99, of which a share is the mark."""
    depth = np.random.default_rng(seed).integers(1, 100, SIZE).astype(kind)
    depth.flat[: round(share * depth.size)] = mark
    return depth


def folder_of(tmp_path: Path, *depths: np.ndarray, kind: str = "npy") -> Path:
    for i, depth in enumerate(depths):
        write_pair(tmp_path, f"{'abcdefgh'[i]}_1", kind=kind, depth=depth)
    return tmp_path


def read(folder: Path, meaning: Meaning | None = None) -> DepthData:
    return read_folder(folder, size=SIZE, meaning=meaning or Meaning())


@pytest.mark.parametrize(
    ("mark", "kind", "name"),
    [
        (65535, np.uint16, "65535"),
        (255, np.uint8, "255"),
        (1000, np.int32, "1000"),
        (np.finfo(np.float32).max, np.float32, r"3\.4028235e\+38"),
        (np.finfo(np.float64).max, np.float64, r"1\.7976931348623157e\+308"),
        (65504, np.float16, "65504"),
        (120.5, np.float32, r"120\.5"),
    ],
)
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_a_mark_at_the_top_is_asked_about_by_name(
    tmp_path: Path, mark: float, kind: type, name: str, ending: str
) -> None:
    folder = folder_of(tmp_path, *(numbers(i, mark=mark, share=0.25, kind=kind) for i in range(3)), kind=ending)
    asked = rf"{name} fills 25 % .*; give --depth-invalid {name} if .* or --depth-valid {name} if it is real"
    with pytest.raises(DataError, match=asked):
        read(folder)
    for part in ("train", "validation", "test"):
        without = getattr(read(folder, Meaning(invalid=(float(mark),))), part)
        assert without.valid.mean() == 0.75 and without.depth[without.valid].max() < 100
    assert "fills 25 % of the valid pixels" in read(folder, Meaning(valid=(float(mark),))).notes[0]


def test_a_16_bit_png_is_asked_about_too(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *(numbers(i, mark=65535, share=0.25) for i in range(3)), kind="png")
    with pytest.raises(DataError, match="65535 fills 25 %"):
        read(folder)


def test_a_few_pixels_above_a_mark_do_not_hide_it(tmp_path: Path) -> None:
    depths = [numbers(i, mark=10_000, share=0.25) for i in range(3)]
    depths[0][-1, -1] = 10_001
    with pytest.raises(DataError, match="10000 fills 25 %"):
        read(folder_of(tmp_path, *depths))


def test_the_largest_number_of_a_type_is_asked_about_where_it_fills_one_picture(tmp_path: Path) -> None:
    plain = [numbers(i) for i in range(6)]
    folder = folder_of(tmp_path, *plain, numbers(7, mark=65535, share=0.25))
    with pytest.raises(DataError, match=r"65535 fills 25 % of depth/g_1\.npy"):
        read(folder)


@pytest.mark.parametrize("share", [0.0, 0.08])
def test_a_tenth_at_the_top_is_not_asked_about(tmp_path: Path, share: float) -> None:
    data = read(folder_of(tmp_path, *(numbers(i, mark=200, share=share) for i in range(3))))
    assert len(data.notes) == 1


def test_a_common_value_that_is_not_at_the_top_is_said_not_asked_about(tmp_path: Path) -> None:
    data = read(folder_of(tmp_path, *(numbers(i, mark=50, share=0.25) for i in range(3))))
    assert "the commonest value, 50, fills 2" in data.notes[0]


@pytest.mark.parametrize("values", [(3, 3, 3), (3, 4, 5), (65535, 65535, 65535)])
def test_constant_depth_throughout_is_refused(tmp_path: Path, values: tuple[int, ...]) -> None:
    folder = folder_of(tmp_path, *(np.full(SIZE, value, dtype=np.uint16) for value in values))
    with pytest.raises(DataError, match=rf"all 3 depth files holds one value only \({values[0]}"):
        read(folder)


@pytest.mark.parametrize("value", [3, 200])
def test_a_single_constant_picture_is_named(tmp_path: Path, value: int) -> None:
    folder = folder_of(tmp_path, numbers(0), numbers(1), np.full(SIZE, value, dtype=np.uint16))
    assert read(folder).notes[1:] == (
        "depth is one single value in 1 picture (depth/c_1.npy); remove what is not real",
    )


def test_one_sentence_says_what_was_read(tmp_path: Path) -> None:
    depth = np.full(SIZE, 4.0, dtype=np.float32)
    depth.flat[:16], depth.flat[16:24], depth.flat[24:32] = [np.nan, 0, -1, np.inf] * 4, 1, 8.5
    depth.flat[40:48] = np.linspace(5, 6, 8)
    data = read(folder_of(tmp_path, depth, depth, depth), Meaning(valid=(8.5,)))
    assert data.notes == (
        "read 3 pictures in 3 groups: 75 % of the depth's pixels are valid (6.25 % are infinite, which is invalid); "
        "depth goes from 1 to 8.5, median 4; "
        "the commonest value, 4, fills 50 % of the valid pixels",
    )
    named = read(tmp_path, Meaning(kind="disparity", invalid=(8.5,))).notes[0]
    assert "62.5 % of the depth's pixels are valid (6.25 % are infinite and 12.5 % are 8.5, which is" in named
    assert "disparity goes from 1" in named


def test_disparity_is_read_as_its_inverse(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *(numbers(i) for i in range(3)))
    for part in ("train", "validation", "test"):
        depth, inverse = (getattr(read(folder, Meaning(kind=kind)), part).depth for kind in ("depth", "disparity"))
        np.testing.assert_allclose(depth * inverse, 1, rtol=1e-6)


def test_smaller_depth_of_the_same_aspect_does_not_mix_valid_and_invalid(tmp_path: Path) -> None:
    depths = [numbers(i)[:4, :4] for i in range(3)]
    for depth in depths:
        depth[::2, 1:3] = 0
    data = read(folder_of(tmp_path, *depths))
    assert data.notes[1].startswith("depth of 3 of 3 pictures has the picture's aspect and another size (such as depth")
    assert data.notes[1].endswith("4x4 for 8x8): it was scaled, valid pixels alone")
    for part in (data.train, data.validation, data.test):
        depth = depths["abc".index(part.group[0])]
        repeated = np.where(depth > 0, depth, np.nan).repeat(2, axis=0).repeat(2, axis=1)
        np.testing.assert_allclose(part.depth[0], repeated, rtol=1e-6)


def test_scaled_depth_is_cropped_through_the_same_window(tmp_path: Path) -> None:
    for name in ("a_1", "b_1", "c_1"):
        write_pair(tmp_path, name, kind="npy", depth=np.tile(np.arange(1, 13, dtype=np.uint16), (6, 1)))
        picture = np.repeat(np.arange(1, 13, dtype=np.uint8) * 10, 2)
        Image.fromarray(np.tile(picture[None, :, None], (12, 1, 3))).save(tmp_path / "rgb" / f"{name}.png")
    images = read_folder(tmp_path, size=(2, 2)).train
    np.testing.assert_allclose(images.depth[0], [[5, 8], [5, 8]], rtol=1e-6)  # columns 3 to 8 of 12
    np.testing.assert_allclose(images.rgb[0, ..., 0] / 10, images.depth[0], rtol=1e-6)


def test_turned_pictures_are_said_once(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *(numbers(i) for i in range(4)))
    for name, orientation in (("a_1", 6), ("b_1", 3), ("c_1", 1)):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        with Image.open(folder / "rgb" / f"{name}.png") as image:
            image.save(folder / "rgb" / f"{name}.png", exif=exif)
    (note,) = read(folder).notes[1:]
    assert note.startswith("2 of 4 pairs are stored turned or mirrored (EXIF orientation; such as rgb/")
    assert note.endswith("and were set upright: their depth turned with them in 2")


def test_the_digest_tells_pictures_apart(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *(numbers(i) for i in range(3)))
    before = read(folder).digest
    assert before == read(folder, Meaning(kind="disparity")).digest and len(before) == 64
    (folder / "rgb" / "notes.txt").touch()
    assert read(folder).digest == before
    write_pair(folder, "b_1", kind="npy", depth=numbers(9))
    changed = read(folder).digest
    (folder / "rgb" / "b_1.png").rename(folder / "rgb" / "b_2.png")
    (folder / "depth" / "b_1.npy").rename(folder / "depth" / "b_2.npy")
    assert len({before, changed, read(folder).digest}) == 3


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    folder = folder_of(tmp_path, *(numbers(i) for i in range(3)))
    read_folder(folder, size=SIZE, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
