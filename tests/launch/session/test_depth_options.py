"""`--depth-is`, `--depth-invalid` and `--depth-valid`: kept with the run, and what the demo does with them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from launch.cli import nas
from launch.experiment import Workplace
from launch.experiments import demo
from launch.report.sections import provenance
from launch.session.depth_options import meaning_of, options_of, record
from nas.depth.data import Meaning
from nas.depth.data.images import DataError
from tests.launch.commands import ROOT
from tests.nas.depth.data.pairs_written import write_pair

PICTURED = str(ROOT / "tests/experiments/pictured.py")
SAID = {"depth_is": "disparity", "depth_invalid": [2.5, 65535.0], "depth_valid": [10.0]}
NOTHING: dict[str, Any] = {"depth_is": None, "depth_invalid": (), "depth_valid": ()}


def search(*options: str) -> Result:
    return CliRunner().invoke(nas, ["search", *options])


def folder_with_marks(path: Path) -> Path:
    for i, name in enumerate(("attic/1", "cellar/1", "hall/1", "hall/2")):
        depth = np.random.default_rng(i).integers(1, 5_000, (8, 8)).astype(np.uint16)
        depth[:2] = 65535
        write_pair(path, name, depth=depth)
    (path / "rgb" / "hall" / "3.HEIC").touch()
    return path


def test_what_nobody_says_is_not_kept() -> None:
    assert record(**NOTHING, data=None, old={}) == {}
    assert meaning_of({}) == Meaning()


def test_what_the_command_leaves_open_is_the_runs() -> None:
    given = {"depth_is": "disparity", "depth_invalid": (65535.0, 2.5, 2.5), "depth_valid": (10.0,)}
    assert record(**given, data="d", old={}) == SAID
    assert record(**NOTHING, data="d", old=SAID) == SAID
    assert record(**{**NOTHING, "depth_invalid": (7.0,)}, data="d", old=SAID) == {**SAID, "depth_invalid": [7.0]}


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(DataError, match="65535 is said to be both"):
        record(**{**NOTHING, "depth_valid": (65535.0,)}, data="d", old=SAID)


def test_the_options_say_the_same_again() -> None:
    assert options_of(SAID) == [
        "--depth-is", "disparity", "--depth-invalid", "2.5", "--depth-invalid", "65535", "--depth-valid", "10",
    ]  # fmt: skip
    assert options_of({}) == []


def test_options_without_data_of_ones_own_are_refused(tmp_path: Path) -> None:
    done = search("demo", "--out", str(tmp_path / "run"), "--executor", "serial", "--depth-invalid", "255")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: --depth-invalid says how to read depth files of your own, and there are none; give --data too\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--depth-invalid", "nan"), "error: a depth value is named by a finite number, got nan"),
        (("--depth-invalid", "7", "--depth-valid", "7"), "error: a depth value is valid or invalid, 7 is said to be"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    done = search("demo", "--out", str(tmp_path / "run"), "--executor", "serial", "--data", str(tmp_path), *options)
    assert done.exit_code == 2 and done.stderr.startswith(message)


def test_the_demo_says_what_it_has_read_and_keeps_it(tmp_path: Path) -> None:
    said: list[str] = []
    place = Workplace(
        cache=tmp_path,
        data=folder_with_marks(tmp_path / "data"),
        workers=1,
        progress=lambda what, done, total: None,
        depth=Meaning(invalid=(65535.0,)),
        say=said.append,
    )
    facts = demo.experiment().make_evaluator(place).data_facts
    assert said[0].startswith("read 4 pictures in 3 groups: 75 % of the depth's pixels are valid (25 % are 65535")
    assert said[1].startswith("not used: 1 .heic file in rgb/ (rgb/hall/3.HEIC)")
    assert facts["notes"] == "; ".join(said) and len(str(facts["digest"])) == 64
    table = provenance.data_table({"data": facts})
    assert table is not None and any(said[0] in str(row) for row in table.rows)


def test_a_mark_ends_the_command_with_its_name_and_its_cure_continues_it(tmp_path: Path) -> None:
    command = (PICTURED, "--out", str(tmp_path / "run"), "--executor", "serial", "--cache", str(tmp_path / "cache"))
    data = folder_with_marks(tmp_path / "data")
    asked = search(*command, "--data", str(data))
    assert asked.exit_code == 2
    assert "error: " in asked.stderr and "65535 fills 25 % of the pixels with depth; give --depth-inv" in asked.stderr

    done = search(*command, "--data", str(data), "--depth-invalid", "65535")
    assert done.exit_code == 2 and "nothing is trained here" in done.stderr
    assert "read 4 pictures in 3 groups: 75 %" in done.stderr and "\nnot used: 1 .heic file in rgb/" in done.stderr
    assert json.loads((tmp_path / "run" / "experiment.json").read_text())["depth_invalid"] == [65535.0]

    other = search(*command, "--depth-invalid", "255")
    assert other.exit_code == 2 and "was started with depth_invalid = [65535.0], now it is [255.0]" in other.stderr
    again = search(*command)
    assert "75 % of the depth's pixels are valid (25 % are 65535" in again.stderr


def test_a_damaged_file_ends_the_command_with_its_name(tmp_path: Path) -> None:
    data = folder_with_marks(tmp_path / "data")
    (data / "depth" / "hall" / "2.png").write_bytes(b"")
    done = search(PICTURED, "--out", str(tmp_path / "run"), "--executor", "serial", "--data", str(data))
    assert done.exit_code == 2
    assert f"{data}/depth/hall/2.png cannot be read (it is empty); replace it\n" in done.stderr
