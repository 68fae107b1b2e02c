"""`nas depth`: any model of ours on any picture; what cannot be read is skipped and named."""

import shutil
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from launch.deploy import depth_model
from launch.deploy.subject.shipped import shipped
from nas.deploy import TrainingFolder
from nas.devices.runtimes.executorch import load_module
from nas.lowering.torch_module import parameters
from tests.launch.commands import Ended, contents, nas

pytest.importorskip("cv2", reason="pip install 'chamnas[pictures]'")

ENDINGS = ("-depth.npy", "-depth.png", "-colour.png", ".html", ".glb")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures and a damaged one."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name in ("a.png", "sub/b.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)).save(folder / name)
    whole = (folder / "sub/b.jpg").read_bytes()
    (folder / "c.jpg").write_bytes(whole[: len(whole) // 2])
    return folder


def depth(model: Path, *arguments: object) -> Ended:
    return nas("depth", str(model), *map(str, arguments), "--json")


def error_of(ended: Ended) -> str:
    assert ended.code == 2, ended.out + ended.err
    return ended.err.splitlines()[-1]


def test_a_folder_with_a_damaged_picture(trained: TrainingFolder, pictures: Path, tmp_path: Path) -> None:
    ended = depth(trained.path, pictures, "--out", tmp_path / "out")
    assert ended.code == 1
    a, b = ended.record["pictures"]
    assert a["size"] == [24, 32] and a["files"] == [str(tmp_path / f"out/a{ending}") for ending in ENDINGS]
    assert set(contents(tmp_path / "out")) == {f"{name}{ending}" for name in ("a", "sub/b") for ending in ENDINGS}
    (skipped,) = ended.record["skipped"]
    assert skipped["picture"] == str(pictures / "c.jpg") and "runcated" in skipped["reason"]
    assert "pictures: 3/3, 1 skipped" in ended.err and "skipped: a picture is a JPEG" in ended.err
    stored = np.load(tmp_path / "out/sub/b-depth.npy")
    assert stored.shape == (24, 32) and b["log_disparity"] == [stored.min(), stored.max()]
    told = nas("depth", str(trained.path), str(pictures / "a.png"), "--out", str(tmp_path / "out"), "--no-photo")
    assert told.code == 0 and "1 pictures, 0 skipped" in told.out and "a.html" not in told.out


def test_a_video_beside_a_picture(trained: TrainingFolder, pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="pip install 'chamnas[pictures]'")
    from nas.pictures.video.clip import written

    with written(tmp_path / "clip.mp4", Fraction(10)) as writer:
        for _ in range(4):
            writer.add(np.asarray(Image.open(pictures / "a.png").convert("RGB")))
    ended = depth(trained.path, tmp_path / "clip.mp4", pictures / "a.png", "--out", tmp_path / "out", "--no-photo")
    assert ended.code == 0, ended.err
    video, _ = ended.record["pictures"]
    assert video["notes"] == ["4 frames in 1 shot"] and video["size"] == [24, 32]
    assert set(contents(tmp_path / "out")) == {
        *(f"clip-depth/{number:06}.png" for number in range(4)), "clip-side-by-side.mp4",
        *(f"a{ending}" for ending in ENDINGS[:3]),
    }  # fmt: skip
    assert "frames of clip.mp4: 4/4" in ended.err


def test_every_kind_of_model_gives_the_same_depth(trained: TrainingFolder, pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")
    front = tmp_path / "winners" / "01"
    front.mkdir(parents=True)
    for file in (trained.weights, trained.code):
        shutil.copy(file, front)
    height, width = shipped(trained.path).folded.network.input[1:]
    for name, size in (("free", "dynamic"), ("fixed", f"{height}x{width}")):
        out = str(tmp_path / name / "net.onnx")
        assert nas("export", str(trained.path), "--format", "onnx", "--size", size, "--out", out).code == 0
    given = [trained.path, front, front / "winner.pt", tmp_path / "free/net.onnx"]
    found = [seen(model, pictures / "a.png", tmp_path / "out") for model in given]
    assert all(are_alike(one, found[0]) for one in found)
    square = tmp_path / "square.png"
    Image.open(pictures / "a.png").resize((width, height)).save(square)
    assert are_alike(*(seen(model, square, tmp_path / "out") for model in (given[0], tmp_path / "fixed/net.onnx")))
    refused = depth(tmp_path / "fixed/net.onnx", square, "--out", tmp_path / "out", "--size", 64)
    assert f"takes pictures of {height}x{width} only, got --size 64" in error_of(refused)


def are_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """But for a few pixels: the last bit of the network's answer decides between two medians that are as good."""
    return bool((np.abs(one - other) > 1e-4 * np.ptp(other)).mean() < 0.05)


def seen(model: Path, picture: Path, out: Path) -> np.ndarray:
    ended = depth(model, picture, "--out", out, "--no-photo")
    assert ended.code == 0, ended.err
    depth_file: np.ndarray = np.load(ended.record["pictures"][0]["files"][0])
    return depth_file


@pytest.mark.slow
def test_an_executorch_program_gives_the_same_depth(trained: TrainingFolder, pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")
    folded = shipped(trained.path).folded
    writer = load_module("nas.lowering.executorch")
    (tmp_path / "net.pte").write_bytes(
        writer.network_program(folded.network, int8=False, parameters=parameters(folded))
    )
    square = tmp_path / "square.png"
    Image.open(pictures / "a.png").resize(folded.network.input[:0:-1]).save(square)
    ours, theirs = (seen(model, square, tmp_path / "out") for model in (trained.path, tmp_path / "net.pte"))
    assert are_alike(ours, theirs)


def test_bad_use_is_refused_and_nothing_is_written(trained: TrainingFolder, pictures: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.mkdir()
    shutil.copy(trained.weights, changed)
    (changed / "winner.py").write_text(trained.code.read_text() + "\nimport os\n")
    text = trained.code.read_text().replace("return x", "return open('owned', 'w')")
    (tmp_path / "evil.py").write_text(text)
    shutil.copy(trained.weights, tmp_path / "evil.pt")
    (tmp_path / "lone.pt").write_bytes(trained.weights.read_bytes())
    for name in ("broken.onnx", "clip.mp4", "model.h5"):
        (tmp_path / name).write_bytes(b"nothing")
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    for model, picture, said in (
        (tmp_path / "none", "a.png", "a model must be there"),
        (tmp_path / "model.h5", "a.png", "a model is a run's folder"),
        (tmp_path / "empty", "a.png", "holds neither a run (experiment.json) nor a training"),
        (tmp_path / "lone.pt", "a.png", "lone.pt needs lone.py beside it"),
        (tmp_path / "evil.pt", "a.png", "is not as nas wrote it"),
        (tmp_path / "broken.onnx", "a.png", "an ONNX file is what ONNX Runtime runs"),
        (trained.path, "c.jpg", "cannot be read"),
        (trained.path, "none.png", "none.png is not; check its name"),
        (trained.path, tmp_path / "empty", "a folder needs a picture"),
        (trained.path, tmp_path / "clip.mp4", "a video is what FFmpeg can read"),
    ):
        assert said in error_of(depth(model, pictures / picture, "--out", out))
    assert "which would be ruined" in error_of(depth(trained.path, pictures, "--out", pictures))
    assert not out.exists() and not Path("owned").exists()


def test_the_network_that_comes_with_the_source(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = depth(Path("demo"), pictures / "a.png", "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert ended.record["model"].startswith(str(depth_model.RELEASES / "demo/winner.pt"))
    assert sum(path.stat().st_size for path in (depth_model.RELEASES / "demo").iterdir()) < 4e6
    monkeypatch.setattr(depth_model, "RELEASES", tmp_path)
    said = error_of(depth(Path("demo"), pictures / "a.png", "--out", tmp_path / "out"))
    assert "lies beside the packages in the project's source" in said and "clone the source" in said


def test_another_networks_file_is_told_apart_from_ours(trained: TrainingFolder, pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")
    file = tmp_path / "net.onnx"
    assert nas("export", str(trained.path), "--format", "onnx", "--size", "dynamic", "--out", str(file)).code == 0
    out = ("--out", tmp_path / "out", "--no-photo")
    ours, theirs = (depth(file, pictures / "a.png", *out, *more) for more in ((), ("--gives", "depth")))
    assert ours.code == theirs.code == 0 and ours.record["pictures"] != theirs.record["pictures"]
    said = error_of(depth(trained.path, pictures / "a.png", *out, "--wants", "imagenet"))
    assert "--wants and --gives are for files of other networks (.onnx, .pte)" in said


def test_a_library_that_is_missing_is_named(
    trained: TrainingFolder, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nas.pictures.depth", None)
    said = error_of(depth(trained.path, pictures / "a.png", "--out", tmp_path / "out"))
    assert "pip install 'chamnas[pictures]'" in said
    (tmp_path / "net.pte").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "nas.pictures.models.executorch_file", None)
    said = error_of(depth(tmp_path / "net.pte", pictures / "a.png", "--out", tmp_path / "out"))
    assert "pip install 'chamnas[executorch]'" in said
