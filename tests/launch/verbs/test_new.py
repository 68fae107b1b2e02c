"""`nas new`: what it writes runs, and nothing is written over."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from launch.cli import nas
from launch.verbs import new
from nas.plugins import RESOURCES, SPACES, load_file
from tests.launch.commands import ROOT

KINDS = tuple(new.NEXT)


def asked(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        nas.main(args=list(arguments), standalone_mode=False)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_what_it_says_to_run_next_runs(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked("new", kind, "mine.py") == 0
    first, *commands = capsys.readouterr().out.splitlines()
    assert first.startswith("wrote mine.py")
    assert [line.strip() for line in commands] == [shlex.join(shlex.split(line)) for line in commands]
    for line in commands:
        verb, *arguments = shlex.split(line)[1:]
        quick = ("--executor", "serial", "--trials", "7") if verb == "search" else ()
        assert asked(verb, *arguments, *quick) == 0
        assert "mine" in capsys.readouterr().out


@pytest.mark.slow
def test_the_winner_of_a_new_experiment_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    new.write("experiment", Path("mine.py"))
    assert asked("search", "mine.py", "--out", "run", "--executor", "serial", "--trials", "7") == 0
    model = load_file(tmp_path / "run" / "winner.py").load()
    assert model(torch.rand(2, 1, 8, 8)).shape == (2, 2)


def test_a_file_is_named_after_itself(tmp_path: Path) -> None:
    for kind in KINDS:
        file = tmp_path / f"own-{kind}.py"
        new.write(kind, file)
        assert f"my_{kind}" not in file.read_text() and f"own-{kind}.py" in file.read_text()
    assert SPACES.load(str(tmp_path / "own-space.py")).name == "own-space"
    assert len(RESOURCES.load(str(tmp_path / "own-resource.py"))) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_over(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.py"
    file.write_text("precious")
    assert asked("new", kind, str(file)) == 2
    assert f"error: {file} is there already, and a new file replaces none; name another" in capsys.readouterr().err
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.yaml", "a new space is a .py file, got mine.yaml; write mine.py"),
        ("mine", "a new space is a .py file, got mine; write mine.py"),
        ("my space.py", "begins with a letter, got my space.py; write my_space.py"),
        ('a"b.py', 'begins with a letter, got a"b.py; write my_space.py'),
        ("3d.py", "begins with a letter, got 3d.py; write my_space.py"),
        ("not/there.py", "there is no folder not; make it first, or name a file in another one"),
    ],
)
def test_a_name_that_will_not_do_is_refused(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert asked("new", "space", name) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_json_says_what_was_written_and_what_comes_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.py"
    assert asked("new", "space", str(file), "--json") == 0
    written = json.loads(capsys.readouterr().out)
    assert written["file"] == str(file) and written["kind"] == "space"
    assert written["next"][0] == f"nas info {file}"


def test_another_kind_is_refused_by_its_name() -> None:
    command = [sys.executable, "-m", "launch", "new", "spice", "mine.py"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2 and "'spice' is not one of 'experiment', 'space', 'resource'" in run.stderr
