"""A search speaks the words of its own task, from the terminal to the page; a run of an earlier version still opens."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launch.report.facts.facts import read_facts
from launch.report.page import render
from launch.session import RunFolder
from launch.session.session import open_session
from launch.terminal.tables import winner_text
from launch.terminal.task_words import recorded
from launch.verbs import front, select, status
from nas.depth import CARD as DEPTH
from nas.record import TaskCard
from nas.record.task_card import CardError
from tests.experiments.graded import CARD as GRADED
from tests.experiments.tiny import trained
from tests.launch.commands import ROOT, Ended, Place, nas, nas_alone, place_at

EXPERIMENT = str(ROOT / "tests/experiments/graded.py")
DEPTH_METRICS = {name: 0.5 for name in ("error", "delta1", "abs_rel", "rmse", "si_log_rmse")}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Ended]]:
    """A run of a task that is not depth, as a person sees it; not to be changed."""
    place = place_at(tmp_path_factory.mktemp("graded"))
    yield place, nas_alone(*place.search("--trials", "6", experiment=EXPERIMENT))


@pytest.fixture
def copied(graded: tuple[Place, Ended], tmp_path: Path) -> RunFolder:
    return RunFolder(path=Path(shutil.copytree(graded[0].run.path, tmp_path / "copied")))


def table_of(text: str) -> list[list[str]]:
    """The first table of a winner's text, cell by cell."""
    return [re.split(r"\s{2,}", line) for line in text.split("\n\n")[1].splitlines()]


@pytest.mark.slow
def test_the_terminal_shows_the_tasks_own_metrics_with_their_units(graded: tuple[Place, Ended]) -> None:
    place, ended = graded
    assert ended.code == 0, ended.err
    record = json.loads(place.run.winner.read_text())
    header, winner, *others = table_of(ended.out)
    assert header == ["trained alike, on test pupils", "passed [%]", "failed [%]"]
    assert winner == ["winner", *(f"{record['metrics'][name]:.4f}" for name in ("test_passed", "test_failed"))]
    assert others[-1] == ["guess", "-", "91.0000"]
    assert all(len(row) == 3 for row in others)
    assert re.search(r"^failed \[%\]: [0-9.]+ at fidelity 5 \(validation\)", ended.out, re.MULTILINE)
    assert "best failed" in ended.err and "error" not in ended.err


def test_the_winners_source_describes_the_tasks_input(graded: tuple[Place, Ended]) -> None:
    source = (graded[0].run.path / "winner.py").read_text()
    assert "grey levels in [0, 1], the 'ink', height and width multiples of" in source
    assert "Output: one logit for each mark." in source and "RGB" not in source


def test_the_page_shows_metrics_pictures_and_no_other_tasks_words(graded: tuple[Place, Ended]) -> None:
    place, _ = graded
    html = place.run.report.read_text()
    assert html.count("passed [%] ↑") == html.count("failed [%] ↓") == 2 and ">seen<" in html
    assert "A pupil&#39;s sheet beside the answer that was wanted." in html
    assert html.count('alt="The sheet of pupil ') == html.count('alt="The answer wanted of pupil ') == 2
    assert "<figcaption>marks 2.500</figcaption>" in html and "won with failed [%] " in html
    assert not re.search(
        r"\bdepth\b|delta1|abs_rel|RGB|\bimage\b", re.sub(r"<style>.*?</style>|data:image", "", html, flags=re.DOTALL)
    )


def test_the_words_are_in_the_record(graded: tuple[Place, Ended]) -> None:
    place, _ = graded
    assert recorded(json.loads(place.run.winner.read_text())["task"], ()) == GRADED
    assert open_session(place.run).card == GRADED


def test_later_commands_speak_them_too(
    graded: tuple[Place, Ended], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, page = graded[0].run.path, tmp_path / "front.html"
    assert select.run(run=path, limits=(), top=1, as_json=False) == 0
    assert "failed [%] predicted" in capsys.readouterr().out
    assert status.run(run=path, as_json=False) == 0
    assert "best failed" in capsys.readouterr().out
    assert front.run(run=path, x="macs", y="passed", html=page, png=None, as_json=False) == 0
    assert "passed [%]" in page.read_text()
    capsys.readouterr()
    assert front.run(run=path, x="macs", y=None, html=None, png=None, as_json=False) == 0
    assert capsys.readouterr().out.split()[:3] == ["trial", "macs", "failed"], "by default the run's objective"


def test_before_there_is_a_winner_the_words_are_known(copied: RunFolder) -> None:
    copied.winner.unlink()
    assert "The best failed [%] so far is " in render(read_facts(copied))


def test_a_run_of_a_version_without_words_still_opens(copied: RunFolder) -> None:
    record = {name: value for name, value in copied.read_json(copied.winner).items() if name != "task"}
    copied.write_json(copied.winner, record)
    open_session(copied).history.annotate("task", None)
    header, *_ = table_of(winner_text(record))
    assert header == ["trained alike, on test data", "seen", "failed", "passed"]
    html = render(read_facts(copied))
    assert "failed ↓" in html and "passed<" in html and 'href="#pictures"' not in html


@pytest.mark.slow
def test_an_objective_that_is_better_higher_is_refused_before_anything_is_trained(place: Place) -> None:
    own = place.path / "own.py"
    own.write_text("from tests.experiments.graded import upside_down as experiment\n")
    ended = nas(*place.search(experiment=str(own)))
    assert ended.code == 2 and ended.out == "" and trained(place.orders) == []
    assert re.fullmatch(r"error: a search minimises its objective, and of 'passed' .* as the objective\n", ended.err)


def depth_record(**changes: Any) -> dict[str, Any]:
    metrics = {**DEPTH_METRICS, **{f"test_{name}": value for name, value in DEPTH_METRICS.items()}}
    objective = {"name": "error", "measured": 0.5, "measured_at_fidelity": 2, "predicted": 0.5, "predicted_std": 0.1,
                 "predicted_at_fidelity": 1}  # fmt: skip
    return {"trial": "final-0", "origin": "predicted", "metrics": metrics, "finals": [], "baselines": {}, "limits": [],
            "objective": objective, **changes}  # fmt: skip


def test_a_depth_run_of_a_version_without_words_is_shown_as_depth() -> None:
    assert recorded(None, DEPTH_METRICS) == DEPTH and recorded(None, ["error"]) == TaskCard()
    header, winner = table_of(winner_text(depth_record()))
    assert header == ["trained alike, on test images", "delta1", "abs_rel", "rmse", "si_log_rmse"]
    assert winner == ["winner", *4 * ["0.5000"]]


def test_without_test_data_validation_is_shown_and_called_so() -> None:
    header, winner = table_of(winner_text(depth_record(metrics={"error": 0.5})))
    assert (header, winner) == (["trained alike, on validation data", "error"], ["winner", "0.5000"])


def test_a_record_whose_words_are_spoilt_is_refused() -> None:
    with pytest.raises(CardError, match="words of the task cannot be read"):
        winner_text(depth_record(task={"metrics": 3}))
