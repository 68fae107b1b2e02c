"""`nas merge` and `nas front` over several runs: nothing counted twice, everything kept, a search goes on."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from launch.session import RunFolder
from launch.session.session import open_session
from nas.genetic import front_mask
from nas.record import Trial
from nas.record.storage import open_storage
from tests.experiments.tiny import Orders, trained
from tests.launch.commands import TINY, Place, nas, place_at

pytestmark = pytest.mark.slow  # looks at whole searches

LIMITS = ("--limit", "macs <= 0.7 * published")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place]]:
    """Two runs of other seeds; a trial of the second failed, its finals are its own."""
    first = place_at(tmp_path_factory.mktemp("first"))
    second = place_at(tmp_path_factory.mktemp("second"), Orders(fail=("search-7",)))
    for place, seed in ((first, 0), (second, 1)):
        ended = nas(*place.search("--trials", "9", "--seed", str(seed), "--lag", "2", *LIMITS))
        assert ended.code == 0, ended.err
        place.run.path.rename(place.path / f"run{seed}")
    yield first, second


def path_of(place: Place) -> Path:
    return next(place.path.glob("run?"))


@pytest.fixture(scope="module")
def merged(runs: tuple[Place, Place], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Any]]:
    place = place_at(tmp_path_factory.mktemp("merged"))
    ended = nas("merge", *(str(path_of(one)) for one in runs), "--out", str(place.run.path), "--json")
    assert ended.code == 0, ended.err
    yield place, ended.record


def ended(path: Path) -> list[Trial]:
    session = open_session(RunFolder(path=path))
    return [*session.trials("search"), *session.trials("final")]


def test_every_trial_is_there_once_with_where_it_is_from(runs: tuple[Place, Place], merged: tuple[Place, Any]) -> None:
    place, told = merged
    together = ended(place.run.path)
    keys = [(trial.phase, trial.architecture, trial.fidelity) for trial in together]
    assert len(set(keys)) == len(keys)
    parts = {path_of(one).name: {trial.name: trial for trial in ended(path_of(one))} for one in runs}
    assert set(keys) == {(t.phase, t.architecture, t.fidelity) for part in parts.values() for t in part.values()}
    for phase in ("search", "final"):
        tickets = [trial.ticket for trial in together if trial.phase == phase]
        assert tickets == list(range(len(tickets)))
    for trial in together:
        assert trial.source is not None
        before = parts[trial.source.run][trial.source.trial]
        assert trial.source.seed == int(trial.source.run.removeprefix("run"))
        assert (trial.architecture, trial.metrics, trial.failure, trial.origin, trial.ended, trial.duration_s) == (
            before.architecture, before.metrics, before.failure, before.origin, before.ended, before.duration_s,
        )  # fmt: skip
    taken = {one["run"]: (one["num_taken"], one["num_known"]) for one in told["merged"]}
    assert taken["run0"] == (len(parts["run0"]), 0)
    assert sum(taken["run1"]) == len(parts["run1"]) and taken["run1"][1] > 0, "both have trained the baseline"
    assert sum(trial.state == "failed" for trial in together) == 1


def test_weights_come_along_under_the_new_numbers(runs: tuple[Place, Place], merged: tuple[Place, Any]) -> None:
    place, _ = merged
    paths = {path_of(one).name: path_of(one) for one in runs}
    finals = [trial for trial in ended(place.run.path) if trial.phase == "final"]
    assert len(finals) > 4
    for trial in finals:
        assert trial.source is not None
        before = paths[trial.source.run] / "artifacts" / f"{trial.source.trial}.pt"
        assert (place.run.artifacts / f"{trial.name}.pt").read_bytes() == before.read_bytes()


def test_optuna_reads_the_merged_record(merged: tuple[Place, Any]) -> None:
    place, _ = merged
    study = optuna.load_study(study_name=None, storage=open_storage(place.run.journal))
    assert len(study.trials) == len(ended(place.run.path))
    for frozen in study.trials:
        assert frozen.state.is_finished() and frozen.datetime_start <= frozen.datetime_complete
        assert frozen.user_attrs["source"]["run"] in ("run0", "run1") and len(frozen.constraints) == 1


def test_a_search_goes_on_from_it(runs: tuple[Place, Place], merged: tuple[Place, Any]) -> None:
    (place, _), orders = merged, runs[0].orders
    before = [trial for trial in ended(place.run.path) if trial.phase == "search"]
    finals = {trial.architecture for trial in ended(place.run.path) if trial.phase == "final"}
    num_trained = len(trained(orders))
    more = ("--trials", str(len(before) + 3), "--executor", "serial", "--cache", str(place.path / "cache"))
    found = nas("search", TINY, "--out", str(place.run.path), *more)
    assert found.code == 0, found.err
    after = [trial for trial in ended(place.run.path) if trial.phase == "search"]
    assert after[: len(before)] == before and all(trial.source is None for trial in after[len(before) :])
    assert len({trial.architecture for trial in after}) == len(after) == len(before) + 3
    jobs = trained(orders)[num_trained:]
    assert [job for job in jobs if job.startswith("search")] == [trial.name for trial in after[len(before) :]]
    later = [trial for trial in ended(place.run.path) if trial.phase == "final" and trial.source is None]
    assert not finals & {trial.architecture for trial in later}
    assert "merged from run0 and run1" in place.run.report.read_text()
    assert nas("status", str(place.run.path)).code == 0


def test_the_front_of_several_runs_is_that_of_all_their_trials(runs: tuple[Place, Place]) -> None:
    paths = [str(path_of(one)) for one in runs]
    record = nas("front", *paths, "--json").record
    session = open_session(RunFolder(path=path_of(runs[0])))
    every = {trial.architecture: trial for one in reversed(runs) for trial in ended(path_of(one))
             if trial.phase == "search" and trial.state == "complete"}  # fmt: skip
    table = session.pricing().tables["macs"]
    rows = np.array(list(every), np.int8)
    values = np.stack([table.cost(rows), [trial.metrics["error"] for trial in every.values()]], axis=1)
    expected = {tuple(row) for row in rows[front_mask(values)].tolist()}
    assert {tuple(point["architecture"]) for point in record["front"]} == expected
    assert {point["source"]["run"] for point in record["front"]} <= {"run0", "run1"}
    assert "run1 search-" in nas("front", *paths).out or "run0 search-" in nas("front", *paths).out


def test_runs_that_do_not_belong_together_are_refused(runs: tuple[Place, Place], tmp_path: Path) -> None:
    first, second = map(path_of, runs)
    out = ("--out", str(tmp_path / "out"))

    def refused(*arguments: str) -> str:
        found = nas("merge", *arguments)
        assert found.code == 2 and not (tmp_path / "out" / "experiment.json").exists()
        return found.err

    assert "is named twice; name each run once" in refused(str(first), str(first), *out)
    assert "holds no run" in refused(str(first), str(tmp_path / "nothing"), *out)
    for name, value in (("space", "other"), ("fidelity", 7), ("evaluator", {"digest": "abc"})):
        changed = tmp_path / name / "run1"
        _copy(second, changed, name, value)
        told = refused(str(first), str(changed), *out)
        assert "agree in space, evaluator and training, but" in told or "was started with" in told, told
    changed = tmp_path / "limits" / "run1"
    _copy(second, changed, "limits", ["macs <= 0.6 * published"])
    assert "differ; say with --limit which the merged run has" in refused(str(first), str(changed), *out)
    kept = nas("merge", str(first), str(changed), *out, *LIMITS)
    assert kept.code == 0, kept.err
    again = nas("merge", str(first), str(second), *out)
    assert again.code == 2 and "holds a run already" in again.err


def _copy(run: Path, to: Path, name: str, value: Any) -> None:
    shutil.copytree(run, to)
    settings = json.loads((to / "experiment.json").read_text())
    (to / "experiment.json").write_text(json.dumps({**settings, name: value}))
