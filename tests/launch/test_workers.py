"""`nas train --workers`: one training on two workers, of which one is killed, is the training of one process.

Ray reads its environment while it is imported, so nothing here imports it before `ray_environment` has been set up.
"""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from launch.deploy.watch import Watch
from nas.deploy import Row, TrainingFolder
from nas.deploy.checkpoint import FileStore
from nas.deploy.course import Facts
from tests.experiments import tiny
from tests.launch.commands import ROOT, Ended, contents, nas
from tests.waiting import FOREVER_S

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning:ray"),  # what Ray says to itself
]

STEPS, ALONE_FIRST, KEPT = 12, 3, 9
DECISIONS = {**tiny.SPACE.references["published"], "up.expansion": 1, "narrow.width": 4}


class Stop(BaseException):
    """Stands for a kill: nothing catches it."""


@dataclass(frozen=True)
class Scene:
    """A training alone, and one that two workers went on with after it had been begun alone and killed.

    `middle` is the folder as it was while they were at work.
    """

    whole: TrainingFolder
    together: TrainingFolder
    middle: Path
    ended: Ended
    command: tuple[str, ...]


def command(folder: Path, out: Path) -> tuple[str, ...]:
    return (
        "train", str(folder / "architecture.json"), "--experiment", str(folder / "dying.py"), "--out", str(out),
        "--steps", str(STEPS),
    )  # fmt: skip


@pytest.fixture(scope="module")
def cluster(ray_environment: Path) -> Iterator[str]:
    """The address of a cluster of two CPUs, which this process has joined."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    cluster.wait_for_nodes(FOREVER_S)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")  # else it would be tried first
    yield cluster.address
    cluster.shutdown()


@pytest.fixture(scope="module")
def scene(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("workers")
    (folder / "architecture.json").write_text(json.dumps({"decisions": DECISIONS}))
    shutil.copy(ROOT / "tests/experiments/dying.py", folder)
    whole, together, middle = folder / "whole", folder / "together", folder / "middle"
    ended = nas(*command(folder, whole))
    assert ended.code == 0, ended.err
    watched, written = Watch.step, FileStore.write

    def killed(self: Any, done: int, loss: float) -> None:
        watched(self, done, loss)
        if done == ALONE_FIRST:
            raise Stop

    def copied(self: FileStore, content: bytes) -> None:
        written(self, content)
        if len(list(csv.DictReader((together / "curve.csv").read_text().splitlines()))) == KEPT + 1:
            shutil.copytree(together, middle, dirs_exist_ok=True)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stop):
        patch.setattr(Watch, "step", killed)
        nas(*command(folder, together))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileStore, "write", copied)
        ended = nas(*command(folder, together), "--workers", "2", "--address", cluster, "--json")
    return Scene(TrainingFolder(path=whole), TrainingFolder(path=together), middle, ended, command(folder, middle))


def check_same(one: TrainingFolder, other: TrainingFolder) -> None:
    """The same but for rounding: weights, curve, and what is left of the folder."""
    assert contents(one.path).keys() == contents(other.path).keys()
    curves = [list(csv.DictReader(folder.curve.read_text().splitlines())) for folder in (one, other)]
    assert (
        [row["step"] for row in curves[0]] == [row["step"] for row in curves[1]] == [str(i) for i in range(STEPS + 1)]
    )
    for row, twin in zip(*curves, strict=True):
        assert float(row["loss"] or 0) == pytest.approx(float(twin["loss"] or 0), rel=1e-4)
    kept, kept_twin = (torch.load(folder.weights, weights_only=True) for folder in (one, other))
    for name, values in kept.items():
        torch.testing.assert_close(kept_twin[name], values, rtol=1e-2, atol=1e-2)


def test_two_workers_give_what_one_process_gives_though_one_is_killed(scene: Scene) -> None:
    assert scene.ended.code == 0, scene.ended.err
    assert "starting 2 workers on the cluster at" in scene.ended.err
    assert "a worker was lost; the training goes on from its last checkpoint" in scene.ended.err
    check_same(scene.whole, scene.together)
    assert scene.ended.record["workers"] == 2 and scene.whole.result()["workers"] is None
    assert scene.ended.record["metrics"] == pytest.approx(scene.whole.result()["metrics"], rel=2e-2)


def test_one_process_goes_on_from_what_workers_have_kept(scene: Scene) -> None:
    assert (scene.middle / "checkpoint.pt").exists() and not (scene.middle / "trained.json").exists()
    ended = nas(*scene.command)
    assert ended.code == 0, ended.err
    assert f"training: {KEPT + 1}/{STEPS}" in ended.err  # it has not begun anew
    check_same(scene.whole, TrainingFolder(path=scene.middle))


def test_a_mistake_ends_the_training_at_once_with_its_own_sentence(scene: Scene) -> None:
    from ray.train import WorkerGroupError

    from launch.deploy.training.workers.driver import _pass_on, _story
    from launch.deploy.training.workers.mailbox import Failed

    class Listening:
        diverged_at: int | None = None

        def settle(self, steps: int, facts: Facts, step_s: float | None) -> str:
            return "key"

        def keep(self, content: bytes) -> None: ...

        def step(self, done: int, loss: float) -> None: ...

        def row(self, rows: tuple[Row, ...]) -> None: ...

        def diverged(self, step: int) -> None:
            self.diverged_at = step

    listener = Listening()
    for step in (None, 7):
        with pytest.raises(ValueError, match=r"^one sentence$"):
            _pass_on(Failed(reason="one sentence", diverged_at=step), None, listener)
        assert listener.diverged_at == step
    dead = WorkerGroupError("", {1: OSError("gone"), 4: OSError("too")})
    assert "the training lost workers 3 times, last number 1 (gone); the last checkpoint" in _story(dead, 2)
    assert "Ray Train has ended the training (OSError: gone); the last checkpoint" in _story(OSError("gone"), 2)
