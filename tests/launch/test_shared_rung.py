"""A search whose first rung scores candidates by weights that they share."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launch.budget import read_note
from launch.pricing import price
from launch.run.sharing import Limited
from launch.session import RunFolder
from launch.session.session import open_session
from launch.terminal import winner_text
from nas.resources import macs
from tests.experiments import learning, tiny
from tests.launch.commands import Ended, nas

FILE = """
from dataclasses import replace

from launch.experiment import Experiment
from tests.experiments import {base}


def experiment() -> Experiment:
    return replace({base}.experiment(), {fields})
"""
GOAL = 'minimise="macs", limits=("error <= 1.3 * published", "macs <= 0.8 * published"), baseline="published"'
FIELDS = f"rungs=(0,), shared_steps=12, eta=2.0, num_design=6, num_trials=16, {GOAL}"


def experiment_at(folder: Path, fields: str = FIELDS, *, base: str = "learning") -> Path:
    file = folder / "shared_rung.py"
    file.write_text(FILE.format(base=base, fields=fields))
    return file


def search(folder: Path, run: str = "run", *options: str, **how: Any) -> Ended:
    file = experiment_at(folder, **how)
    return nas("search", str(file), "--out", str(folder / run), "--executor", "serial", *options)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    folder = tmp_path_factory.mktemp("shared")
    return folder, search(folder, "run", "--json")


def test_many_are_scored_few_are_trained_and_the_measure_of_all_is_among_them(finished: tuple[Path, Ended]) -> None:
    folder, ended = finished
    assert ended.code in (0, 1), ended.err  # trainings of three steps prove nothing, and may say so
    assert "training shared weights: 12/12" in ended.err
    session = open_session(RunFolder(path=folder / "run"))
    trials = session.trials("search")
    scored = [trial for trial in trials if trial.fidelity == 0]
    full = [trial for trial in trials if trial.fidelity == learning.experiment().fidelity]
    assert len(scored) + len(full) == len(trials) == 16 and len(scored) > len(full) >= 4
    assert {trial.architecture for trial in full[1:]} <= {trial.architecture for trial in scored}
    assert trials[0] == full[0] and full[0].architecture == session.experiment.space.reference("published")
    assert all(trial.state == "complete" for trial in trials)


def test_the_page_counts_the_trials_of_every_rung(finished: tuple[Path, Ended]) -> None:
    folder, _ = finished
    session = open_session(RunFolder(path=folder / "run"))
    page = (folder / "run" / "report.html").read_text()
    assert f"16 of 16 complete, 0 failed, 0 running; {len(session.full_trials())} of them at the full fidelity" in page
    assert "<dd>finished</dd>" in page


def test_the_account_holds_what_they_cost(finished: tuple[Path, Ended]) -> None:
    folder, _ = finished
    session = open_session(RunFolder(path=folder / "run"))
    spent = sum(trial.duration_s or 0.0 for phase in ("search", "final") for trial in session.trials(phase))
    budgets = nas("status", str(folder / "run"), "--json").record["budgets"]
    hours = next(line for line in budgets if line["name"] == "CPU-hours")
    shared_s = read_note(session.history.notes()["account"], lambda: 0.0).meter.before_s
    assert shared_s > 0 and hours["spent"] * 3600 == pytest.approx(spent + shared_s)


def test_what_they_promised_of_the_finals_stands_beside_what_came_out(finished: tuple[Path, Ended]) -> None:
    folder, ended = finished
    session, shared = open_session(RunFolder(path=folder / "run")), ended.record["shared"]
    scored = {one.architecture: one.metrics for one in session.trials("search") if one.fidelity == 0}
    finals = {one.name: one.architecture for one in session.trials("final")}
    assert shared["scores"] == {name: scored[row] for name, row in finals.items() if row in scored} != {}
    assert shared["steps"] == 12 and shared["core_seconds"] > 0
    told = winner_text(ended.record)
    header, *lines = told.split("\n\n")[-1].splitlines()
    assert header.split()[-4:] == ["by", "shared", "weights", "trained"] and len(lines) == len(finals)
    assert next(line for line in lines if "baseline" in line).split()[-2] == "-"  # it was trained in full at once


def test_more_trials_go_on_with_the_same_weights(finished: tuple[Path, Ended], tmp_path: Path) -> None:
    folder, _ = finished
    weights = (folder / "run" / "shared.pt").read_bytes()
    longer = search(folder, "run", "--trials", "20")
    assert longer.code in (0, 1), longer.err
    assert "training shared weights" not in longer.err
    assert (folder / "run" / "shared.pt").read_bytes() == weights


@pytest.mark.parametrize(
    ("fields", "base", "said"),
    [
        ("rungs=(0,)", "learning", "a rung of 0 scores by weights that candidates share, got no shared_steps"),
        ("rungs=(0,), shared_steps=0", "learning", "shared_steps must be a whole number from 1, got 0"),
        ("rungs=(0,), shared_steps=5, num_trials=30, eta=2.0", "tiny", "a rung of 0 needs an evaluator with sharing"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, fields: str, base: str, said: str) -> None:
    ended = search(tmp_path, fields=fields, base=base)
    assert ended.code == 2 and said in ended.err


def test_a_rung_of_0_asked_for_by_the_command_needs_an_experiment_that_trains_the_weights(tmp_path: Path) -> None:
    ended = search(tmp_path, "run", "--rung", "0", "--trials", "30", fields="num_finalists=1")
    assert ended.code == 2 and "got no shared_steps in experiment 'learning'" in ended.err


def test_networks_as_dear_as_the_reference_train_them_too() -> None:
    pricing = price(tiny.SPACE, macs.RESOURCES, baseline="published")
    limits = (pricing.limit("macs <= 0.5 * baseline"),)
    feasible, rng = pricing.feasible(limits, seed=0), np.random.default_rng(0)
    limited = Limited(pricing=pricing, limits=limits, feasible=feasible)
    reference = pricing.reference("baseline")
    wide = limited.reaching(reference, rng)
    bound = pricing.costs(reference)["macs"]
    costs = pricing.tables["macs"].cost(wide.sample(200, rng))
    assert 0.6 * bound < costs.max() <= bound and wide.contains(np.array([reference], dtype=np.int8))[0]
    assert limited.reaching(None, rng) is feasible


def test_the_field_says_how_long() -> None:
    assert replace(learning.experiment(), rungs=(0,), shared_steps=3).ladder is not None
