"""The tutorial on experiments: its file, much shortened, is searched, and every command and every claim is tried."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from launch.session import RunFolder
from launch.session.session import open_session
from nas.plugins import load_file
from nas.record import Job
from nas.record.checkpoints import Checkpoints
from tests.docs.pages import Page, nas, python, shortened

PAGE = Page(name="writing-an-experiment.md")
SHORT = {
    "num_design": (12, 5), "num_trials": (32, 7), "fidelity": (100, 4), "num_finalists": (3, 1),
    "final_fidelity": (400, 6),
}  # fmt: skip
JOB = Job(phase="search", ticket=0, architecture=(0,) * 9, fidelity=70, seed=0)


def source() -> str:
    """The page's file, whole."""
    return "\n\n".join(PAGE.blocks()[:3])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the page's file, in which its search has run."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "my_digits.py").write_text(shortened(source(), **SHORT))
    (search,) = [command for command in PAGE.commands() if command[0] == "search"]
    ended = nas(folder, *search, "--executor", "serial")
    assert ended.returncode == 0, ended.stderr
    yield folder


def test_the_evaluator_takes_fewer_than_40_lines() -> None:
    evaluator = PAGE.blocks()[1]
    assert evaluator.startswith("@dataclass(frozen=True)\nclass Digits:") and len(evaluator.splitlines()) < 40


@pytest.mark.slow
def test_every_other_command_answers(place: Path) -> None:
    others = [command for command in PAGE.commands() if command[0] != "search"]
    assert [command[0] for command in others] == ["info", "front", "select", "report"]
    for command in others:
        ended = nas(place, *command)
        assert (ended.returncode, ended.stderr) == (0, "") and ended.stdout


@pytest.mark.slow
def test_the_winner_loads_where_nothing_but_torch_is(place: Path) -> None:
    program = PAGE.blocks()[3] + "assert digit.shape == (1,) and 0 <= digit.item() < 10\n"
    ended = python(place / "run", "-c", f"import sys; sys.modules['nas'] = None\n{program}")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
def test_the_record_holds_what_the_evaluator_said(place: Path) -> None:
    winner = json.loads((place / "run" / "winner.json").read_text())
    assert winner["metrics"].keys() == {"error", "test_error"}
    assert winner["data"] == {"name": "digits of scikit-learn", "images": 1797}
    assert winner["baselines"].keys() == {"always the commonest digit"}
    assert [limit["holds"] for limit in winner["limits"]] == [True, True]


@pytest.mark.slow
def test_the_winner_s_error_is_what_its_file_gives(place: Path) -> None:
    digits = load_file(place / "my_digits.py")
    evaluator = digits.make_evaluator(Place())
    model = load_file(place / "run" / "winner.py").load()
    winner = json.loads((place / "run" / "winner.json").read_text())
    assert evaluator.error(model, digits.VALIDATION) == pytest.approx(winner["metrics"]["error"])
    assert evaluator.error(model, digits.TEST) == pytest.approx(winner["metrics"]["test_error"])


@pytest.mark.slow
def test_the_run_can_be_extended_with_another_strategy(place: Path) -> None:
    words = "`nas search my_digits.py --out run --trials 48 --strategy random`"
    assert words in PAGE.text
    command = words.strip("`").replace("48", "9").split()[1:]
    assert nas(place, *command, "--executor", "serial").returncode == 0
    session = open_session(RunFolder(path=place / "run"))
    assert [trial.origin for trial in session.trials("search")][7:] == ["random"] * 2
    assert session.settings["strategy"] == "random" and session.settings["before"][0]["num_trials"] == 7


# The evaluator by itself -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    checkpoints: Checkpoints | None = None


@pytest.mark.slow
def test_a_training_that_goes_on_gives_what_it_would_have_given(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = load_file(place / "my_digits.py")
    undisturbed = digits.make_evaluator(Place())(JOB)
    evaluator = digits.make_evaluator(Place(checkpoints=Checkpoints(url=str(tmp_path))))
    steps: list[Any] = []
    cross_entropy = torch.nn.functional.cross_entropy

    def counted(*arguments: Any) -> Any:
        steps.append(arguments)
        if len(steps) == 60:
            raise KeyboardInterrupt
        return cross_entropy(*arguments)

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", counted)
    with pytest.raises(KeyboardInterrupt):
        evaluator(JOB)
    assert evaluator(JOB).metrics == undisturbed.metrics
    assert len(steps) == 60 + 20  # from step 50 on, where it was kept


@pytest.mark.slow
def test_a_training_that_diverges_is_a_failed_trial(place: Path) -> None:
    digits = load_file(place / "my_digits.py")
    evaluator = digits.make_evaluator(Place())
    with pytest.raises(ValueError, match="the loss must stay finite, got nan at step 0; lower the learning rate"):
        replace(evaluator, images=evaluator.images * torch.nan)(JOB)
