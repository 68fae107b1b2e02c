import os
from pathlib import Path

import pytest

from nas.depth.data.files.pairing import list_folder, walk
from nas.depth.data.images import DataError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def names_of(folder: Path) -> list[str]:
    return [pair.name.as_posix() for pair in list_folder(folder).pairs]


def test_linked_files_and_folders_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, "disk/attic/1.png", "disk/attic_depth/1.npy", "disk/2.jpg", "set/rgb/hall/3.png")
    touch(tmp_path, "set/depth/hall/3.png", "set/depth/2.npy")
    (tmp_path / "set/rgb/attic").symlink_to(tmp_path / "disk/attic", target_is_directory=True)
    (tmp_path / "set/depth/attic").symlink_to(tmp_path / "disk/attic_depth", target_is_directory=True)
    (tmp_path / "set/rgb/2.jpg").symlink_to(tmp_path / "disk/2.jpg")
    listing = list_folder(tmp_path / "set")
    assert [pair.name.as_posix() for pair in listing.pairs] == ["2", "attic/1", "hall/3"]
    assert listing.unused == ""


def test_both_folders_may_be_links_to_one(tmp_path: Path) -> None:
    touch(tmp_path, "all/1.jpg", "all/1.npy", "all/2.heic")
    (tmp_path / "set").mkdir()
    for name in ("rgb", "depth"):
        (tmp_path / "set" / name).symlink_to(tmp_path / "all", target_is_directory=True)
    assert names_of(tmp_path / "set") == ["1"]
    assert "1 .heic file in rgb/ (rgb/2.heic)" in list_folder(tmp_path / "set").unused


def test_a_circle_of_links_ends_and_every_picture_comes_once(tmp_path: Path) -> None:
    touch(tmp_path, "rgb/b/1.png", "rgb/c/2.png", "depth/b/1.png", "depth/c/2.png")
    (tmp_path / "rgb/a").symlink_to(tmp_path / "rgb", target_is_directory=True)
    (tmp_path / "rgb/b/up").symlink_to("../c")
    (tmp_path / "rgb/c/up").symlink_to("../b")
    (tmp_path / "rgb/self").symlink_to("self")
    assert names_of(tmp_path) == ["b/1", "c/2"]
    unused = list_folder(tmp_path).unused
    assert "3 links to a folder that is read already (such as rgb/a)" in unused
    assert "1 broken link or special file (rgb/self)" in unused


def test_what_is_not_used_is_counted_and_named_by_kind(tmp_path: Path) -> None:
    touch(tmp_path, "rgb/1.png", "depth/1.png", "rgb/a/2.HEIC", "rgb/a/3.heic", "depth/4.PNG", "depth/5.npz")
    touch(tmp_path, "depth/1.exr", "README", "masks/1.png", "rgb/.DS_Store", ".git/1.png", "depth/.1.png")
    (tmp_path / "rgb/6.png").symlink_to("nowhere")
    assert list_folder(tmp_path).unused == (
        "not used: 2 depth files without a picture (such as depth/4.PNG), 2 .heic files in rgb/ (such as "
        "rgb/a/2.HEIC), 1 .exr file in depth/ (depth/1.exr), 1 broken link or special file (rgb/6.png), "
        "1 file without ending (README), 1 other folder (masks); "
        "pictures are read from PNG and JPEG, depth from PNG, NPY and NPZ"
    )


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    touch(tmp_path, "1.png")
    os.mkfifo(tmp_path / "2.png")
    assert walk(tmp_path).files == (tmp_path / "1.png",)


@pytest.mark.parametrize("depth", ["1.PNG", "1.Npy", "1.NPZ"])
@pytest.mark.parametrize("rgb", ["1.JPG", "1.Jpeg", "1.PNG"])
def test_endings_are_known_in_capitals(tmp_path: Path, rgb: str, depth: str) -> None:
    touch(tmp_path, f"rgb/{rgb}", f"depth/{depth}")
    assert names_of(tmp_path) == ["1"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["rgb/1.png", "rgb/1.jpg", "depth/1.png"], r"rgb/1\.jpg and .*rgb/1\.png would share one depth"),
        (["rgb/1.png", "depth/1.png", "depth/1.PNG"], r"rgb/1 has two depth files \(.*1\.PNG, .*1\.png\)"),
        (["rgb/1.png", "depth/1.jpg"], r"rgb/1 has no depth that is read \(.*depth/1\.jpg\)"),
        (["rgb/1.png", "depth/2.npy"], r"rgb/1 has no depth \(.*1\.png, .*1\.npy, .*1\.npz\)"),
        (["rgb/1.heic", "rgb/2.heic"], r"has none but 2 \.heic files in rgb/ \(such as rgb/1\.heic\); add them as PNG"),
    ],
)
def test_what_does_not_pair_is_named(tmp_path: Path, files: list[str], message: str) -> None:
    touch(tmp_path, *files)
    with pytest.raises(DataError, match=message):
        list_folder(tmp_path)
