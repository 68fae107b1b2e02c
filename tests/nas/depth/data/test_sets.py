from pathlib import Path

import numpy as np
import pytest

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError
from nas.depth.data.sets import DataSet, parse, read_sets, reader_of
from nas.plugins import PluginError
from tests.nas.depth.data.pairs_written import write_pair
from tests.nas.depth.data.readers.sets_written import SIZE, read
from tests.nas.depth.data.readers.test_kitti import write_annotated
from tests.nas.depth.data.readers.test_scannet import write_scans


def write_plain(folder: Path, seed: int = 0) -> Path:
    for i, name in enumerate(("attic/1", "cellar/1", "hall/1")):
        write_pair(folder, name, kind="npy", depth=np.random.default_rng(seed + i).uniform(1, 9, (8, 8)))
    return folder


@pytest.mark.parametrize(
    ("text", "reader", "path", "weight"),
    [
        ("pictures", None, "pictures", 1.0),
        ("kitti:pictures", "kitti", "pictures", 1.0),
        ("kitti:pictures:2", "kitti", "pictures", 2.0),
        ("pictures:0.5", None, "pictures", 0.5),
        ("a/b:c/d", None, "a/b:c/d", 1.0),
        ("my.readers.lab:pictures:3", "my.readers.lab", "pictures", 3.0),
    ],
)
def test_a_text_names_reader_path_and_weight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reader: str | None, path: str, weight: float
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse(text) == DataSet(path=tmp_path / path, reader=reader, weight=weight)


@pytest.mark.parametrize("text", ["C:\\data\\kitti", "C:/data/kitti"])
def test_a_drives_letter_is_no_reader(text: str) -> None:
    assert parse(text).reader is None and parse(text).path.name.endswith("kitti")
    assert parse(f"{text}:2").weight == 2 and parse(f"{text}:2").path == parse(text).path
    assert parse(f"kitti:{text}:2").reader == "kitti" and parse(f"kitti:{text}:2").path == parse(text).path


def test_what_is_there_as_written_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kitti:run:2").mkdir()
    assert parse("kitti:run:2") == DataSet(path=tmp_path / "kitti:run:2")
    assert parse("teacher.onnx:photos").reader == str(tmp_path / "teacher.onnx")


def test_an_unknown_reader_and_a_weight_that_is_none_are_refused() -> None:
    with pytest.raises(PluginError, match=r"unknown reader 'kiti' \(did you mean 'kitti'\?\); known: diode, folder"):
        parse("kiti:pictures")
    for weight in ("0", "-1", "nan", "inf"):
        with pytest.raises(DataError, match="a weight must be above 0, got"):
            parse(f"pictures:{weight}")
    with pytest.raises(DataError, match="--data names a data set, got ''"):
        parse("")


def test_the_reader_is_found_by_what_lies_there(tmp_path: Path) -> None:
    write_annotated(tmp_path / "a")
    write_scans(tmp_path / "b")
    write_plain(tmp_path / "c")
    assert [reader_of(DataSet(path=tmp_path / name))[0] for name in "abc"] == ["kitti", "scannet", "folder"]
    write_scans(tmp_path / "a")
    with pytest.raises(DataError, match=r"a looks like kitti and like scannet; say which, such as --data kitti:"):
        reader_of(DataSet(path=tmp_path / "a"))
    (tmp_path / "d").mkdir()
    with pytest.raises(DataError, match=r"a format that is known, .*/d is in none of diode, folder, kitti, middlebury"):
        reader_of(DataSet(path=tmp_path / "d"))
    with pytest.raises(DataError, match=r"there is no data set .*/e; check the path"):
        reader_of(DataSet(path=tmp_path / "e"))


def test_a_reader_of_ones_own_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text(
        "from nas.depth.data.readers.scannet import ScanNetReader\n\nREADER = ScanNetReader()\n"
    )
    write_scans(tmp_path / "a")
    assert "as lab: PNG / 1000 is metres" in read(tmp_path / "a", str(tmp_path / "lab.py")).notes[0]


def test_what_a_format_says_is_not_said_otherwise(tmp_path: Path) -> None:
    write_annotated(tmp_path)
    with pytest.raises(DataError, match="files of kitti hold depth, got --depth-is disparity"):
        read_sets([DataSet(path=tmp_path)], size=SIZE, meaning=Meaning(kind="disparity"))


def test_a_mixture_keeps_groups_apart_and_says_its_shares(tmp_path: Path) -> None:
    write_annotated(tmp_path / "a")
    write_plain(tmp_path / "b")
    sets = [DataSet(path=tmp_path / "a", weight=2.0), DataSet(path=tmp_path / "b")]
    data = read_sets(sets, size=SIZE, meaning=Meaning(kind="disparity"))
    assert data.name == "a + b" and len(data.test) == 2
    assert {group.split("/")[0] for group in data.train.group} == {"a", "b"}
    assert data.notes[-1] == "training draws 66.7 % from a (1 pictures), 33.3 % from b (1 pictures)"
    assert data.train.draws is not None
    np.testing.assert_allclose(data.train.draws, [2 / 3, 1 / 3])
    other = read_sets(
        [*sets[:1], DataSet(path=tmp_path / "b", weight=2.0)], size=SIZE, meaning=Meaning(kind="disparity")
    )
    assert other.digest != data.digest


def test_one_folder_twice_is_two_sets(tmp_path: Path) -> None:
    folder = write_plain(tmp_path / "a")
    data = read_sets([DataSet(path=folder), DataSet(path=folder)], size=SIZE)
    assert data.name == "a-1 + a-2" and len(set(data.train.group)) == 2
