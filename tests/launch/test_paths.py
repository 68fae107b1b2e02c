"""Paths as commands give them: absolute from the start, so that no change of the working directory moves a file."""

import json
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from launch.cli import nas
from launch.paths import absolute, absolute_url, storage_file
from tests.experiments.tiny import Orders
from tests.launch.commands import place_at

WANDERER = """
import os
from dataclasses import dataclass, replace
from tests.experiments import tiny

@dataclass(frozen=True)
class Wanderer(tiny.Formula):
    def __call__(self, job):
        os.chdir(os.environ["ELSEWHERE"])
        return super().__call__(job)

def make_evaluator(place):
    os.chdir(os.environ["ELSEWHERE"])
    return Wanderer(orders=place.data)

def experiment():
    return replace(tiny.experiment(), make_evaluator=make_evaluator)
"""


@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("sqlite:///runs.db", "runs.db"),
        ("sqlite:///deep/er/runs.db?timeout=3", "deep/er/runs.db"),
        ("sqlite+pysqlite:///../runs.db", "../runs.db"),
        ("runs.journal", "runs.journal"),
    ],
)
def test_a_file_below_the_working_directory_is_named_in_full(
    given: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    full = absolute_url(given)
    assert storage_file(full) == storage_file(given) == tmp_path / file
    assert absolute_url(full) == full
    if "://" in given:
        assert make_url(full).database == str(tmp_path / file)
        assert make_url(full).query == make_url(given).query
        assert make_url(full).drivername == make_url(given).drivername


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true", "postgresql://me@db:5432/runs"]
)
def test_what_is_no_file_stays(url: str) -> None:
    assert absolute_url(url) == url and storage_file(url) is None


def test_a_uri_of_a_file_keeps_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute_url("sqlite:///file:x.db?mode=ro&uri=true") == f"sqlite:///file:{tmp_path}/x.db?mode=ro&uri=true"


def test_every_path_of_a_verb_is_made_absolute_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {
        "run": Path("run"), "cache": None, "trials": 3, "experiment": "demo", "limits": ("macs <= 2",),
        "checkpoints": "kept", "storage": "sqlite:///x.db",
    }  # fmt: skip
    kept = {name: given[name] for name in ("cache", "trials", "experiment", "limits")}
    assert absolute(given) == {
        **kept, "run": tmp_path / "run", "checkpoints": str(tmp_path / "kept"),
        "storage": f"sqlite:///{tmp_path}/x.db",
    }  # fmt: skip
    assert absolute({"checkpoints": "s3://bucket/kept"}) == {"checkpoints": "s3://bucket/kept"}


@pytest.mark.parametrize("storage", [(), ("--storage", "sqlite:///runs.db")])
@pytest.mark.slow
def test_an_evaluator_that_changes_the_working_directory_moves_no_file(
    storage: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    place_at(here, Orders())
    (here / "wanderer.py").write_text(WANDERER)
    monkeypatch.chdir(here)
    monkeypatch.setenv("ELSEWHERE", str(elsewhere))
    command = ["search", "wanderer.py", "--out", "run", "--data", "orders", "--cache", "cache", "--executor", "serial",
               "--trials", "5", "--checkpoints", "kept", "--json", *storage]  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        nas(command)
    assert ended.value.code == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out) == json.loads((here / "run" / "winner.json").read_text())
    assert list(elsewhere.iterdir()) == []
    assert Path.cwd() == elsewhere
    with pytest.raises(SystemExit) as ended:  # met again from another folder
        nas(["status", "../here/run", "--json"])
    assert ended.value.code == 0 and json.loads(capsys.readouterr().out)["phases"][0]["done"] == 5
    assert list(elsewhere.iterdir()) == []
