"""The tutorial: its space has fewer than 40 lines, its programs print what it says, its errors are the real ones."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from launch.verbs import info
from nas.plugins import SPACES, PluginError
from nas.space import Space
from nas.space.space import SpaceError

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-space.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """The limits of each `nas info` on the page."""
    lines = re.findall(r"^    nas info my_space\.py(.*)$", PAGE.read_text(), re.MULTILINE)
    return [re.findall(r'--limit "([^"]*)"', line) for line in lines]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_space.py"
    path.write_text(blocks("python")[0])
    return path


def test_the_space_takes_fewer_than_40_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 40
    assert isinstance(SPACES.load(str(file)), Space)


@pytest.mark.slow
def test_the_program_prints_what_the_page_says(file: Path) -> None:
    program = blocks("python")[1]
    run = subprocess.run([sys.executable, "-c", program], cwd=file.parent, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == (blocks("text")[0], "")


def test_the_commands_answer(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(commands()) == 3
    for limits in commands():
        assert info.run(space=str(file), limits=tuple(limits), size=None, as_json=False) == 0
        assert "my_space: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"up", "deep", FINE', '"up", "deep", COARSE'),
        ('"up", "deep"', '"up", "depe"'),
        ("Shape(3, 64, 64)", "Shape(3, 63, 64)"),
    ],
)
def test_the_errors_are_the_real_ones(file: Path, right: str, wrong: str) -> None:
    source = file.read_text()
    assert right in source
    file.write_text(source.replace(right, wrong))
    with pytest.raises(PluginError) as raised:
        SPACES.load(str(file))
    cause = raised.value.__cause__
    assert isinstance(cause, SpaceError)
    told = str(raised.value).replace(str(file), "my_space.py")
    assert told.startswith(f"my_space.py fails when it is imported: SpaceError: {cause} (my_space.py, line ")
    assert f"    error: {told}\n" in PAGE.read_text()
