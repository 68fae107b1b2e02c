"""A depth network in an ONNX file as a teacher: what it is given, what is made of its answer, what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nas.lowering.torch_module import build, fold, parameters
from tests.experiments.tiny import SPACE

onnx = pytest.importorskip("onnx", reason="pip install 'chamnas[onnx]'")
pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")

from nas.deploy.onnx_teacher import OnnxTeacher, TeacherError  # noqa: E402  # it imports onnxruntime
from nas.lowering.onnx import onnx_model  # noqa: E402


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[torch.nn.Module, Path]:
    """A network of ours for 16x16 pictures, and its file."""
    torch.manual_seed(0)
    folded = fold(build(SPACE.lower(SPACE.reference("published"))))
    path = tmp_path_factory.mktemp("teacher") / "own.onnx"
    path.write_bytes(onnx_model(folded.network, int8=False, parameters=parameters(folded)).SerializeToString())
    return folded, path


def echo(path: Path, *shape: int | str, axes: tuple[int, ...] = ()) -> Path:
    """A network that answers with the mean over the given axes of what it is given."""
    node = onnx.helper.make_node("ReduceMean", ["x"], ["y"], axes=list(axes), keepdims=1)
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, given) for name, given in
            (("x", list(shape)), ("y", None))]  # fmt: skip
    graph = onnx.helper.make_graph([node], "echo", ends[:1], ends[1:])
    opset = onnx.helper.make_opsetid("", 17)
    path.write_bytes(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString())
    return path


def test_our_own_file_teaches_what_its_network_says(own: tuple[torch.nn.Module, Path]) -> None:
    folded, path = own
    pictures = torch.rand(3, 3, 16, 16)
    with torch.inference_mode():
        wanted = folded(pictures)
    assert torch.allclose(OnnxTeacher(path)(pictures), wanted, atol=1e-4)
    assert OnnxTeacher(path)(torch.rand(2, 3, 24, 40)).shape == (2, 1, 24, 40)


def test_it_is_given_what_it_wants(tmp_path: Path) -> None:
    path = echo(tmp_path / "echo.onnx", "b", 3, "h", "w", axes=(1,))
    white = torch.ones(2, 3, 8, 8)
    assert torch.allclose(OnnxTeacher(path)(white), torch.ones(2, 1, 8, 8))
    normalised = np.mean([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
    assert torch.allclose(OnnxTeacher(path, wants="imagenet")(white), torch.full((2, 1, 8, 8), float(normalised)))


def test_nearer_is_greater_whatever_it_gives(tmp_path: Path) -> None:
    path = echo(tmp_path / "echo.onnx", "b", 3, "h", "w", axes=(1,))
    ramp = torch.linspace(0.1, 0.9, 64).view(1, 1, 1, 64).expand(1, 3, 64, 64)
    depth = OnnxTeacher(path, gives="depth")(ramp)
    assert torch.allclose(depth, -torch.log(ramp[:, :1]), atol=1e-5)
    for scale in (1.0, 0.3):
        disparity = OnnxTeacher(path, gives="disparity")(scale * ramp)
        assert bool((disparity.diff(dim=-1)[..., 2:] > 0).all())
        assert disparity.amax().item() == pytest.approx(np.log(1.01), abs=1e-4)


@pytest.mark.parametrize(
    ("shape", "axes", "said"),
    [
        (("b", 3, "h", "w"), (2,), "must give one map for each picture"),
        (("b", 1, "h", "w"), (1,), r"must take one picture, float \[b, 3, h, w\]"),
        (("b", 3, "h"), (1,), r"must take one picture, float \[b, 3, h, w\]"),
    ],
)
def test_what_cannot_teach_is_refused(
    shape: tuple[int | str, ...], axes: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    path = echo(tmp_path / "echo.onnx", *shape, axes=axes)
    with pytest.raises(TeacherError, match=said):
        OnnxTeacher(path)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    for name in ("bad.onnx", "missing.onnx"):
        with pytest.raises(TeacherError, match=f"must be an ONNX file, .*{name} cannot be (loaded|read)"):
            OnnxTeacher(tmp_path / name)
