"""The full-size experiment runs on this machine for a handful of steps, and refuses what it cannot do."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from launch.experiment import Workplace
from launch.experiments import depth
from nas.depth.data import DataError
from tests.launch.commands import nas, nas_alone

SIZE = (384, 288)
SHORTENED = """
from dataclasses import replace

from launch.experiments import depth

depth.BATCH_SIZE = 2


def make_evaluator(place):
    made = depth.experiment().make_evaluator(place)
    return replace(made, recipe=replace(made.recipe, precision="float32"))  # without bfloat16 a CPU takes minutes


def experiment():
    return replace(
        depth.experiment(), make_evaluator=make_evaluator, num_design=3, num_trials=4, fidelity=1,
        num_finalists=1, final_fidelity=2,
        limits=("macs <= 0.06 * published",), baseline=None,  # which would be trained too, for minutes
    )
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Slopes of one colour, nearer below, in four groups."""
    rng, folder = np.random.default_rng(0), tmp_path / "pictures"
    for part in ("rgb", "depth"):
        (folder / part).mkdir(parents=True)
    for group in range(4):
        for number in range(2):
            depth = np.linspace(8.0, 1.0, SIZE[0])[:, None] * rng.uniform(0.8, 1.2, SIZE[1])
            grey = np.clip(255 / depth + rng.normal(0, 3, SIZE), 0, 255).astype(np.uint8)
            Image.fromarray(np.repeat(grey[:, :, None], 3, axis=2)).save(folder / f"rgb/g{group}_{number}.png")
            np.save(folder / f"depth/g{group}_{number}.npy", depth.astype(np.float32))
    return folder


@pytest.mark.slow
def test_it_searches_for_a_handful_of_steps_on_a_cpu(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "shortened.py").write_text(SHORTENED)
    ended = nas_alone(
        "search", str(tmp_path / "shortened.py"), "--out", str(tmp_path / "run"), "--executor", "serial",
        "--data", str(pictures), "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    winner = json.loads(ended.out)
    assert winner["input"] == [3, *SIZE] and (tmp_path / "run/winner.pt").exists()
    assert all(limit["holds"] for limit in winner["limits"])
    assert winner["resources"]["macs"]["measured"] <= 0.06 * 6_831_333_504


@pytest.mark.slow
def test_without_pictures_it_says_what_it_needs(tmp_path: Path) -> None:
    ended = nas("search", "depth", "--out", str(tmp_path / "run"), "--executor", "serial")
    assert ended.code == 2
    assert "this search is on your own pictures, got none; give --data FOLDER with rgb/ and depth/" in ended.err


@pytest.mark.parametrize("computes", [False, True])
def test_a_machine_that_does_not_compute_in_bfloat16_is_told_before_anything_is_read(
    computes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("launch.experiments._depth._computes_bfloat16", lambda: computes)
    said: list[str] = []
    place = Workplace(cache=tmp_path, data=None, workers=1, progress=lambda *_: None, say=said.append)
    with pytest.raises(DataError):
        depth.experiment().make_evaluator(place)
    assert [("a step takes minutes" in one and 'set precision="float32"' in one) for one in said] == [True] * (
        not computes
    )
