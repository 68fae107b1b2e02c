"""`nas train`: from a run, from a file, killed and continued, diverged, and what it refuses."""

import csv
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from launch.deploy.training import training
from nas.deploy import TrainingFolder
from nas.depth.training.training import evaluate
from tests.experiments import learning, tiny
from tests.launch.commands import ROOT, Ended, Place, contents, nas, place_at

LEARNING = str(ROOT / "tests/experiments/learning.py")
STEPS = "12"
LOG = ("--log", "tensorboard")
DECISIONS = {**tiny.SPACE.references["published"], "up.expansion": 1, "narrow.width": 4}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A finished run, not to be changed."""
    place = place_at(tmp_path_factory.mktemp("searched"))
    command = [part for part in place.search(experiment=LEARNING) if part not in ("--data", str(place.orders))]
    ended = nas(*command)
    assert ended.code == 0, ended.err
    return place


@pytest.fixture(scope="module")
def whole(searched: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TrainingFolder, Ended]]:
    """The run's winner, trained without a disturbance; not to be changed."""
    folder = TrainingFolder(path=tmp_path_factory.mktemp("whole") / "trained")
    ended = nas("train", str(searched.run.path), "--out", str(folder.path), "--steps", STEPS, *LOG, "--json")
    assert ended.code == 0, ended.err
    yield folder, ended


def winner(folder: Path) -> torch.nn.Module:
    """What a user loads, without anything of ours."""
    spec = importlib.util.spec_from_file_location("winner", folder / "winner.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    loaded: torch.nn.Module = module.load()
    return loaded


def architecture(path: Path, **given: Any) -> str:
    file = path / "architecture.json"
    file.write_text(json.dumps({"decisions": DECISIONS, **given}))
    return str(file)


def eight_steps(folder: Path) -> list[str]:
    """The command of a training into `folder`/out."""
    source, out = architecture(folder), str(folder / "out")
    return ["train", source, "--experiment", LEARNING, "--out", out, "--steps", "8"]


def error_of(ended: Ended) -> str:
    assert ended.code == 2, ended.out + ended.err
    return ended.err.splitlines()[-1]


def test_it_starts_where_the_search_ended_and_leaves_a_better_network(
    searched: Place, whole: tuple[TrainingFolder, Ended]
) -> None:
    folder, ended = whole
    found = json.loads(searched.run.winner.read_text())
    assert ended.record["metrics_at_start"]["error"] == pytest.approx(found["metrics"]["error"], abs=1e-3)
    assert ended.record["metrics"]["error"] < ended.record["metrics_at_start"]["error"]
    assert ended.record["steps"] == 12 and "test_delta1" in ended.record["metrics"]
    assert folder.settings()["decisions"] == found["decisions"]
    assert folder.settings()["told"]["found"]["metrics"] == found["metrics"]
    assert sorted(path.name for path in folder.path.iterdir() if not path.name.startswith((".", "__"))) == [
        "curve.csv", "network.json", "tensorboard", "trained.json", "training.json", "winner.pt", "winner.py",
    ]  # fmt: skip


def test_the_network_that_is_left_has_the_error_that_is_told(whole: tuple[TrainingFolder, Ended]) -> None:
    folder, ended = whole
    metrics = evaluate(winner(folder.path), learning.images("c", 8))
    assert metrics.delta1 == pytest.approx(ended.record["metrics"]["test_delta1"], abs=1e-4)


def test_the_curve_is_a_table_that_ends_with_what_is_told(whole: tuple[TrainingFolder, Ended]) -> None:
    folder, ended = whole
    rows = list(csv.DictReader(folder.curve.read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == list(range(13))
    assert float(rows[-1]["validation_error"]) == pytest.approx(ended.record["metrics"]["error"], rel=1e-4)


def test_tensorboard_has_the_same_curve(whole: tuple[TrainingFolder, Ended]) -> None:
    folder, _ = whole
    rows = list(csv.DictReader(folder.curve.read_text().splitlines()))
    events = EventAccumulator(str(folder.path / "tensorboard"))
    events.Reload()
    for tag, column in (("validation/error", "validation_error"), ("loss", "loss")):
        told = [(int(row["step"]), float(row[column])) for row in rows if row[column]]
        found = events.Scalars(tag)
        assert [(one.step, pytest.approx(one.value, rel=1e-4)) for one in found] == told


class Stop(BaseException):
    """Stands for a kill: nothing catches it."""


def test_a_killed_one_continues_and_gives_what_it_would_have_given(
    searched: Place, whole: tuple[TrainingFolder, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("train", str(searched.run.path), "--out", str(tmp_path / "trained"), "--steps", STEPS)
    watched = training.Watch.step

    def killed(self: Any, done: int, loss: float) -> None:
        watched(self, done, loss)
        if done == 7:
            raise Stop

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(training.Watch, "step", killed)
        nas(*command)
    assert not (tmp_path / "trained/trained.json").exists()
    ended = nas(*command)
    assert ended.code == 0, ended.err
    after, undisturbed = contents(tmp_path / "trained"), contents(whole[0].path)
    assert after.keys() == {name for name in undisturbed if not name.startswith("tensorboard")}
    for name in ("curve.csv", "network.json", "trained.json", "winner.pt"):
        assert after[name] == undisturbed[name], name


def test_one_that_has_ended_tells_its_end_again_and_trains_nothing(
    searched: Place, whole: tuple[TrainingFolder, Ended]
) -> None:
    folder, _ = whole
    before = contents(folder.path)
    again = nas("train", str(searched.run.path), "--out", str(folder.path))
    assert again.code == 0 and "after 12 steps" in again.out and str(folder.weights) in again.out
    assert contents(folder.path) == before
    longer = nas("train", str(searched.run.path), "--out", str(folder.path), "--steps", "20")
    assert "has ended a training with steps = 12, now it is 20; give --out a new folder" in error_of(longer)


def test_any_architecture_trains_with_a_teacher_and_goes_on_from_its_own_end(
    whole: tuple[TrainingFolder, Ended], tmp_path: Path
) -> None:
    first = tmp_path / "first"
    ended = nas(
        "train", architecture(tmp_path), "--experiment", LEARNING, "--out", str(first), "--steps", "6",
        "--teacher", str(whole[0].path), "--no-augment", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    settings = TrainingFolder(path=first).settings()
    assert settings["decisions"] == DECISIONS and settings["weights_at_start"] is None and settings["teacher"]
    assert not any(name.startswith("augmentation") for name in settings["training"])
    further = nas("train", str(first), "--out", str(tmp_path / "further"), "--steps", "2", "--json")
    assert further.code == 0, further.err
    assert further.record["metrics_at_start"]["error"] == pytest.approx(ended.record["metrics"]["error"], abs=1e-3)


@pytest.mark.slow
def test_an_onnx_file_teaches_and_threads_are_kept(
    whole: tuple[TrainingFolder, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'chamnas[onnx]'")
    teacher, out = tmp_path / "teacher.onnx", tmp_path / "out"
    assert nas("export", str(whole[0].path), "--format", "onnx", "--out", str(teacher)).code == 0
    command = [
        "train", architecture(tmp_path), "--experiment", LEARNING, "--out", str(out), "--steps", "2",
        "--teacher", str(teacher), "--teacher-gives", "disparity",
    ]  # fmt: skip
    ended = nas(*command, "--threads", "2")
    assert ended.code == 0, ended.err
    assert "training on 2 of" in ended.err
    settings = TrainingFolder(path=out).settings()
    assert settings["threads"] == 2 and settings["teacher"].endswith(" unit disparity")
    (out / "trained.json").unlink()
    assert "was started with threads = 2, now it is 1" in error_of(nas(*command, "--threads", "1"))
    teacher.write_bytes(teacher.read_bytes()[:100])
    assert "a teacher must be an ONNX file" in error_of(nas(*command[:-4], "--teacher", str(teacher)))


def test_a_diverged_one_keeps_its_checkpoint_and_goes_on_with_a_lower_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nas.depth.training.steps import Steps

    command = eight_steps(tmp_path)
    made = Steps.step

    def diverging(self: Any, step: int) -> float:
        return float("nan") if step == 5 else made(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Steps, "step", diverging)
        said = error_of(nas(*command, "--lr", "0.01"))
    assert "did not at step 5 under a learning rate that peaks at 0.01" in said and "after 5 steps, is kept" in said
    assert (tmp_path / "out/checkpoint.pt").exists()
    assert "diverged at step 5 .* and would again; give a lower --lr" in error_of(nas(*command)).replace(
        "under a learning rate that peaks at 0.01, and", ".* and"
    )
    ended = nas(*command, "--lr", "0.003", "--json")
    assert ended.code == 0, ended.err
    settings = TrainingFolder(path=tmp_path / "out").settings()
    assert settings["training"]["peak_lr"] == 0.003
    assert settings["before"] == [{"peak_lr": 0.01, "diverged_at_step": 5}]
    steps = [int(row["step"]) for row in csv.DictReader((tmp_path / "out/curve.csv").read_text().splitlines())]
    assert steps == list(range(9))


def test_another_setting_is_another_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = eight_steps(tmp_path)

    def killed(self: Any, done: int, loss: float) -> None:
        raise Stop

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(training.Watch, "step", killed)
        nas(*command)
    for option, said in (
        (("--seed", "1"), "was started with seed = 0, now it is 1"),
        (("--lr", "1"), "was started with training.peak_lr = .*, now it is 1.0"),
        (("--no-augment",), "was started with training.augmentation_"),
    ):
        ended = nas(*command, *option)
        assert ended.code == 2 and all(part in ended.err for part in said.split(".*")), ended.err
    assert "now it is 9" in error_of(nas(*command[:-1], "9"))


def test_hours_become_steps(tmp_path: Path) -> None:
    ended = nas(
        "train", architecture(tmp_path), "--experiment", LEARNING, "--out", str(tmp_path / "out"), "--hours", "1e-7",
        "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert ended.record["steps"] == 1 and "1 steps in 1e-07 hours" in ended.err


def test_an_experiment_of_the_users_choice_trains_at_its_own_size(tmp_path: Path) -> None:
    """As that of photographs trains what a smaller search has found; without a choice the size must be the source's."""
    source = architecture(tmp_path, input=[3, 64, 64], experiment=LEARNING)
    said = "is of input [3, 64, 64], and experiment 'learning' trains [3, 16, 16]"
    assert said in error_of(nas("train", source, "--out", str(tmp_path / "out")))
    ended = nas("train", source, "--experiment", LEARNING, "--out", str(tmp_path / "out"), "--steps", "2")
    assert ended.code == 0, ended.err
    assert json.loads((tmp_path / "out/network.json").read_text())["input"] == [3, 16, 16]


BAD = [
    ({"decisions": {"narrow.width": 5}}, "has no option 5; known: (4, 8, 12, 16)"),
    ({"decisions": None}, "names no architecture; write"),
    ({"decisions": None, "architecture": [0, 1]}, "is no architecture of space 'tiny'; it needs 6 indices"),
    (
        {"space": "tiefenrausch"},
        "is of space 'tiefenrausch', and experiment 'learning' trains 'tiny'; give --experiment",
    ),
    ({"input": [1, 16, 16]}, "is of input [1, 16, 16], and experiment 'learning' trains [3, 16, 16]"),
    ({"format": 7}, "must be a JSON object of format 1, got 7; use the version that wrote it"),
]


@pytest.mark.parametrize(("given", "said"), BAD, ids=[said[:30] for _, said in BAD])
def test_a_bad_file_is_refused(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    source = architecture(tmp_path, **given)
    out = tmp_path / "out"
    assert said in error_of(nas("train", source, "--experiment", LEARNING, "--out", str(out)))
    assert not out.exists()


def test_a_bad_place_is_refused(searched: Place, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "holiday.jpg").touch()
    file = architecture(tmp_path)
    for arguments, said in (
        ((str(tmp_path / "none.json"), "--out", "x"), "none.json is not there; name a run folder"),
        ((str(full), "--out", "x"), "holds neither a run (experiment.json) nor a training (training.json)"),
        ((file, "--experiment", LEARNING, "--out", str(full)), "is not empty (holiday.jpg) and holds no training"),
        ((file, "--experiment", LEARNING, "--out", file), "--out must not be what is read as SOURCE"),
        ((file, "--experiment", str(ROOT / "tests/experiments/tiny.py"), "--out", str(tmp_path / "y")),
         "Formula of experiment 'tiny' lacks them"),
        ((file, "--experiment", LEARNING, "--out", str(tmp_path / "z"), "--teacher", str(full)),
         "holds no training that has ended"),
        ((file, "--experiment", LEARNING, "--out", str(tmp_path / "z"), "--hours", "1", "--steps", "1"),
         "after --steps or after --hours, got both"),
    ):  # fmt: skip
        assert said in error_of(nas("train", *arguments))


def test_weights_of_another_architecture_are_refused(searched: Place, tmp_path: Path) -> None:
    file = tmp_path / "winner.json"
    file.write_text(json.dumps({"decisions": DECISIONS}))
    os.link(searched.run.path / "winner.pt", tmp_path / "winner.pt")
    said = error_of(nas("train", str(file), "--experiment", LEARNING, "--out", str(tmp_path / "out")))
    assert "weights must be those of their architecture" in said
    (tmp_path / "winner.pt").unlink()
    (tmp_path / "winner.pt").write_bytes((searched.run.path / "winner.pt").read_bytes()[:500])
    said = error_of(nas("train", str(file), "--experiment", LEARNING, "--out", str(tmp_path / "out")))
    assert "weights are tensors by name" in said and "restore it from a copy" in said
