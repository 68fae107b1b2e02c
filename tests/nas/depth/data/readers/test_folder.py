"""Pairs of rgb/ and depth/: what is read of them, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError
from tests.nas.depth.data.pairs_written import read_folder, write_pair


def test_png_npy_and_npz_depth_read_alike(tmp_path: Path) -> None:
    names = {"attic/1": "png", "cellar/1": "npy", "hall/1": "npz"}
    written = {name.split("/")[0]: write_pair(tmp_path, name, kind=kind) for name, kind in names.items()}
    data = read_folder(tmp_path, size=(8, 8))
    parts = [data.train, data.validation, data.test]
    assert sorted(part.group[0] for part in parts) == sorted(written)
    for part in parts:
        np.testing.assert_allclose(part.depth[0], written[part.group[0]], rtol=1e-6)


def test_colour_and_depth_go_through_the_same_window(tmp_path: Path) -> None:
    for name in ("a_1", "b_1", "c_1"):
        write_pair(tmp_path, name)
        steps = np.tile(np.repeat([50, 200], 6).astype(np.uint8), (4, 1))
        Image.fromarray(np.stack([steps] * 3, axis=-1)).save(tmp_path / "rgb" / f"{name}.png")
        Image.fromarray(steps.astype(np.uint16) * 10).save(tmp_path / "depth" / f"{name}.png")
    images = read_folder(tmp_path, size=(2, 4), meaning=Meaning(valid=(2000.0,))).train
    np.testing.assert_array_equal(images.rgb[0, ..., 0] * 10.0, images.depth[0])


def test_a_picture_without_depth_is_named(tmp_path: Path) -> None:
    for name in ("a_1", "b_1", "c_1"):
        write_pair(tmp_path, name)
    (tmp_path / "depth" / "b_1.png").unlink()
    with pytest.raises(DataError, match="rgb/b_1 has no depth"):
        read_folder(tmp_path, size=(4, 4))


def test_two_depth_files_are_named(tmp_path: Path) -> None:
    for name in ("a_1", "b_1", "c_1"):
        write_pair(tmp_path, name)
    write_pair(tmp_path, "c_1", kind="npy")
    with pytest.raises(DataError, match="rgb/c_1 has two depth files"):
        read_folder(tmp_path, size=(4, 4))


@pytest.mark.parametrize(
    ("depth", "message"),
    [
        (np.ones((8, 9)), r"picture's shape \(8, 8\), .*c_1\.npy has \(8, 9\)"),
        (np.ones((8, 8, 1)), r"c_1\.npy has \(8, 8, 1\)"),
        (np.zeros((8, 8)), r"every pixel of .*c_1\.npy is invalid"),
        (np.full((8, 8), np.nan), r"every pixel of .*c_1\.npy is invalid"),
        (np.full((8, 8), "far"), r"must be numbers, .*c_1\.npy holds"),
    ],
)
def test_depth_that_cannot_be_used_is_named(tmp_path: Path, depth: np.ndarray, message: str) -> None:
    write_pair(tmp_path, "a_1")
    write_pair(tmp_path, "b_1")
    write_pair(tmp_path, "c_1", kind="npy", depth=depth)
    with pytest.raises(DataError, match=message):
        read_folder(tmp_path, size=(4, 4))


def test_depth_of_8_bits_is_refused(tmp_path: Path) -> None:
    for name in ("a_1", "b_1", "c_1"):
        write_pair(tmp_path, name, depth=np.ones((8, 8), dtype=np.uint8))
    with pytest.raises(DataError, match=r"must have 16 bits and one channel, .* has mode 'L'"):
        read_folder(tmp_path, size=(4, 4))


def test_an_npz_without_depth_and_a_damaged_npy_are_named(tmp_path: Path) -> None:
    for name in ("a_1", "b_1", "c_1"):
        write_pair(tmp_path, name, kind="npz")
    path = tmp_path / "depth" / "c_1.npz"
    np.savez(path, x=np.ones((8, 8)), y=np.ones((8, 8)))
    with pytest.raises(DataError, match=r"c_1\.npz has \['x', 'y'\]; name it depth"):
        read_folder(tmp_path, size=(4, 4))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"c_1\.npz cannot be read"):
        read_folder(tmp_path, size=(4, 4))


@pytest.mark.parametrize("broken", ["rgb/b_1.png", "depth/b_1.png"])
def test_a_broken_file_is_named(tmp_path: Path, broken: str) -> None:
    for name in ("a_1", "b_1", "c_1"):
        write_pair(tmp_path, name)
    (tmp_path / broken).write_bytes((tmp_path / broken).read_bytes()[:60])
    with pytest.raises(DataError, match=r"b_1\.png cannot be read"):
        read_folder(tmp_path, size=(4, 4))


def test_an_empty_folder_says_what_belongs_in_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="needs pictures in rgb/ and their depth in depth/"):
        read_folder(tmp_path, size=(4, 4))


def test_too_few_groups_say_how_to_make_more(tmp_path: Path) -> None:
    for name in ("a_1", "a_2", "b_1"):
        write_pair(tmp_path, name)
    with pytest.raises(DataError, match=r"got 2 groups: .*sub-folder of its own"):
        read_folder(tmp_path, size=(4, 4))
