"""No output goes onto an input, whatever the path looks like."""

import os
from pathlib import Path

import pytest

from launch.outputs import OutputError, check_outputs, own_file


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "t.csv").write_text("x_a,acc\n0,1\n")
    return tmp_path / "t.csv"


def ways(table: Path) -> dict[str, Path]:
    (table.parent / "link.csv").symlink_to(table)
    os.link(table, table.parent / "hard.csv")
    return {
        "itself": table,
        "around": table.parent / "sub" / ".." / "t.csv",
        "symbolic": table.parent / "link.csv",
        "hard": table.parent / "hard.csv",
        "relative": Path(os.path.relpath(table)),
    }


@pytest.mark.parametrize("way", ["itself", "around", "symbolic", "hard", "relative"])
def test_an_input_by_any_other_path_is_refused(table: Path, way: str) -> None:
    path = ways(table)[way]
    with pytest.raises(
        OutputError, match=r"--out must not be what is read as TABLE, got .*, which would be ruined; give"
    ):
        check_outputs({"--png": None, "--out": path}, {"--other": None, "TABLE": table})


def test_one_place_for_two_outputs_is_refused_though_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--png must not be what is written as --out"):
        check_outputs({"--out": tmp_path / "new", "--png": tmp_path / "." / "new"}, {})


def test_other_places_are_fine(table: Path) -> None:
    check_outputs({"--out": table.with_suffix(".jsonl"), "--png": table.parent / "sub" / "t.csv"}, {"TABLE": table})


def test_a_reference_is_a_file_only_where_there_is_one(table: Path) -> None:
    assert own_file(str(table)) == table and own_file("gp") is None and own_file(str(table.parent)) is None
