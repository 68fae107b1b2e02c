"""Mistakes in a user's own experiment file: one sentence with the file, the line and the field, before all else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.experiment import Experiment, ExperimentError, Workplace
from launch.extensions import prepared_evaluator
from launch.session.session import load_experiment
from nas.depth.data.images import DataError
from nas.errors import aside
from tests.experiments import tiny
from tests.launch.commands import ROOT, Place, nas_alone

MINE = """\
from launch.experiment import Experiment
from nas.devices import cpu, fake
from nas.resources import macs, params
from predictors import ridge
from tests.experiments.tiny import SPACE, make_evaluator


def experiment():
    return Experiment(
        name="mine",
        space=SPACE,
        make_evaluator=make_evaluator,
        predictor=ridge.PREDICTOR,
        resources=(*macs.RESOURCES, *params.RESOURCES),
        devices=(fake.DEVICE,),
        limits=("macs <= 0.7 * published",),
        baseline="published",
        num_design=6,
        num_trials=12,
        fidelity=1,
        num_finalists=2,
        final_fidelity=5,
    )
"""


def written(folder: Path, right: str = "", wrong: str = "") -> Path:
    assert right in MINE
    file = folder / "mine.py"
    file.write_text(MINE.replace(right, wrong, 1))
    return file


def test_the_whole_file_is_an_experiment(tmp_path: Path) -> None:
    assert load_experiment(str(written(tmp_path))).name == "mine"


FIELDS = [
    ("fidelity=1", "fidelty=1", "an Experiment has no field 'fidelty'; did you mean 'fidelity'?"),
    ("fidelity=1,", "fidelity=1, wheels=3,", "an Experiment has no field 'wheels'; known: name, space, "),
    ("        num_trials=12,\n", "", "an Experiment lacks num_trials; give each a value"),
    ("name=", "'x', name=", "an Experiment's fields must be given by name"),
    (
        "ridge.PREDICTOR", "'ridge'",
        "predictor must hold a predictor, got 'ridge'; write `from predictors import ridge`, and ridge.PREDICTOR",
    ),
    ("ridge.PREDICTOR", "ridge", "predictor must hold a predictor, got the module predictors.ridge; write `from"),
    ("ridge.PREDICTOR", "ridge.Ridge", "predictor must hold a predictor, got <class 'predictors.ridge.Ridge'>"),
    (
        "num_design=6,", "num_design=6, strategy='evolution',",
        "strategy must hold a strategy, got 'evolution'; write `from nas.strategies import evolution`, and ev",
    ),
    ("num_design=6,", "num_design=6, strategy=ridge,", "strategy must hold a strategy, got the module predictors.ridg"),
    (
        "(fake.DEVICE,)", "('cpu',)",
        "devices must hold a device, got 'cpu'; write `from nas.devices import cpu`, and cpu.DEVICE",
    ),
    ("(fake.DEVICE,)", "'cpu'", "devices must be a tuple, got 'cpu'; one alone is written with a comma"),
    ("(fake.DEVICE,)", "(fake.DEVICE, fake.DEVICE)", "devices must have a key each, got fake, fake; rename one"),
    ("space=SPACE", "space='tiny'", "space must hold a space, got 'tiny'; write `from search_spaces import "),
    ("*macs.RESOURCES", "macs.RESOURCES", "resources must hold resources alone, each a resource, got (Resource"),
    ("*macs.RESOURCES", "macs", "write `from nas.resources import macs`, and *macs.RESOURCES"),
    ("fidelity=1,", "fidelity=0,", "fidelity must be a whole number from 1, got 0; write one such as 10"),
    ("fidelity=1,", "fidelity=True,", "fidelity must be a whole number from 1, got True"),
    ("num_finalists=2", "num_finalists=0", "num_finalists must be a whole number from 1, got 0"),
    ("num_trials=12", "num_trials=-12", "num_trials must be a whole number from 1, got -12"),
    ("num_trials=12", "num_trials='12'", "num_trials must be a whole number from 1, got '12'"),
    ("num_design=6", "num_design=13", "num_design is part of num_trials, got 13 of 12; lower it"),
    ("num_design=6,", "num_design=6, rungs=(3, 2),", "rungs are fidelities of 0 or more that grow"),
    ("num_design=6,", "num_design=6, lag=-1,", "lag must be a whole number from 0, got -1; 2 is usual"),
    ("num_design=6,", "num_design=6, eta='4',", "eta must be a number above 1, got '4'; 4 is usual"),
    ('("macs <= 0.7 * published",)', '"macs <= 1K"', "limits must be a tuple, got 'macs <= 1K'; one alone"),
    ('("macs <= 0.7 * published",)', "(3,)", "limits must hold text, got 3; put it in quotes"),
    ('baseline="published"', 'baseline="publisht"', "baseline must be a reference of the space 'tiny', got 'publ"),
    ("=make_evaluator", "=None", "make_evaluator must be a function of a Workplace, got None; write its name"),
    ('name="mine"', "name={}['name']", "fails: KeyError: 'name'"),
    ('name="mine"', "name=exit(0)", "fails: SystemExit: exit status 0; leave sys.exit() to "),
]  # fmt: skip
BESIDE = [
    ("def experiment():", "def experiment(a):", "experiment() missing 1 required positional argument: 'a'"),
    ("def experiment():\n    return ", "experiment = ", "experiment of {file} must be a function, got Experiment"),
    ("from nas.devices", "from nas.device", "No module named 'nas.device'; put the module beside the file that "),
    ("def experiment():", "exit(3)\ndef experiment():", "SystemExit: exit status 3; leave sys.exit() to `if"),
    ("def experiment():", "def experiment()", "SyntaxError: expected ':' (mine.py, line 8)"),
]
ASKING = """\
import json, sys
from launch.session.session import load_experiment

for file in sys.argv[1:]:
    try:
        load_experiment(file)
        print(json.dumps(None))
    except ValueError as error:
        print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Path, str]]:
    """File and sentence of every mistake, from a process of its own: here, the checks of types would speak first."""
    mistakes = [(right, wrong) for right, wrong, _ in (*FIELDS, *BESIDE)]
    files = [written(tmp_path_factory.mktemp("mistake"), right, wrong) for right, wrong in mistakes]
    command = [sys.executable, "-c", ASKING, *map(str, files)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    told = [json.loads(line) for line in shown.splitlines()]
    return dict(zip(mistakes, zip(files, told, strict=True), strict=True))


@pytest.mark.parametrize(("right", "wrong", "sentence"), FIELDS)
def test_a_mistake_in_a_field_is_told_with_file_and_line(
    refused: dict[tuple[str, str], tuple[Path, str]], right: str, wrong: str, sentence: str
) -> None:
    file, told = refused[right, wrong]
    assert told.startswith(f"experiment() of {file}") and sentence in told
    line = int(told.rpartition("(mine.py, line ")[2].rstrip(")"))
    assert 9 <= line <= 23


@pytest.mark.parametrize(("right", "wrong", "sentence"), BESIDE)
def test_a_mistake_beside_the_fields_is_told_with_the_file(
    refused: dict[tuple[str, str], tuple[Path, str]], right: str, wrong: str, sentence: str
) -> None:
    file, told = refused[right, wrong]
    assert sentence.format(file=file) in told


# Evaluators ------------------------------------------------------------------------------------------------------


def place(tmp_path: Path) -> Workplace:
    return Workplace(cache=tmp_path, data=None, workers=1, progress=lambda what, done, total: None)


def with_evaluator(make: Callable[[Workplace], Any]) -> Experiment:
    experiment = tiny.experiment()
    object.__setattr__(experiment, "make_evaluator", make)  # a user's function is not type-checked
    return experiment


def told_of(make: Callable[[Workplace], Any], tmp_path: Path) -> str:
    with pytest.raises(ExperimentError) as raised:
        prepared_evaluator(with_evaluator(make), place(tmp_path))
    return str(raised.value)


def test_what_fails_in_make_evaluator_is_told_with_its_line(tmp_path: Path) -> None:
    told = told_of(lambda place: {}["data"], tmp_path)
    assert told.startswith("make_evaluator of experiment 'tiny' fails: KeyError: 'data' (test_own_mistakes.py, line ")
    assert "SystemExit: exit status None; leave sys.exit()" in told_of(lambda place: sys.exit(), tmp_path)
    assert "ModuleNotFoundError: No module named 'no_such'" in told_of(lambda place: __import__("no_such"), tmp_path)


def test_our_own_refusals_in_make_evaluator_stay_as_they_are(tmp_path: Path) -> None:
    from tests.nas.depth.data.pairs_written import read_folder

    with pytest.raises(DataError, match=r"^a data folder needs pictures in rgb/ .*; add them"):
        prepared_evaluator(with_evaluator(lambda _: read_folder(tmp_path, size=(32, 32))), place(tmp_path))


class Bare:
    def __call__(self, job: object) -> None:
        return None


class Doubtful(Bare):
    baselines: Any = {"mean": {"error": float("nan")}}  # noqa: RUF012  # as a user writes it
    data_facts: Any = {}  # noqa: RUF012  # the same


@pytest.mark.parametrize(
    ("evaluator", "sentence"),
    [
        (None, "make_evaluator must return an evaluator, got NoneType without baselines and data_facts"),
        (len, "make_evaluator must return an evaluator, got builtin_function_or_method without baselines"),
        (Bare(), "make_evaluator must return an evaluator, got Bare without baselines and data_facts"),
        (tiny.Formula, "make_evaluator must return an evaluator, got the class Formula; return an object"),
        (Doubtful(), "baselines must hold metrics by name, and its data_facts texts and numbers: metrics must be fini"),
    ],
)
def test_what_is_no_evaluator_is_refused_before_a_trial(tmp_path: Path, evaluator: object, sentence: str) -> None:
    assert sentence in told_of(lambda place: evaluator, tmp_path)


# Output, and neighbours ------------------------------------------------------------------------------------------


def test_what_is_printed_meanwhile_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    print("before")
    with aside():
        print("python")
        os.write(1, b"a library\n")
        with aside():
            os.system("echo a process")
    print("after")
    captured = capfd.readouterr()
    assert captured.out == "before\nafter\n"
    assert sorted(captured.err.splitlines()) == ["a library", "a process", "python"]


TALKING = """\
import os
from dataclasses import replace
import word_of_mine
from tests.experiments import tiny

print("imported")


class Talking(tiny.Formula):
    def __call__(self, job):
        import late_word_of_mine

        print(word_of_mine.WORD)
        os.write(1, late_word_of_mine.WORD)
        return super().__call__(job)


def make_evaluator(place):
    print("made")
    return Talking(orders=place.data)


def experiment():
    print("called")
    return replace(tiny.experiment(), make_evaluator=make_evaluator)
"""


def talking(folder: Path) -> str:
    """An experiment that needs two modules beside it, one when it is loaded, one in its trials; and prints."""
    (folder / "word_of_mine.py").write_text("print('neighbour')\nWORD = 'trained'\n")
    (folder / "late_word_of_mine.py").write_text("WORD = b'below\\n'\n")
    (folder / "talking.py").write_text(TALKING)
    return str(folder / "talking.py")


@pytest.mark.slow
def test_modules_beside_the_file_are_found_and_nothing_printed_gets_into_the_json(place: Place) -> None:
    ended = nas_alone(*place.search("--json", experiment=talking(place.path)))
    assert ended.code == 0, ended.err
    assert ended.record["objective"]["name"] == "error"
    for word in ("imported", "neighbour", "called", "made", "trained", "below"):
        assert word in ended.err
    selected = nas_alone("select", str(place.run.path), "--top", "1", "--json")
    assert selected.code == 0 and len(selected.record["candidates"]) == 1


@pytest.mark.ray
def test_rays_workers_find_modules_beside_the_file(place: Place) -> None:
    options = ("--json", "--executor", "ray", "--workers", "1")
    ended = nas_alone(*place.search(*options, experiment=talking(place.path)))
    assert ended.code == 0, ended.err
    assert all(trial.state == "complete" for trial in place.trials())


@pytest.mark.slow
def test_a_mistake_ends_the_command_before_there_is_a_run(place: Place) -> None:
    file = written(place.path, "fidelity=1", "fidelty=1")
    ended = nas_alone(*place.search(experiment=str(file)))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: experiment() of {file}: an Experiment has no field 'fidelty'; did you mean")
    assert not place.run.path.exists()


def test_an_exit_that_nobody_expects_is_neither_success_nor_a_violated_limit(place: Place) -> None:
    quitting = "class Quitting:\n    def fit(self, X, y):\n        raise SystemExit(0)\n\n\n"
    source = MINE.replace("ridge.PREDICTOR", "Quitting()").replace("def experiment", f"{quitting}def experiment")
    (place.path / "mine.py").write_text(source)
    ended = nas_alone(*place.search(experiment=str(place.path / "mine.py")))
    assert ended.code == 2
    assert "error: SystemExit: exit status 0; leave sys.exit() to" in ended.err and "(mine.py, line 10)" in ended.err
