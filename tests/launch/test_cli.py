"""The command as a user types it: every verb as a real process, most of them on a run that is done."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nas.plugins import KINDS
from tests.experiments import tiny
from tests.experiments.tiny import SPACE, error_of, trained
from tests.launch.commands import ROOT, Ended, Place, contents, nas


def test_help_names_every_verb_and_loads_nothing_heavy() -> None:
    program = (
        "import sys; from launch.cli import nas\n"
        "try: nas(['--help'])\n"
        "finally: print(sorted({'numpy', 'torch', 'ray', 'optuna', 'rich'} & set(sys.modules)))\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for verb in ("search", "select", "front", "report", "status", "info", "list", "profile"):
        assert f"\n  {verb} " in shown
    assert shown.splitlines()[-1] == "[]"


def test_every_kind_is_listed() -> None:
    listed = nas("list", "--json").record
    assert listed == {name: list(kind.keys()) for name, kind in KINDS.items()}
    assert "tiefenrausch" in listed["spaces"] and "demo" in listed["experiments"]
    assert nas("list", "spaces").out.startswith("spaces: ")


def test_an_unknown_kind_lists_the_known_ones() -> None:
    ended = nas("list", "planets")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"error: there is no list of 'planets'; known: {', '.join(KINDS)}\n"


def test_an_unknown_experiment_lists_the_known_ones_and_makes_no_folder(place: Place) -> None:
    ended = nas(*place.search(experiment="demmo"))
    assert ended.code == 2
    assert "unknown experiment 'demmo' (did you mean 'demo'?); known: demo" in ended.err
    assert not place.run.path.exists()


def test_a_file_that_returns_no_experiment_is_named(place: Place) -> None:
    file = place.path / "mine.py"
    file.write_text("def experiment():\n    return 42\n")
    ended = nas(*place.search(experiment=str(file)))
    assert ended.code == 2
    assert f"experiment() of {file} must return an Experiment, got int" in ended.err


def test_a_search_ends_with_a_winner_that_meets_its_limits(finished: tuple[Place, Ended]) -> None:
    place, ended = finished
    assert ended.code == 0, ended.err
    record = ended.record
    assert record == json.loads(place.run.winner.read_text())
    architecture = tuple(record["architecture"])
    assert record["decisions"] == SPACE.decisions(architecture)
    assert [limit["text"] for limit in record["limits"]] == list(tiny.experiment().limits)
    for limit in record["limits"]:
        assert limit["holds"] is True and limit["measured"] <= limit["bound"]
        assert limit["predicted"] == pytest.approx(limit["measured"])
        assert limit["unit"] == {"macs": "MACs", "latency_ms.fake": "ms"}[limit["resource"]]
    network = SPACE.lower(architecture)
    assert record["resources"]["macs"] == {"unit": "MACs", "predicted": network.macs, "measured": network.macs}
    assert record["resources"]["params"]["measured"] == network.params
    objective = record["objective"]
    assert objective["measured"] == record["metrics"]["error"] == error_of(architecture)
    assert (objective["predicted_at_fidelity"], objective["measured_at_fidelity"]) == (1, 5)
    assert record["predictor"]["num_points"] == 12 and -1 <= record["predictor"]["kendall_tau"] <= 1
    assert record["baselines"] == {"nothing": {"error": 1.0}}
    meeting = [final["metrics"]["error"] for final in record["finals"] if final["meets_limits"]]
    assert objective["measured"] == min(meeting)


def test_the_record_holds_the_design_the_proposals_and_the_finals(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    trials = place.trials()
    search = [trial for trial in trials if trial.phase == "search"]
    finals = [trial for trial in trials if trial.phase == "final"]
    assert [trial.ticket for trial in search] == list(range(12))
    assert [trial.origin for trial in search[:6]] == ["design"] * 6
    assert {trial.origin for trial in search[6:]} <= {"genetic", "mutation", "random"}
    assert len({trial.architecture for trial in search}) == 12
    assert {trial.fidelity for trial in search} == {1} and {trial.fidelity for trial in finals} == {5}
    origins = ", ".join(trial.origin for trial in finals)
    for origin in ("predicted", "measured", "design median", "design best", "baseline published"):
        assert origin in origins
    assert len({trial.architecture for trial in finals}) == len(finals)
    assert trained(place.orders) == [f"{trial.phase}-{trial.ticket}" for trial in trials]


@pytest.mark.slow
def test_the_winner_runs_where_only_torch_is_needed(finished: tuple[Place, Ended]) -> None:
    place, ended = finished
    program = (
        "import sys, torch, winner\n"
        "model = winner.load()\n"
        "print(tuple(model(torch.rand(2, 3, 32, 48)).shape), sum(p.numel() for p in model.parameters()))\n"
        "assert not {'nas', 'launch', 'optuna'} & set(sys.modules)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=place.run.path, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == f"(2, 1, 32, 48) {ended.record['resources']['params']['measured']:.0f}\n"
    shutil.rmtree(place.run.path / "__pycache__", ignore_errors=True)


def test_the_same_command_again_says_done_and_changes_nothing(finished: tuple[Place, Ended]) -> None:
    place, first = finished
    before = contents(place.run.path)
    ended = nas(*place.search())
    assert ended.code == 0
    assert f"{place.run.path} is done; more --trials extend it" in ended.err
    assert contents(place.run.path) == before
    assert ended.out.splitlines()[-3:] == [
        str(place.run.path / name) for name in ("winner.json", "winner.py", "report.html")
    ]
    assert first.record["trial"] in ended.out


def test_a_run_that_is_done_needs_its_cluster_no_more(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    ended = nas(*place.search("--executor", "ray", "--address", "127.0.0.1:1"))
    assert ended.code == 0 and f"{place.run.path} is done" in ended.err


def test_a_changed_seed_is_refused(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    before = contents(place.run.path)
    ended = nas(*place.search("--seed", "7"))
    assert ended.code == 2
    assert "was started with seed = 0, now it is 7; keep the old setting, or give --out a new folder" in ended.err
    assert contents(place.run.path) == before


def test_status_tells_what_is_done(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    record = nas("status", str(place.run.path), "--json").record
    assert record["finished"] is True and record["driver"] is None
    search, final = record["phases"]
    assert (search["phase"], search["done"], search["total"], search["failed"], search["running"]) == (
        "search", 12, 12, 0, 0,
    )  # fmt: skip
    assert final["phase"] == "final" and final["done"] == final["total"] > 0
    assert search["best"] == min(trial.metrics["error"] for trial in place.trials() if trial.phase == "search")


def test_front_gives_exactly_what_nothing_dominates(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    record = nas("front", str(place.run.path), "--x", "params", "--json").record
    search = [trial for trial in place.trials() if trial.phase == "search"]
    costs = {trial.ticket: SPACE.lower(trial.architecture).params for trial in search}
    expected = {
        f"search-{one.ticket}"
        for one in search
        if not any(
            costs[other.ticket] <= costs[one.ticket]
            and other.metrics["error"] <= one.metrics["error"]
            and (costs[other.ticket], other.metrics["error"]) != (costs[one.ticket], one.metrics["error"])
            for other in search
        )
    }
    assert {point["trial"] for point in record["front"]} == expected
    assert (record["x"], record["y"]) == ("params", "error")
    for point in record["front"]:
        assert point["decisions"] == SPACE.decisions(point["architecture"])
        assert point["x"] == point["resources"]["params"] and point["y"] == point["metrics"]["error"]


def test_select_searches_again_under_a_new_limit_and_trains_nothing(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    before, begun = contents(place.run.path), trained(place.orders)
    ended = nas("select", str(place.run.path), "--limit", "macs <= 0.3 * published", "--top", "4", "--json")
    assert ended.code == 0, ended.err
    candidates = ended.record["candidates"]
    bound = 0.3 * SPACE.lower(SPACE.reference("published")).macs
    assert len(candidates) == 4
    for candidate in candidates:
        macs = SPACE.lower(candidate["architecture"]).macs
        assert macs <= bound
        assert candidate["resources"]["macs"] == {"predicted": macs, "unit": "MACs"}
        assert candidate["decisions"] == SPACE.decisions(candidate["architecture"])
        assert candidate["error"]["predicted_std"] > 0
    means = [candidate["error"]["predicted"] for candidate in candidates]
    assert means == sorted(means)
    assert contents(place.run.path) == before and trained(place.orders) == begun


def test_a_folder_without_a_run_is_named_and_left_alone(tmp_path: Path) -> None:
    ended = nas("status", str(tmp_path))
    assert ended.code == 2 and f"{tmp_path} holds no run (no experiment.json)" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_info_gives_exact_ranges_and_the_feasible_share(tmp_path: Path) -> None:
    file = tmp_path / "small.py"
    file.write_text("from tests.experiments.tiny import SPACE\n")
    published = SPACE.lower(SPACE.reference("published")).macs
    record = nas("info", str(file), "--limit", "macs <= 0.5 * published", "--json").record
    every = np.indices(SPACE.num_options.tolist()).reshape(SPACE.num_decisions, -1).T.astype(np.int8)
    macs = np.array([SPACE.lower(row).macs for row in every.tolist()])
    assert record["size"] == str(len(every)) and record["num_decisions"] == SPACE.num_decisions
    found = record["resources"]["macs"]
    assert (found["min"], found["max"], found["unit"]) == (macs.min(), macs.max(), "MACs")
    assert found["median"] == pytest.approx(np.median(macs), rel=0.02)
    num_feasible = int((macs <= 0.5 * published).sum())
    assert int(record["feasible_count_low"]) <= num_feasible <= int(record["feasible_count_high"])
    assert record["feasible_share"] == pytest.approx(num_feasible / len(every), rel=0.1)
