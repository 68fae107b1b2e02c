"""Which files are taken, and what their outputs are called."""

from pathlib import Path

import pytest

from nas.pictures import PictureError, picture_files


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folders_pictures_in_order_without_what_is_hidden_or_ours(tmp_path: Path) -> None:
    made(tmp_path, "b.JPG", "a.png", "notes.txt", ".c.png", "sub/.d/e.png", "sub/f.heic", "out/a-depth.png")
    found = picture_files((tmp_path,), tmp_path / "out")
    assert [str(one.name) for one in found] == ["a", "b", "sub/f"]
    assert found[2].output(Path("o"), "-depth.png") == Path("o/sub/f-depth.png")


def test_no_two_outputs_have_one_name(tmp_path: Path) -> None:
    made(tmp_path, "x/a.png", "x/a.jpg", "y/a.png", "y/a.jpg", "x/b.png", "odd.name")
    found = picture_files((tmp_path / "x", tmp_path / "y", tmp_path / "x" / "a.png", tmp_path / "odd.name"), Path("o"))
    names = [str(one.name) for one in found]
    assert len(names) == len(set(names)) == 6
    assert names[:2] == ["a.jpg", "a.png"] and names[-1] == "odd"


def test_what_is_not_there_or_holds_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="none is not; check its name"):
        picture_files((tmp_path / "none",), tmp_path)
    with pytest.raises(PictureError, match=r"a folder needs a picture \(\.jpg, .*has none"):
        picture_files((tmp_path,), tmp_path / "out")
