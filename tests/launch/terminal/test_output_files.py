"""No output goes onto an input, whatever the path looks like."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from launch.cli import nas
from launch.terminal.output_files import OutputError, check_outputs, own_file


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


def refused(*arguments: str | Path) -> str:
    """What the command says, which is one sentence and status 2."""
    done = CliRunner().invoke(nas, [str(argument) for argument in arguments])
    assert done.exit_code == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1, done.output
    return done.stderr


@pytest.mark.parametrize("option", ["--from", "--networks"])
def test_a_latency_table_does_not_go_onto_what_it_is_made_of(table: Path, option: str) -> None:
    before = table.read_bytes()
    told = refused("profile", "tiny", "--device", "phone", "--from", table, option, table, "--out", table)
    assert "--out must not be what is read as --from" in told and table.read_bytes() == before


def test_a_latency_table_s_log_is_an_output_too(table: Path) -> None:
    log = table.rename(table.with_name("l.json.log"))
    told = refused("profile", "tiny", "--device", "phone", "--from", log, "--out", log.with_suffix(""))
    assert "the log of --out must not be what is read as --from" in told and log.exists()


def test_a_latency_table_does_not_go_onto_the_space(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("from search_spaces.tiny import SPACE as SPACE\n")
    assert "must not be what is read as SPACE" in refused("profile", mine, "--device", "fake", "--out", mine)


@pytest.mark.parametrize("option", ["--html", "--png"])
@pytest.mark.parametrize("name", ["study.journal", "experiment.json", "report.html", "artifacts/final-0/depth.png"])
def test_a_front_does_not_go_onto_the_run(tmp_path: Path, option: str, name: str) -> None:
    kept = tmp_path / "run" / name
    kept.parent.mkdir(parents=True)
    kept.write_text("kept")
    told = refused("front", tmp_path / "run", option, kept)
    assert f"{option} must not be what is read as the run's {kept.name}" in told and kept.read_text() == "kept"


def test_a_front_s_page_and_picture_may_stand_in_the_run_and_be_drawn_again(tmp_path: Path) -> None:
    for name in ("front.html", "front.png"):
        (tmp_path / name).write_text("older")
    told = refused("front", tmp_path, "--html", tmp_path / "front.html", "--png", tmp_path / "front.png")
    assert "holds no run" in told
    told = refused("front", tmp_path, "--html", tmp_path / "f", "--png", tmp_path / "f")
    assert "--png must not be what is written as --html" in told


def test_a_search_does_not_go_onto_its_data_or_experiment(tmp_path: Path) -> None:
    data, mine = tmp_path / "data", tmp_path / "mine.py"
    data.mkdir()
    mine.write_text("")
    assert "--out must not be what is read as --data" in refused("search", "demo", "--out", data, "--data", data)
    assert "--out must not be what is read as EXPERIMENT" in refused("search", mine, "--out", mine)
    told = refused("search", "demo", "--out", tmp_path / "run", "--data", data, "--checkpoints", data.as_uri())
    assert "--checkpoints must not be what is read as --data" in told
    assert not list(data.iterdir()) and not (tmp_path / "run").exists()
