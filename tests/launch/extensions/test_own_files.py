"""Files of resources as commands and runs refer to them, from any folder, and a run whose file is not what it was."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.cli import nas
from launch.extensions.checked_meters import ResourceError
from launch.extensions.file_digests import KeptFileError
from launch.extensions.own_files import OwnFiles
from launch.session import RunFolder
from launch.session.session import open_session
from launch.verbs import front, report, select, status
from nas.costs import LimitError
from nas.plugins import PluginError
from tests.experiments import tiny
from tests.experiments.tiny import SPACE

TINY = str(Path(tiny.__file__))
METER = """from nas.costs import Resource
RESOURCES = (Resource(name="cost", unit="mJ", measure=lambda op: {factor} * op.macs),)
"""
LIMIT = "meter.py:cost <= 0.5 * published"


def write_meter(folder: Path, name: str = "meter.py", factor: float = 2.0) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(METER.format(factor=factor))
    return path


def kept(own: OwnFiles) -> OwnFiles:
    """As a run reads them back."""
    return OwnFiles.kept(json.loads(json.dumps({"resources": own.record(SPACE)})))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# What a name stands for ------------------------------------------------------------------------------------------


def test_a_resource_is_called_as_it_was_first_written(here: Path) -> None:
    path = write_meter(here)
    own = OwnFiles().naming(["meter.py:cost", "macs", f"{path}:cost", "../here/meter.py:cost"])
    assert [resource.name for resource in own.load(SPACE)] == ["meter.py:cost"]
    assert own.name(f"{path}:cost") == own.name("meter.py:cost") == "meter.py:cost"
    assert own.name("macs") == "macs" and own.limit("3 >= macs") == "3 >= macs"
    assert own.limit(f"3 mJ >= {path}:cost") == "3 mJ >= meter.py:cost"


def test_a_home_that_no_shell_has_expanded_is_found(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    write_meter(here)
    assert len(OwnFiles().naming_limits(["~/meter.py:cost <= 3", f"{here}/meter.py:cost <= 4"]).files) == 1


def test_a_run_knows_its_file_from_any_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_meter(here / "lib")
    run = kept(OwnFiles().naming(["lib/meter.py:cost"]))
    monkeypatch.chdir(here.parent)
    for name in ("lib/meter.py:cost", "meter.py:cost", "here/lib/meter.py:cost"):
        assert run.naming([name]) == run and run.name(name) == "lib/meter.py:cost"
    write_meter(here.parent)  # a copy is the same
    assert run.name("meter.py:cost") == "lib/meter.py:cost"


def test_another_file_of_the_same_name_is_another_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_meter(here / "lib")
    run = kept(OwnFiles().naming(["lib/meter.py:cost"]))
    write_meter(here, factor=5)
    both = run.naming(["meter.py:cost"])
    macs = SPACE.lower((0,) * SPACE.num_decisions).macs
    costs = {one.name: one.of(SPACE.lower((0,) * SPACE.num_decisions)) for one in both.load(SPACE)}
    assert costs == {"lib/meter.py:cost": 2 * macs, "meter.py:cost": 5 * macs}
    monkeypatch.chdir(here.parent)
    write_meter(here.parent / "lib", factor=7)
    with pytest.raises(
        ResourceError, match=r"'lib/meter.py' stands for .*here/lib/meter.py in this run, .* whole path"
    ):
        run.naming(["lib/meter.py:cost"])
    assert len(run.naming([f"{here.parent}/lib/meter.py:cost"]).files) == 2


def test_a_file_that_is_not_there_is_named(here: Path) -> None:
    with pytest.raises(PluginError, match=f"there is no file meter.py; write its path as seen from {here}, or in full"):
        OwnFiles().naming(["meter.py:cost"])


# What a run keeps ------------------------------------------------------------------------------------------------


def test_a_file_that_is_gone_or_changed_is_refused(here: Path) -> None:
    path = write_meter(here)
    run = kept(OwnFiles().naming(["meter.py:cost"]))
    path.write_text(METER.format(factor=3))
    with pytest.raises(KeptFileError, match=r"meter\.py must stay what it was .* restore it, and give what is new"):
        run.load(SPACE)
    path.unlink()
    with pytest.raises(KeptFileError, match=r"the run prices with .*meter\.py, which is gone; put the file back there"):
        run.load(SPACE)


@pytest.mark.parametrize("second", ["3.0", "1.999999"])
def test_a_table_that_changes_behind_the_file_is_noticed(here: Path, second: str) -> None:
    table = here / "factor.txt"
    table.write_text("2.0")
    measure = f"lambda op: op.macs * float(Path({str(table)!r}).read_text())"
    text = METER.replace("lambda op: {factor} * op.macs", measure)
    (here / "meter.py").write_text(f"from pathlib import Path\n{text}")
    run = kept(OwnFiles().naming(["meter.py:cost"]))
    assert len(run.load(SPACE)) == 1
    table.write_text(second)
    with pytest.raises(ResourceError, match=r"meter\.py:cost must say the same as when the run began, a mean of"):
        run.load(SPACE)


def test_a_meter_that_answers_differently_each_time_is_refused(here: Path) -> None:
    text = METER.replace("lambda op: {factor} * op.macs", "lambda op: next(COUNT)")
    (here / "meter.py").write_text(f"import itertools\nCOUNT = itertools.count()\n{text}")
    with pytest.raises(ResourceError, match="if it measures, keep its measurements in a table"):
        kept(OwnFiles().naming(["meter.py:cost"])).load(SPACE)


# A whole run -----------------------------------------------------------------------------------------------------


def searched(run: Path, cache: Path, *limits: str) -> int:
    """Exit status of the command."""
    options = [option for limit in limits for option in ("--limit", limit)]
    arguments = ["search", TINY, "--out", str(run), "--cache", str(cache), "--executor", "serial", "--trials", "8"]
    with pytest.raises(SystemExit) as ended:
        nas.main(args=[*arguments, *options], standalone_mode=False)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A run under a limit on a meter in another folder; (the run, the meter)."""
    place = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        meter = write_meter(place)
        assert searched(place / "run", place / "cache", LIMIT) == 0
    yield place / "run", meter


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_winner_holds_the_limit_as_predicted_and_as_metered(finished: tuple[Path, Path]) -> None:
    winner = json.loads(RunFolder(path=finished[0]).winner.read_text())
    cost = 2 * SPACE.lower(winner["architecture"]).macs
    assert winner["resources"]["meter.py:cost"] == {"unit": "mJ", "predicted": cost, "measured": cost}
    (limit,) = winner["limits"]
    assert limit["text"] == LIMIT and limit["unit"] == "mJ" and limit["holds"] is True
    assert limit["bound"] == SPACE.lower(SPACE.reference("published")).macs and limit["measured"] == cost


def test_the_same_command_from_another_folder_continues_the_run(
    finished: tuple[Path, Path], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, meter = finished
    assert searched(run, here / "cache", LIMIT.replace("meter.py", str(meter))) == 0
    assert searched(run, here / "cache", "meter.py:cost <= 0.6 * published") == 2
    assert f"was started with limits = ['{LIMIT}'], now it is" in capsys.readouterr().err


def test_the_front_and_a_selection_speak_of_it_and_of_files_that_the_search_did_not_know(
    finished: tuple[Path, Path], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, meter = finished
    write_meter(here, "other.py", factor=5)
    assert front.run(run=run, x=f"{meter}:cost", y="other.py:cost", html=None, png=None, as_json=True) == 0
    record = printed(capsys)
    assert (record["x"], record["y"]) == ("meter.py:cost", "other.py:cost")
    assert all(point["y"] == 2.5 * point["x"] == point["resources"]["other.py:cost"] for point in record["front"])
    limits = ("other.py:cost <= 0.3 * published", "meter.py:cost >= 1")
    with pytest.raises(LimitError, match=r"'meter\.py:cost >= 1' can never fail"):
        select.run(run=run, limits=limits, top=2, as_json=True)
    assert select.run(run=run, limits=limits[:1], top=2, as_json=True) == 0
    bound = 0.3 * SPACE.lower(SPACE.reference("published")).macs
    for candidate in printed(capsys)["candidates"]:
        macs = SPACE.lower(candidate["architecture"]).macs
        assert macs <= bound
        assert candidate["resources"]["other.py:cost"] == {"predicted": 5 * macs, "unit": "mJ"}


def test_the_report_draws_and_lists_it(finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = finished
    assert report.run(run=run, as_json=False) == 0
    page = RunFolder(path=run).report.read_text()
    assert '"key":"meter.py:cost","kind":"resource","unit":"mJ"' in page and "meter.py:cost" in page.split("<script")[0]
    assert "(counted)" not in page


def test_a_resource_that_the_file_lacks_is_named_with_those_that_are_there(
    finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        LimitError, match=r"'meter\.py:costs', which is no known resource; did you mean 'meter\.py:cost'"
    ):
        select.run(run=finished[0], limits=("meter.py:costs <= 3",), top=1, as_json=True)
    with pytest.raises(
        ValueError, match=r"an axis is a metric or a resource of the run, got 'meter\.py:costs'; known:"
    ):
        front.run(run=finished[0], x="meter.py:costs", y="error", html=None, png=None, as_json=True)


def test_a_run_without_its_file_can_be_looked_at_but_not_priced(
    finished: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run, meter = finished
    capsys.readouterr()
    aside = meter.rename(meter.with_suffix(".aside"))
    try:
        with pytest.raises(KeptFileError, match="which is gone"):
            report.run(run=run, as_json=True)
        assert searched(run, run / "cache") == 2
        assert "which is gone; put the file back there" in capsys.readouterr().err
        assert status.run(run=run, as_json=True) == 0
    finally:
        aside.rename(meter)
    open_session(RunFolder(path=run)).pricing()
