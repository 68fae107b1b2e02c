"""`nas export`: files that load elsewhere, the card beside them, and what it refuses."""

import errno
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from launch.deploy.exports.export import answer
from launch.deploy.subject.shipped import shipped
from nas.deploy import TrainingFolder
from nas.deploy.formats import pt2
from tests.launch.commands import Ended, contents, nas

pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")


def export(source: Path, out: Path, *options: str) -> Ended:
    return nas("export", str(source), "--out", str(out), "--json", *options)


def error_of(ended: Ended) -> str:
    assert ended.code == 2, ended.out + ended.err
    return ended.err.splitlines()[-1]


def test_an_onnx_file_runs_without_us(trained: TrainingFolder, tmp_path: Path) -> None:
    import onnxruntime

    ended = export(trained.path, tmp_path / "net.onnx", "--format", "onnx", "--size", "20x34")
    assert ended.code == 0, ended.err
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    facts = ended.record
    assert [one.name for one in session.get_inputs()] == [facts["input"]["name"]]
    assert [one.name for one in session.get_outputs()] == [facts["output"]["name"]]
    picture = np.random.default_rng(1).random((1, 3, 20, 34), dtype=np.float32)
    given = session.run(None, {facts["input"]["name"]: picture})[0]
    wanted = answer(shipped(trained.path).folded, picture)
    assert np.abs(given - wanted).max() < 1e-4 * np.ptp(wanted)
    assert facts["largest_difference"] < 1e-4 and facts["bytes"] == (tmp_path / "net.onnx").stat().st_size


@pytest.mark.slow
def test_a_pt2_file_of_any_size_runs_without_us(trained: TrainingFolder, tmp_path: Path) -> None:
    ended = export(trained.path, tmp_path / "net.pt2", "--format", "pt2", "--size", "dynamic")
    assert ended.code == 0, ended.err
    picture = torch.rand(2, 3, 18, 40)
    given = torch.export.load(tmp_path / "net.pt2").module()(picture)
    wanted = answer(shipped(trained.path).folded, picture.numpy())
    assert np.abs(given.detach().numpy() - wanted).max() < 1e-4 * np.ptp(wanted)


def test_one_card_tells_of_all_files_of_a_network(
    trained: TrainingFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WARM_UP_S", "TIMING_S"):
        monkeypatch.setattr(f"launch.deploy.exports.latency.{name}", 0.0)
    for name, options in (("small.onnx", ()), ("large.onnx", ("--size", "32x32", "--measure"))):
        assert export(trained.path, tmp_path / name, "--format", "onnx", *options).code == 0
    card, page = json.loads((tmp_path / "card.json").read_text()), (tmp_path / "card.md").read_text()
    assert list(card["exports"]) == ["small.onnx", "large.onnx"]
    timed = [one.get("latency") for one in card["exports"].values()]
    assert timed[0] is None and timed[1]["quickest_ms"] > 0
    assert f"{timed[1]['quickest_ms']:.4f} | {timed[1]['median_ms']:.4f} |" in page
    macs = [one["resources"]["macs"]["value"] for one in card["exports"].values()]
    assert macs == [trained.network().macs, 4 * macs[0]]
    result = trained.result()["metrics"]
    assert card["metrics"]["delta1"] == {"predicted": None, "in search": None, "trained": result["delta1"]}
    assert card["training"]["steps"] == 4 and card["training"]["seed"] == 0 and card["data"]["name"] == "green"
    for told in ("small.onnx", "large.onnx", f"{result['test_delta1']:.4f}", "up", "made up", "limits of use"):
        assert told in page
    os.remove(tmp_path / "small.onnx")
    assert export(trained.path, tmp_path / "net.pt2", "--format", "pt2").code == 0
    assert list(json.loads((tmp_path / "card.json").read_text())["exports"]) == ["large.onnx", "net.pt2"]


def test_another_networks_card_is_not_written_over(trained: TrainingFolder, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text('{"network": {"digest": "0"}, "exports": {}}')
    before = contents(tmp_path)
    said = error_of(export(trained.path, tmp_path / "net.onnx", "--format", "onnx"))
    assert "a card tells of one network, and" in said and "is another's" in said
    assert contents(tmp_path) == before


def test_bad_places_and_sizes_are_refused(trained: TrainingFolder, tmp_path: Path) -> None:
    (tmp_path / "untrained").mkdir()
    unended = tmp_path / "unended"
    unended.mkdir()
    for name in ("training.json", "network.json"):
        (unended / name).write_bytes((trained.path / name).read_bytes())
    for source, options, said in (
        (trained.path, ("--size", "17x16"), "must be multiples of 2, which this network's strides divide them by"),
        (trained.path, ("--size", "large"), "a size is HEIGHTxWIDTH, such as 384x288, got 'large'"),
        (tmp_path / "untrained", (), "holds neither a run (experiment.json) nor a training (training.json)"),
        (unended, (), "holds no training that has ended; let `nas train` run to its end first"),
    ):
        assert said in error_of(export(source, tmp_path / "net.onnx", "--format", "onnx", *options))
    out = trained.path / "winner.pt"
    assert "which would be ruined" in error_of(export(trained.path, out, "--format", "onnx"))
    assert not (tmp_path / "net.onnx").exists()


def test_damaged_and_foreign_files_are_refused(trained: TrainingFolder, tmp_path: Path) -> None:
    def damaged(name: str, content: bytes) -> str:
        folder = tmp_path / f"damaged {name} {len(content)}"
        folder.mkdir()
        for path in trained.path.iterdir():
            if path.is_file() and not path.name.startswith("."):
                (folder / path.name).write_bytes(content if path.name == name else path.read_bytes())
        return error_of(export(folder, tmp_path / "net.onnx", "--format", "onnx"))

    weights, network = (trained.path / name for name in ("winner.pt", "network.json"))
    assert "weights are tensors by name" in damaged("winner.pt", weights.read_bytes()[:1000])
    assert "cannot be read" in damaged("network.json", network.read_bytes()[:1000])
    narrower = network.read_bytes().replace(b'"width": 4', b'"width": 8')
    assert "weights must be those of their architecture" in damaged("network.json", narrower)
    spoilt, file = torch.load(weights, weights_only=True), io.BytesIO()
    next(iter(spoilt.values())).view(-1)[0] = float("nan")
    torch.save(spoilt, file)
    assert "must answer with finite numbers" in damaged("winner.pt", file.getvalue())
    newer = (trained.path / "trained.json").read_bytes().replace(b'"format": 1', b'"format": 2')
    assert "has format 2, this version reads 1" in damaged("trained.json", newer)


def test_a_file_that_answers_otherwise_is_not_written(
    trained: TrainingFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    made = pt2.export

    def wrong(*arguments: object, **options: object) -> object:
        exported = made(*arguments, **options)  # type: ignore[arg-type]
        return replace(exported, run=lambda picture: exported.run(picture) * np.float32(1.01))

    monkeypatch.setattr(pt2, "export", wrong)
    said = error_of(export(trained.path, tmp_path / "net.pt2", "--format", "pt2"))
    assert "must differ by at most 0.0001 of the output's range, and pt2 differs by" in said
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_file(
    trained: TrainingFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "make room there" in error_of(export(trained.path, tmp_path / "net.onnx", "--format", "onnx"))
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_is_missing_is_named(
    trained: TrainingFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "nas.deploy.formats.executorch", None)
    said = error_of(export(trained.path, tmp_path / "net.pte", "--format", "executorch"))
    assert "pip install 'chamnas[executorch]'" in said
