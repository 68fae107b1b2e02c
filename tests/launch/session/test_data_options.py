"""`--data`, once or several times, with readers and weights: kept with the run, and read by the demo."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from launch.cli import nas
from launch.experiment import Workplace
from launch.experiments import demo
from launch.session import data_words, path_of, read_as, sets_of, setting_of
from nas.depth.data.sets import DataSet, parse
from tests.launch.commands import TINY
from tests.nas.depth.data.readers.test_scannet import write_scans
from tests.nas.depth.data.test_sets import write_plain

PLAIN = DataSet(path=Path("/data/mine"))
MIXED = (DataSet(path=Path("/data/nyu"), reader="nyu", weight=2.0), PLAIN)


def test_a_path_alone_is_kept_as_it_always_was() -> None:
    assert setting_of((PLAIN,), {}) == "/data/mine" and setting_of((), {}) is None
    assert setting_of((), {"data": "/data/old"}) == "/data/old"
    assert sets_of({"data": "/data/mine"}) == (PLAIN,) and sets_of({"data": None}) == sets_of({}) == ()
    assert data_words({"data": "/data/mine"}) == ["--data", "/data/mine"]


def test_readers_and_weights_are_kept_and_said_again() -> None:
    kept = {"data": setting_of(MIXED, {})}
    assert sets_of(kept) == MIXED and path_of(MIXED) == Path("/data/nyu")
    words = data_words(kept)
    assert words == ["--data", "nyu:/data/nyu:2", "--data", "/data/mine"]
    assert tuple(map(parse, words[1::2])) == MIXED
    assert read_as(MIXED) == {"--data nyu:/data/nyu:2": Path("/data/nyu"), "--data /data/mine": Path("/data/mine")}


def test_the_demo_reads_a_mixture_and_says_it(tmp_path: Path) -> None:
    write_scans(tmp_path / "scans")
    sets = (DataSet(path=tmp_path / "scans", weight=3.0), DataSet(path=write_plain(tmp_path / "plain")))
    said: list[str] = []
    place = Workplace(
        cache=tmp_path,
        data=path_of(sets),
        sets=sets,
        workers=1,
        progress=lambda what, done, total: None,
        say=said.append,
    )
    facts = demo.experiment().make_evaluator(place).data_facts
    assert facts["name"] == "scans + plain"
    assert "as scannet: PNG / 1000 is metres" in said[0] and said[-1].startswith("training draws 75 % from scans (")


@pytest.mark.parametrize("data", [("A", "B"), ("A:2",), ("kitti:A",)])
def test_an_experiment_that_reads_its_data_itself_is_given_one_path(tmp_path: Path, data: tuple[str, ...]) -> None:
    words = [word for text in data for word in ("--data", str(tmp_path / text) if ":" not in text else text)]
    done = CliRunner().invoke(nas, ["search", TINY, "--out", str(tmp_path / "run"), "--executor", "serial", *words])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: experiment 'tiny' reads one data set in its own way (place.data), got ")
    assert not (tmp_path / "run").exists()
