"""Strategies and predictors as a command or an experiment names them: what a run keeps, and how it is extended."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launch.cli import nas
from launch.extensions import parts
from launch.extensions.checked_parts import OwnPredictor, OwnStrategy, PartError
from launch.extensions.file_digests import KeptFileError
from launch.session import RunFolder
from launch.session.session import open_session
from nas.genetic import Problem
from nas.plugins import PluginError
from nas.record import Proposal, Trial
from nas.search import Task
from nas.strategies import evolution
from nas.strategies.chamnet import ChamNet
from nas.strategies.halving import Halving
from predictors import auto, forest, gp
from tests.experiments import tiny

EXPERIMENT = tiny.experiment()
TINY = str(Path(tiny.__file__))
STRATEGY = """
from nas.record import Proposal

class Mine:
    def __init__(self, task):
        self.task = task

    def propose(self, done, pending, rng):
        known = [trial.architecture for trial in [*done, *pending]]
        while (row := tuple(self.task.sample(1, rng)[0].tolist())) in known:
            pass
        return Proposal(architecture=row, origin="mine")

STRATEGY = Mine
"""
PREDICTOR = """
import numpy as np
from nas.search import Prediction

class Mean:
    def fit(self, X, y):
        return Fitted(y.mean(), y.std() + 1e-6)

class Fitted:
    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def predict(self, X):
        return Prediction(mean=self.predict_mean(X), std=np.full(len(X), self.std))

    def predict_mean(self, X):
        return np.full(len(X), self.mean)

    def fantasise(self, X_pending):
        return self

PREDICTOR = Mean()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(STRATEGY)
    (tmp_path / "mean.py").write_text(PREDICTOR)
    return tmp_path


def recorded(old: dict[str, Any] | None = None, **named: str) -> dict[str, Any]:
    """As a run reads them back."""
    found = parts.record(EXPERIMENT, old or {}, named)
    return dict(json.loads(json.dumps(found)))


# What a run keeps ------------------------------------------------------------------------------------------------


def test_what_nobody_names_is_the_experiment_s_by_its_key() -> None:
    assert recorded() == {"strategy": "chamnet", "predictor": "ridge"}
    rungs = replace(EXPERIMENT, rungs=(1,), fidelity=4)
    assert parts.record(rungs, {}, {})["strategy"] == "halving"
    assert (parts.strategy_of(EXPERIMENT), parts.strategy_of(rungs)) == (ChamNet, Halving)
    named = replace(EXPERIMENT, strategy=evolution.STRATEGY, predictor=gp.PREDICTOR)
    assert parts.record(named, {}, {}) == {"strategy": "evolution", "predictor": "gp"}


def test_a_dotted_path_to_one_of_ours_is_its_key() -> None:
    assert recorded(strategy="nas.strategies.random", predictor="forest") == {
        "strategy": "random",
        "predictor": "forest",
    }


def test_a_file_is_kept_with_its_digest_and_stays_called_as_it_was(here: Path) -> None:
    kept = recorded(strategy="mine.py")
    ((reference, file),) = kept["strategy"].items()
    assert reference == "mine.py" and file["file"] == str(here / "mine.py") and len(file["sha256"]) == 64
    (here / "copy.py").write_text(STRATEGY)
    for same in ("mine.py", str(here / "mine.py"), "copy.py"):
        assert recorded(kept, strategy=same) == kept
    (here / "other.py").write_text(STRATEGY + "\n# another")
    assert recorded(kept, strategy="other.py")["strategy"].keys() == {"other.py"}
    (here / "mine.py").write_text(STRATEGY + "\n# changed")
    assert recorded(kept, strategy="mine.py") == kept  # and refused when it is loaded
    experiment = parts.with_parts(EXPERIMENT, kept)
    with pytest.raises(KeptFileError, match=r"mine\.py must stay what it was when the run began, and has changed"):
        parts.check_parts(experiment)
    (here / "mine.py").unlink()
    with pytest.raises(KeptFileError, match=r"the run proposes with .*mine\.py, which is gone; put the file back"):
        parts.check_parts(experiment)


def test_a_run_of_a_version_that_kept_none_goes_on_without() -> None:
    assert recorded({"limits": []}) == {}
    assert parts.with_parts(EXPERIMENT, {"limits": []}) == EXPERIMENT


def test_an_object_of_the_experiment_s_own_must_still_be_there() -> None:
    own = replace(EXPERIMENT, predictor=replace(auto.PREDICTOR, fallback="ridge"))
    kept = parts.record(own, {}, {})
    assert kept == {"strategy": "chamnet", "predictor": {"experiment": "Auto"}}
    assert parts.still_own(own, kept) == {"predictor": {"experiment": "Auto"}}
    assert parts.still_own(EXPERIMENT, kept) == {"predictor": "ridge"}  # so that it is seen to have changed
    predictor = parts.with_parts(own, kept).predictor
    assert isinstance(predictor, OwnPredictor) and predictor.load() == own.predictor
    assert parts.references(kept) == {"strategy": "chamnet"}
    assert [parts.shown(kept[name]) for name in parts.SETTINGS] == ["chamnet", "the experiment's Auto"]


class Corner:
    """A strategy that knows one architecture."""

    def __init__(self, *, task: Task) -> None:
        self.row = (0,) * len(task.problem.num_options)

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        return Proposal(architecture=self.row, origin="corner")


def test_a_strategy_that_the_experiment_names_is_made_and_held_to_the_rules() -> None:
    own = replace(EXPERIMENT, strategy=Corner)
    kept = parts.record(own, {}, {})
    assert kept["strategy"] == {"experiment": "Corner"} and parts.still_own(EXPERIMENT, kept) == {"strategy": "chamnet"}
    task = Task(
        objectives=("error",),
        problem=Problem(num_options=EXPERIMENT.space.num_options),
        sample=EXPERIMENT.space.sample,
        features=EXPERIMENT.space.encode,
        predictor=EXPERIMENT.predictor,
    )
    strategy = parts.strategy_of(parts.with_parts(own, kept))(task=task)
    first = strategy.propose([], [], np.random.default_rng(0))
    assert first == Proposal(architecture=(0,) * 6, origin="corner")
    trial = Trial(phase="search", ticket=0, architecture=(0,) * 6, fidelity=1, origin="corner", state="complete")
    with pytest.raises(PartError, match=r"strategy the experiment's Corner: \(0, 0, .*\) was proposed twice"):
        strategy.propose([trial], [], np.random.default_rng(0))


def test_a_run_uses_what_it_keeps(here: Path) -> None:
    own = parts.with_parts(EXPERIMENT, recorded(strategy="mine.py", predictor="mean.py"))
    assert isinstance(own.strategy, OwnStrategy) and isinstance(own.predictor, OwnPredictor)
    parts.check_parts(own)
    X = np.eye(4)
    np.testing.assert_array_equal(own.predictor.fit(X, np.arange(4.0)).predict_mean(X), np.full(4, 1.5))
    ours = parts.with_parts(EXPERIMENT, recorded(strategy="evolution", predictor="forest"))
    assert ours.strategy is evolution.STRATEGY and ours.predictor is forest.PREDICTOR


# What is refused before anything is timed or trained --------------------------------------------------------------


def checked(**named: str) -> None:
    parts.check_parts(parts.with_parts(EXPERIMENT, recorded(**named)))


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "STRATEGY = Mine",
            "STRATEGY = 3",
            r"STRATEGY of .*mine\.py must be a class or a function that takes `task`, got an object of int",
        ),
        ("self, task)", "self)", r"strategy mine\.py: TypeError: .*unexpected keyword argument 'task'"),
        ("def propose", "def suggest", r"strategy mine\.py: TypeError: a strategy has a method propose"),
        ("return Proposal(", "dict(", "propose must return a Proposal, got an object of NoneType"),
        ("architecture=row,", "architecture=row[1:],", r"is no architecture of the space; decision i has options 0"),
        ("architecture=row,", "architecture=(0,) * 5 + (4,),", r"\(0, 0, 0, 0, 0, 4\) is no architecture of the space"),
        ("architecture=row,", "architecture=list(row),", "an architecture is a tuple of ints, got .*; write tuple"),
        (
            "architecture=row,",
            "architecture=done[0].architecture if done else row,",
            "was proposed twice; a search asks",
        ),
        ("[trial.", "[trial.metrics['oops'] and trial.", r"strategy mine\.py: KeyError: 'oops'"),
        ('origin="mine"', 'origin="mine", fidelity=3', r"knows no training that costs 3; keep to `task\.rungs`"),
    ],
)
def test_a_strategy_that_cannot_do_the_work_is_refused(here: Path, right: str, wrong: str, message: str) -> None:
    assert right in STRATEGY
    (here / "mine.py").write_text(STRATEGY.replace(right, wrong))
    with pytest.raises(ValueError, match=message):
        checked(strategy="mine.py")


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "PREDICTOR = Mean()",
            "PREDICTOR = Mean",
            r"PREDICTOR of .*mean\.py must be an object .*, got the class Mean; write PREDICTOR = Mean\(\)",
        ),
        ("def fit(self, X, y)", "def fit(self, X)", r"predictor mean\.py: TypeError: .*takes 2 positional arguments"),
        ("def fantasise", "def dream", "what fit returns must have a method fantasise"),
        ("return Prediction(", "return dict(", "predict must return a Prediction, got an object of dict"),
        ("np.full(len(X), self.mean)", "self.mean", "mean must be 8 finite numbers for 8 rows, got"),
        ("y.mean()", "np.nan", "mean must be 8 finite numbers for 8 rows, got array"),
        ("y.std() + 1e-6", "0.0", "std must be positive, got 0; give a small one where it is sure"),
    ],
)
def test_a_predictor_that_cannot_do_the_work_is_refused(here: Path, right: str, wrong: str, message: str) -> None:
    assert right in PREDICTOR
    (here / "mean.py").write_text(PREDICTOR.replace(right, wrong))
    with pytest.raises(ValueError, match=message):
        checked(predictor="mean.py")


def test_one_of_ours_that_refuses_the_task_says_so() -> None:
    with pytest.raises(ValueError, match="a front needs two objectives or more, got error; choose another strategy"):
        checked(strategy="front")


def test_the_unknown_and_the_absent_are_named(here: Path) -> None:
    with pytest.raises(PluginError, match=r"unknown strategy 'rndom' \(did you mean 'random'\?\)"):
        recorded(strategy="rndom")
    with pytest.raises(PluginError, match=f"there is no file men.py; write its path as seen from {here}, or in full"):
        recorded(predictor="men.py")


# Whole runs ------------------------------------------------------------------------------------------------------


def searched(run: Path, *options: str, experiment: str = TINY) -> int:
    """Exit status of the command."""
    arguments = ["search", experiment, "--out", str(run), "--cache", str(run.parent / "cache"), "--executor", "serial"]
    with pytest.raises(SystemExit) as ended:
        nas.main(args=[*arguments, *options], standalone_mode=False)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def asked(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        nas.main(args=list(arguments), standalone_mode=False)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def architectures(run: Path) -> list[tuple[str, tuple[int, ...]]]:
    return [(trial.origin, trial.architecture) for trial in open_session(RunFolder(path=run)).trials("search")]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of 8 trials with a strategy and a predictor of the user's own; tests extend it in order."""
    place = tmp_path_factory.mktemp("parts")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        (place / "mine.py").write_text(STRATEGY)
        (place / "mean.py").write_text(PREDICTOR)
        status = searched(place / "run", "--trials", "8", "--strategy", "mine.py", "--predictor", "mean.py")
        assert status == 0
    yield place / "run"


def test_a_search_keeps_and_shows_what_it_was_told(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {origin for origin, _ in architectures(finished)} == {"mine"}
    kept = RunFolder(path=finished).settings()
    assert kept["predictor"]["mean.py"]["file"] == str(finished.parent / "mean.py")
    page = RunFolder(path=finished).report.read_text()
    assert "<dt>strategy</dt><dd>mine.py</dd>" in page and "<dt>predictor</dt><dd>mean.py</dd>" in page
    assert f"--strategy {finished.parent}/mine.py --predictor {finished.parent}/mean.py --trials 8" in page
    for command in (["select"], ["front"], ["report"], ["status"]):
        assert asked(*command, str(finished)) == 0
    assert searched(finished, "--trials", "8") == 0  # what the command leaves open is the run's
    assert "is done; more --trials extend it" in capsys.readouterr().err


def test_a_run_can_be_looked_at_without_its_files(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    aside = [(finished.parent / name).rename(finished.parent / f"{name}.aside") for name in ("mine.py", "mean.py")]
    try:
        assert asked("status", str(finished)) == asked("front", str(finished)) == 0
        assert asked("select", str(finished)) == 2
        assert "the run predicts with" in capsys.readouterr().err
        assert searched(finished, "--trials", "9") == 2
        assert "mean.py, which is gone; put the file back there" in capsys.readouterr().err
    finally:
        for path in aside:
            path.rename(path.with_suffix(""))


@pytest.mark.slow
def test_another_strategy_is_refused_until_the_run_is_extended_knowingly(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = architectures(finished)
    assert searched(finished, "--trials", "8", "--strategy", "random") == 2
    refusal = "has the strategy mine.py, now it is random; keep the old one, give --out a new folder, or extend it with"
    assert f"{refusal} --trials above 8" in capsys.readouterr().err
    extended = ("--trials", "10", "--strategy", "random", "--predictor", "ridge")
    assert searched(finished, *extended, "--seed", "5") == 2
    assert "was started with seed = 0, now it is 5" in capsys.readouterr().err
    assert searched(finished, *extended) == 0
    assert architectures(finished)[:8] == first
    assert {origin for origin, _ in architectures(finished)[8:]} == {"random"}
    kept = RunFolder(path=finished).settings()
    assert (kept["strategy"], kept["predictor"]) == ("random", "ridge")
    (before,) = kept["before"]
    assert before["num_trials"] == 8 and before["strategy"].keys() == {"mine.py"}
    page = RunFolder(path=finished).report.read_text()
    assert "strategy mine.py and predictor mean.py for the first 8 trials" in page
    assert searched(finished, *extended) == 0 and len(architectures(finished)) == 10


def test_a_run_that_is_not_done_is_not_changed(finished: Path) -> None:
    folder = RunFolder(path=finished)
    before, winner = folder.settings(), folder.winner.rename(finished / "winner.aside")
    try:
        assert searched(finished, "--trials", "11", "--strategy", "evolution") == 2
        assert folder.settings() == before
    finally:
        winner.rename(folder.winner)


def test_a_strategy_that_fails_under_way_is_one_sentence_and_loses_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slip = "        if len(done) == 9 - len(pending):\n            raise KeyError('late')\n"
    (here / "mine.py").write_text(STRATEGY.replace("rng):\n", f"rng):\n{slip}"))
    assert searched(here / "run", "--strategy", "mine.py") == 2
    assert "error: strategy mine.py: KeyError: 'late'\n" in capsys.readouterr().err
    assert len(architectures(here / "run")) == 9
