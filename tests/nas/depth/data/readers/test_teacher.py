from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from nas.depth.data.depth_encoding import Meaning
from nas.depth.data.images import DataError, DepthData
from nas.depth.data.sets import DataSet, read_sets
from tests.nas.depth.data.readers.sets_written import SIZE, write_picture

Sides = tuple[int | str, int | str]


def write_teacher(path: Path, *, sides: Sides = ("h", "w"), producer: str = "somebody", channels: int = 1) -> None:
    """A network that answers with the mean of the colours, or with three of them."""
    shape = [1, 3, *sides]
    nodes = [helper.make_node("ReduceMean", ["x"], ["y"], axes=[1], keepdims=1)]
    if channels == 3:
        nodes = [helper.make_node("Identity", ["x"], ["y"])]
    graph = helper.make_graph(
        nodes,
        "teacher",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, channels, *sides])],
    )
    model = helper.make_model(graph, producer_name=producer, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)


def read(path: Path, reader: str | None = None, meaning: Meaning | None = None) -> DepthData:
    return read_sets([DataSet(path=path, reader=reader)], size=SIZE, meaning=meaning or Meaning(kind="disparity"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed, name in enumerate("abc"):
        write_picture(tmp_path / "photos" / f"{name}.png", seed)
    return tmp_path / "photos"


def grey(data: DepthData) -> np.ndarray:
    """What the teacher sees of the training picture at the size that it is trained at."""
    return data.train.rgb[0].mean(axis=-1) / 255


@pytest.mark.parametrize("named", [True, False])
def test_a_teacher_beside_the_photographs_or_named_gives_them_depth(photos: Path, named: bool) -> None:
    path = photos.parent / "midas.onnx" if named else photos / "teacher.onnx"
    write_teacher(path, sides=SIZE)
    data = read(photos, str(path) if named else None)
    np.testing.assert_allclose(data.train.depth[0], 1 / grey(data), rtol=0.02)
    assert data.notes[0].startswith(
        f"read 3 pictures in 3 groups as teacher: disparity of {path.name}, a teacher's, in no unit; what is not above"
    )
    depth = read(photos, str(path) if named else None, Meaning(kind="depth"))
    np.testing.assert_allclose(depth.train.depth[0], grey(depth), rtol=0.02)


def test_a_network_of_ours_gives_log_disparity(photos: Path) -> None:
    write_teacher(photos / "depth.onnx", sides=SIZE, producer="chamnas")
    data = read(photos, meaning=Meaning())
    np.testing.assert_allclose(data.train.depth[0], np.exp(-grey(data)), rtol=0.02)
    assert "log-disparity of depth.onnx" in data.notes[0]


def test_a_network_of_any_size_sees_the_whole_picture(photos: Path) -> None:
    write_teacher(photos / "teacher.onnx")
    assert "12x16" not in read(photos).notes[0]
    assert "(such as a.png, 384x512 for 12x16)" in " ".join(read(photos).notes)


def test_another_teacher_is_another_data_set(photos: Path) -> None:
    write_teacher(photos / "teacher.onnx", sides=SIZE)
    before = read(photos).digest
    assert read(photos).digest == before
    write_teacher(photos / "teacher.onnx", sides=SIZE, producer="another")
    assert read(photos).digest != before


def test_what_a_teacher_gives_must_be_said_and_be_one_number_a_pixel(photos: Path) -> None:
    write_teacher(photos / "teacher.onnx")
    with pytest.raises(
        DataError, match=r"teacher\.onnx was not exported by us; give --depth-is depth or --depth-is di"
    ):
        read(photos, meaning=Meaning())
    write_teacher(photos / "teacher.onnx", sides=SIZE, channels=3)
    with pytest.raises(DataError, match=r"one number a pixel, .*teacher\.onnx gives \(1, 3, 6, 8\)"):
        read(photos)
    (photos / "teacher.onnx").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"a teacher must be an ONNX file, .*teacher\.onnx cannot be read"):
        read(photos)


def test_two_teachers_are_asked_about(photos: Path) -> None:
    for name in ("one", "two"):
        write_teacher(photos / f"{name}.onnx")
    with pytest.raises(DataError, match=r"photographs need one teacher, .* has 2 \.onnx files; name one"):
        read(photos, "teacher")
