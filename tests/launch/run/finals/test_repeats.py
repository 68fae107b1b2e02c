"""`nas search --final-seeds`: limits and the winner go by means over seeds, which the record keeps one by one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launch.session.session import open_session
from nas.record import Job, Phase, Trial
from tests.experiments import seeded
from tests.experiments.tiny import Orders, error_of, trained
from tests.launch.commands import ROOT, Place, nas, nas_alone, place_at

SEEDED = str(ROOT / "tests/experiments/seeded.py")
SEED = 7


def searched(place: Place, *options: str) -> Mapping[str, Any]:
    ended = nas(*place.search("--final-seeds", "3", "--seed", str(SEED), *options, experiment=SEEDED))
    assert ended.code == 0, ended.err
    found: Mapping[str, Any] = json.loads(place.run.winner.read_text())
    return found


def repeats(place: Place) -> list[Trial]:
    return open_session(place.run).trials("repeat")


def under(architecture: tuple[int, ...], seed: int) -> float:
    job = Job(phase="final", ticket=0, architecture=architecture, fidelity=5, seed=seed)
    return error_of(architecture) + seeded.noise_of(job)


def test_every_final_is_judged_by_its_mean_over_seeds_of_its_own(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    winner = searched(place)
    for final in winner["finals"]:
        row = tuple(final["architecture"])
        errors = [under(row, SEED + i) for i in range(3)]
        assert final["metrics"]["error"] == pytest.approx(np.mean(errors))
        assert final["seeds"]["num_seeds"] == 3 and final["seeds"]["std"]["error"] == pytest.approx(
            np.std(errors, ddof=1)
        )
        assert final["seeds"]["own"]["error"] == pytest.approx(errors[0])
    meeting = [final for final in winner["finals"] if final["meets_limits"]]
    assert winner["trial"] == min(meeting, key=lambda final: final["metrics"]["error"])["trial"]
    assert winner["objective"]["measured"] == winner["metrics"]["error"]
    assert len(repeats(place)) == 2 * len(winner["finals"])
    shown = {trial.architecture: dict(trial.metrics) for trial in open_session(place.run).finals()}
    assert shown == {tuple(final["architecture"]): final["metrics"] for final in winner["finals"]}


def test_terminal_page_and_status_say_what_the_figures_are(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    own = searched(place)["seeds"]["own"]["error"]
    again = nas(*place.search(experiment=SEEDED))
    said = "means over 3, between which error has a standard deviation of"
    assert said in again.out and f"winner.pt holds the first one's weights, with error {own:.4f}" in again.out
    assert said in " ".join(place.run.report.read_text().split())
    told = nas("status", str(place.run.path), "--json").record["phases"]
    assert [phase["phase"] for phase in told] == ["search", "final", "repeat"]


def test_a_run_that_was_cut_off_goes_on_and_trains_no_seed_twice(tmp_path: Path) -> None:
    for name in ("cut", "whole"):
        (tmp_path / name).mkdir()
    place, whole = place_at(tmp_path / "cut", Orders(interrupt_once=("repeat-3",))), place_at(tmp_path / "whole")
    ended = nas_alone(*place.search("--final-seeds", "3", "--seed", str(SEED), experiment=SEEDED))
    assert ended.code == 130, ended.err
    assert searched(place)["finals"] == searched(whole)["finals"]
    begun = trained(place.orders)
    assert sorted(set(begun)) == sorted(set(trained(whole.orders)))
    assert [name for name in set(begun) if begun.count(name) > 1] == ["repeat-3"]


def test_a_final_whose_repeats_fail_has_fewer_seeds(tmp_path: Path) -> None:
    place = place_at(tmp_path, Orders(fail=("repeat-0", "repeat-1")))
    finals = searched(place)["finals"]
    number = len(finals)
    assert number > 2
    assert [final["seeds"]["num_seeds"] for final in finals] == [2, 2, *[3] * (number - 2)]
    assert all("error" in final["seeds"]["std"] for final in finals)


def test_an_extended_run_repeats_its_new_finals(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    before = len(searched(place)["finals"])
    after = searched(place, "--trials", "20")["finals"]
    assert len(after) >= before and {final["seeds"]["num_seeds"] for final in after} == {3}
    assert len(repeats(place)) == 2 * len(after)


def test_a_run_keeps_to_its_seeds(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    searched(place)
    again = nas(*place.search("--final-seeds", "4", experiment=SEEDED))
    assert again.code == 2 and "was started with final_seeds = 3, now it is 4" in again.err


def test_finals_that_are_no_longer_than_the_searchs_trainings_have_another_seed(tmp_path: Path) -> None:
    file, place = tmp_path / "alike.py", place_at(tmp_path)
    file.write_text(
        "from dataclasses import replace\n"
        "from tests.experiments import seeded\n\n\n"
        "def experiment():\n"
        "    return replace(seeded.experiment(), fidelity=5)\n"
    )
    ended = nas(*place.search("--seed", str(SEED), experiment=str(file)))
    assert ended.code == 0, ended.err
    session = open_session(place.run)
    seeds: dict[Phase, int] = {"search": SEED, "final": SEED + 1}
    for phase, seed in seeds.items():
        for trial in session.trials(phase):
            assert trial.metrics["error"] == pytest.approx(under(trial.architecture, seed))
    assert "It was trained anew, from another seed" in " ".join(place.run.report.read_text().split())
