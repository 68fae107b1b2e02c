"""The command as a user types it: real processes, that are killed, interrupted, refused and run again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launch.folder import RunFolder
from launch.session import open_session
from nas.plugins import KINDS
from nas.trial import Trial
from tests.experiments import tiny
from tests.experiments.tiny import SPACE, Orders, error_of, trained

ROOT = Path(__file__).parents[2]
TINY = str(ROOT / "tests/experiments/tiny.py")
THROTTLED = str(ROOT / "tests/experiments/throttled.py")
START_S = 60.0  # for a process to reach the point that a test waits for, on a busy machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def record(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder with a run, the orders for its evaluator and a cache."""

    path: Path

    @property
    def run(self) -> RunFolder:
        return RunFolder(path=self.path / "run")

    @property
    def orders(self) -> Path:
        return self.path / "orders"

    def search(self, *options: str, experiment: str = TINY) -> list[str]:
        """The command for this place; options come last, so they win."""
        return [
            "search", experiment, "--out", str(self.run.path), "--executor", "serial", "--data", str(self.orders),
            "--cache", str(self.path / "cache"), *options,
        ]  # fmt: skip

    def trials(self) -> list[Trial]:
        """All trials, without what no two runs share: when they ended and how long they took."""
        session = open_session(self.run)
        found = [*session.trials("search"), *session.trials("final")]
        return [replace(trial, ended=None, duration_s=None) for trial in found]


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "launch", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def nas(*arguments: str) -> Ended:
    process = start(*arguments)
    out, err = process.communicate()
    return Ended(code=process.returncode, out=out, err=err)


def place_at(path: Path, orders: Orders | None = None) -> Place:
    place = Place(path=path)
    (orders or Orders()).write(place.orders)
    return place


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Ended]]:
    """An undisturbed run, not to be changed."""
    place = place_at(tmp_path_factory.mktemp("finished"))
    yield place, nas(*place.search("--json"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_at(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


# Help and lists --------------------------------------------------------------------------------------------------


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


# A run from start to end -----------------------------------------------------------------------------------------


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


def test_a_changed_seed_is_refused(finished: tuple[Place, Ended]) -> None:
    place, _ = finished
    before = contents(place.run.path)
    ended = nas(*place.search("--seed", "7"))
    assert ended.code == 2
    assert "was started with seed = 0, now it is 7; keep the old setting, or give --out a new folder" in ended.err
    assert contents(place.run.path) == before


# What can be asked of a run --------------------------------------------------------------------------------------


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


# Runs that are cut short -----------------------------------------------------------------------------------------


def test_a_run_that_is_killed_and_interrupted_ends_as_if_nothing_had_happened(
    finished: tuple[Place, Ended], tmp_path: Path
) -> None:
    orders = Orders(kill_once=("search-4", "final-1"), interrupt_once=("search-8",))
    place = place_at(tmp_path, orders)
    codes, last = [], Ended(code=0, out="", err="")
    for _ in range(4):
        last = nas(*place.search())
        codes.append(last.code)
        if last.code == 130:
            assert last.err.splitlines()[-1] == "stopped; the same command continues"
    assert codes == [-signal.SIGKILL, 130, -signal.SIGKILL, 0], last.err
    undisturbed, _ = finished
    assert place.trials() == undisturbed.trials()
    begun = trained(place.orders)
    cut_short = {"search-4", "search-8", "final-1"}
    assert {name: begun.count(name) for name in begun} == {
        name: 2 if name in cut_short else 1 for name in trained(undisturbed.orders)
    }
    ours, theirs = (json.loads(one.run.winner.read_text()) for one in (place, undisturbed))
    assert ours == theirs
    weights = [one.run.path / "winner.pt" for one in (place, undisturbed)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_run_refused_for_its_latency_limit_trains_nothing_and_may_be_corrected_and_is_held_by_one(
    tmp_path: Path,
) -> None:
    place = place_at(tmp_path, Orders(hold=("search-2",)))
    refused = nas(*place.search("--limit", "latency_ms.fake <= 1 us"))
    assert refused.code == 2 and "latency_ms.fake" in refused.err
    assert trained(place.orders) == [] and not place.run.journal.exists()
    status = nas("status", str(place.run.path), "--json").record
    assert (status["finished"], status["driver"], status["phases"]) == (False, None, [])

    command = place.search("--limit", "latency_ms.fake <= 1 ms", "--trials", "5")
    driver = start(*command)
    try:
        wait_for_job("search-2", place, driver)
        second = nas(*command)
        assert second.code == 2
        assert f"is held by process {driver.pid} on {os.uname().nodename}; wait for it, stop it" in second.err
        record = nas("status", str(place.run.path), "--json").record
        assert record["driver"] == f"process {driver.pid} on {os.uname().nodename}" and record["finished"] is False
        search = record["phases"][0]
        assert (search["done"], search["running"], search["total"]) == (2, 1, 5)
    finally:
        (place.orders / "release").touch()
        _, err = driver.communicate()
    assert driver.returncode == 0, err
    (limit,) = json.loads(place.run.winner.read_text())["limits"]
    assert limit["text"] == "latency_ms.fake <= 1 ms" and limit["holds"] is True


def wait_for_job(name: str, place: Place, driver: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_S
    while name not in trained(place.orders):
        assert driver.poll() is None and time.monotonic() < deadline, f"{name} was never begun"
        time.sleep(0.05)


def test_more_trials_extend_a_run_to_what_the_longer_run_would_have_been(
    finished: tuple[Place, Ended], place: Place
) -> None:
    short = nas(*place.search("--trials", "5"))  # fewer than the design
    assert short.code == 0, short.err
    extended = nas(*place.search())
    assert extended.code == 0, extended.err
    longer, _ = finished
    assert searched(place) == searched(longer)
    begun = trained(place.orders)
    assert len(begun) == len(set(begun)), "something was trained twice"
    assert json.loads(place.run.winner.read_text())["num_trials"] == 12


def searched(place: Place) -> list[Trial]:
    return [trial for trial in place.trials() if trial.phase == "search"]


def test_failed_trials_are_data_and_finals_that_all_failed_are_tried_again(tmp_path: Path) -> None:
    finals = tuple(f"final-{ticket}" for ticket in range(4))
    place = place_at(tmp_path, Orders(fail=("search-1", *finals), diverge=("search-3",)))
    command = place.search("--trials", "6")
    broken = nas(*command)
    num_finals = sum(trial.phase == "final" for trial in place.trials())
    assert broken.code == 2
    assert "every final failed; mend it and run the command again. The latest failure: RuntimeError" in broken.err
    failures = {trial.ticket: trial.failure for trial in searched(place) if trial.state == "failed"}
    assert sorted(failures) == [1, 3]
    assert failures[3] is not None and "metrics must be finite numbers" in failures[3]
    Orders().write(place.orders)
    mended = nas(*command)
    assert mended.code == 0, mended.err
    assert trained(place.orders)[-num_finals:] == [f"final-{i}" for i in range(num_finals, 2 * num_finals)]


# Limits ----------------------------------------------------------------------------------------------------------


def test_a_winner_that_violates_a_limit_as_measured_gives_exit_status_1(place: Place) -> None:
    ended = nas(*place.search(experiment=THROTTLED))
    assert ended.code == 1, ended.err
    assert "NO" in ended.out
    macs, latency = json.loads(place.run.winner.read_text())["limits"]
    assert macs["holds"] is True
    assert latency["holds"] is False and latency["measured"] > latency["bound"] >= latency["predicted"]
    assert latency["measured"] == pytest.approx(3 * latency["predicted"])


def test_a_limit_that_nothing_meets_is_refused_with_the_exact_bound_before_anything_is_made(place: Place) -> None:
    ended = nas(*place.search("--limit", "macs <= 1"))
    assert (ended.code, ended.out) == (2, "")
    assert f"{SPACE.lower((0,) * SPACE.num_decisions).macs:,}" in ended.err
    assert not place.run.path.exists() and not (place.path / "cache").exists()
    assert trained(place.orders) == []


# Ray and other storages ------------------------------------------------------------------------------------------


@pytest.mark.ray
def test_two_workers_on_ray_and_a_database_give_the_trials_of_a_serial_run(
    finished: tuple[Place, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)
    place = place_at(tmp_path, Orders(kill_once=("search-5", "final-0")))
    options = ("--executor", "ray", "--workers", "2", "--lag", "2", "--storage", f"sqlite:///{tmp_path}/study.db")
    ended = nas(*place.search(*options))
    assert ended.code == 0, ended.err
    serial, _ = finished
    assert place.trials() == serial.trials()
    assert not place.run.journal.exists()
    begun = trained(place.orders)
    assert begun.count("search-5") == begun.count("final-0") == 2
