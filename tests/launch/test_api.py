"""Runs and verbs from Python."""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

import launch.api
from launch import cli
from launch.api import open_run, verb
from launch.session import FolderError
from tests.docs.pages import Page
from tests.experiments.tiny import SPACE
from tests.forked import ROOT
from tests.launch.commands import Ended, Place, nas

pytestmark = pytest.mark.slow  # looks at whole searches


def test_trials_are_a_frame_of_decisions_metrics_and_costs(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    run = open_run(place.run.path)
    frame = run.trials()
    assert list(frame.index) == [trial.name for trial in run.records()]
    for trial in run.records():
        row = frame.loc[trial.name]
        assert row["error"] == trial.metrics["error"] and row["state"] == "complete"
        assert {name: row[f"x_{name}"] for name in SPACE.decisions(trial.architecture)} == SPACE.decisions(
            trial.architecture
        )
        assert row["macs"] == SPACE.lower(trial.architecture).macs
    assert isinstance(frame, pd.DataFrame) and frame["ended"].notna().all()


def test_the_front_is_that_of_the_command(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    told = nas("front", str(place.run.path), "--json").record["front"]
    frame = open_run(str(place.run.path)).front()
    assert list(frame.index) == [point["trial"] for point in told]
    assert frame["error"].tolist() == [point["y"] for point in told]
    with pytest.raises(ValueError, match="an axis is a metric or a resource of the run, got 'watts'"):
        open_run(place.run.path).front("watts")


def test_the_predictor_is_that_of_select(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    candidates = nas("select", str(place.run.path), "--json").record["candidates"]
    found = open_run(place.run.path).predict([tuple(one["architecture"]) for one in candidates])
    np.testing.assert_allclose(found["mean"], [one["error"]["predicted"] for one in candidates])
    np.testing.assert_allclose(found["std"], [one["error"]["predicted_std"] for one in candidates])
    assert found["macs"].tolist() == [one["resources"]["macs"]["predicted"] for one in candidates]
    with pytest.raises(ValueError, match="learns a metric of complete trials, got 'rmse'; known: error"):
        open_run(place.run.path).predictor("rmse")


def test_the_winner_is_a_module_with_its_weights(finished: tuple[Place, Ended], tmp_path: Path) -> None:
    place, _ = finished
    winner = open_run(place.run.path).winner()
    with torch.no_grad():
        assert winner(torch.rand(1, 3, 16, 16)).shape == (1, 1, 16, 16)
    weights = torch.load(place.run.path / "winner.pt", weights_only=True)
    assert all(torch.equal(value, weights[name]) for name, value in winner.state_dict().items())
    with pytest.raises(FileNotFoundError, match=r"winners/01/winner.py is not there; let the search end first"):
        open_run(place.run.path).winner(1)
    with pytest.raises(FolderError, match="holds no run"):
        open_run(tmp_path)


def test_every_verb_is_a_function_that_gives_what_the_command_prints(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    path = str(place.run.path)
    assert set(cli.nas.commands) <= set(dir(launch.api))
    assert launch.api.front(path, x="params") == nas("front", path, "--x", "params", "--json").record
    assert launch.api.select(path, limit=["macs <= 300k"], top=2) == json.loads(
        nas("select", path, "--limit", "macs <= 300k", "--top", "2", "--json").out
    )
    assert launch.api.status(place.run.path)["finished"] is True
    assert launch.api.info("tiny")["num_decisions"] == nas("info", "tiny", "--json").record["num_decisions"]
    assert verb("list", "spaces") == nas("list", "spaces", "--json").record


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"watts": 3}, "front has no option 'watts'; known: "),
        ({"x": "watts"}, "an axis is a metric or a resource of the run, got 'watts'"),
    ],
)
def test_what_the_command_refuses_is_an_exception(
    finished: tuple[Place, Ended], options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        launch.api.front(finished[0].run.path, **options)
    with pytest.raises(ValueError, match="select: Invalid value for '--top'"):
        launch.api.select(finished[0].run.path, top=0)
    with pytest.raises(AttributeError, match=r"launch.api has no 'nothing'; verbs: "):
        _ = launch.api.nothing


def test_the_page_tells_what_works(
    finished: tuple[Place, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "demo").symlink_to(finished[0].run.path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in Page(name="python.md").blocks():
        exec(block, names)
    assert len(names["best"]) == 5 and set(names["foreseen"].columns) >= {"mean", "std", "macs"}
    assert names["output"].shape == (1, 1, 16, 16) and len(names["architectures"]) == 2


def test_the_notebook_walks_through_a_run_and_draws_its_front(finished: tuple[Place, Ended]) -> None:
    notebook = json.loads((ROOT / "docs" / "a-run.ipynb").read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell.get("outputs") for cell in notebook["cells"]), "what it shows is this machine's"
    names: dict[str, Any] = {}
    drawn = []
    with plt.rc_context({"backend": "agg"}):
        for cell in cells:
            exec(cell.replace('"../runs/demo"', repr(str(finished[0].run.path))), names)
            drawn += [plt.figure(number) for number in plt.get_fignums()]
            plt.close("all")
    first, second = drawn
    (step,) = [line for line in first.axes[0].lines if line.get_label() == "front"]
    told = nas("front", str(finished[0].run.path), "--json").record["front"]
    assert [tuple(point) for point in step.get_xydata().tolist()] == [(point["x"], point["y"]) for point in told]
    assert {"front", "finals"} < {text.get_text() for text in first.axes[0].get_legend().texts}
    assert len(second.axes[0].collections) > 0 and len(names["points"]) == 4
    assert names["output"].shape == (1, 1, 16, 16)
