"""`nas quantise`: int8 beside fp32, what each layer costs, and the export of it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.deploy.graphs import operators
from launch.deploy.exports.export import answer
from launch.deploy.subject.shipped import shipped
from nas.deploy import TrainingFolder
from nas.deploy.formats.exported import signal_to_noise_db
from nas.devices.runtimes.executorch import load_module
from tests.launch.commands import Ended, nas

pytest.importorskip("executorch", reason="pip install 'chamnas[executorch]'")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def quantised(trained: TrainingFolder, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingFolder, Ended]:
    """A copy of the training with its int8, and what the command told."""
    folder = TrainingFolder(path=tmp_path_factory.mktemp("quantised") / "out")
    shutil.copytree(trained.path, folder.path)
    before = nas("export", str(folder.path), "--format", "pt2", "--int8", "--out", str(folder.path / "net.pt2"))
    assert before.code == 2 and "holds no network in int8; run nas quantise" in before.err, before.err
    return folder, nas("quantise", str(folder.path), "--steps", "3", "--json")


def test_it_tells_every_metric_in_float_with_ranges_alone_and_after_training(
    quantised: tuple[TrainingFolder, Ended],
) -> None:
    folder, ended = quantised
    assert ended.code == 0, ended.err
    metrics = ended.record["metrics"]
    assert list(metrics) == ["float32", "ptq", "qat"] and ended.record["method"] == "qat"
    assert metrics["float32"]["test_delta1"] == pytest.approx(folder.result()["metrics"]["test_delta1"], abs=1e-4)
    assert all(abs(values["delta1"] - metrics["float32"]["delta1"]) < 0.1 for values in metrics.values())
    assert folder.int8_weights.exists() and not folder.int8_checkpoint.exists()
    assert len(folder.int8_curve.read_text().splitlines()) == 5


def test_it_tells_what_each_layer_costs(quantised: tuple[TrainingFolder, Ended]) -> None:
    folder, ended = quantised
    costs = ended.record["signal_to_noise_db"]
    convolutions = {node.name for node in folder.network().nodes if node.op.num_weights}
    assert convolutions <= set(costs) and "input" in costs
    assert list(costs.values()) == sorted(costs.values()) and min(costs.values()) > 10


def test_the_file_in_int8_answers_as_int8_does_and_the_card_has_its_metrics(
    quantised: tuple[TrainingFolder, Ended], tmp_path: Path
) -> None:
    folder, ended = quantised
    out = tmp_path / "net.pt2"
    export = nas("export", str(folder.path), "--format", "pt2", "--int8", "--out", str(out), "--json")
    assert export.code == 0, export.err
    assert export.record["precision"] == "int8" and export.record["signal_to_noise_db"] > 20
    picture = np.random.default_rng(1).random((1, 3, 16, 16), dtype=np.float32)
    given = torch.export.load(out).module()(torch.from_numpy(picture)).detach().numpy()
    assert 10 < signal_to_noise_db(given, answer(shipped(folder.path).folded, picture)) < 100
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["metrics"]["delta1"]["int8"] == ended.record["metrics"]["qat"]["delta1"]


def test_a_phones_program_in_int8_is_one_delegate_of_the_nodes_that_devices_time(
    quantised: tuple[TrainingFolder, Ended], tmp_path: Path
) -> None:
    command = ("export", str(quantised[0].path), "--format", "executorch", "--out", str(tmp_path / "net.pte"), "--json")
    ended = nas(*command, "--int8")
    assert ended.code == 0, ended.err
    assert ended.record["delegates"] == 1 and ended.record["operators outside XNNPACK"] == []
    assert ended.record["signal_to_noise_db"] > 20
    program = load_module("nas.lowering.executorch").network_program(quantised[0].network(), int8=True)
    (tmp_path / "timed.pte").write_bytes(program)
    exported, timed = (operators(tmp_path / name) for name in ("net.pte", "timed.pte"))
    assert exported == timed and len(exported[0]) > 8


def test_an_onnx_file_in_int8_answers_as_int8_does(quantised: tuple[TrainingFolder, Ended], tmp_path: Path) -> None:
    command = ("export", str(quantised[0].path), "--format", "onnx", "--json", "--out")
    int8 = nas(*command, str(tmp_path / "int8.onnx"), "--int8")
    assert int8.code == 0, int8.err
    assert int8.record["precision"] == "int8" and int8.record["signal_to_noise_db"] > 20
    assert "DequantizeLinear" in int8.record["operators"]


def test_what_int8_cannot_do_is_said(quantised: tuple[TrainingFolder, Ended], tmp_path: Path) -> None:
    folder, _ = quantised
    out = str(tmp_path / "net")
    for options, said in (
        (("--format", "onnx", "--size", "dynamic"), "a network in int8 is for one size of picture, got dynamic"),
    ):
        ended = nas("export", str(folder.path), "--int8", "--out", out, *options)
        assert ended.code == 2 and said in ended.err, ended.err
    nowhere = nas("quantise", str(tmp_path))
    assert nowhere.code == 2 and "holds no training that has ended" in nowhere.err


def test_another_versions_state_is_refused(quantised: tuple[TrainingFolder, Ended], tmp_path: Path) -> None:
    folder, _ = quantised
    twin = tmp_path / "twin"
    twin.mkdir()
    for path in folder.path.iterdir():
        if path.is_file() and not path.name.startswith("."):
            (twin / path.name).write_bytes(path.read_bytes())
    state = torch.load(twin / "int8.pt", weights_only=True)
    state.pop(next(iter(state)))
    torch.save(state, twin / "int8.pt")
    ended = nas("export", str(twin), "--format", "pt2", "--int8", "--out", str(tmp_path / "net.pt2"))
    assert ended.code == 2 and "was made by another version; run nas quantise again" in ended.err, ended.err
