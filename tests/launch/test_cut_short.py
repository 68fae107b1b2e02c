"""Runs that are killed, interrupted, refused, extended or moved to a cluster."""

import json
import os
import signal
from pathlib import Path

import pytest

from nas.record import Trial
from tests.experiments.tiny import SPACE, Orders, trained
from tests.forked import Forked
from tests.launch.commands import THROTTLED, Ended, Place, nas, nas_alone, place_at, start
from tests.waiting import until

pytestmark = pytest.mark.slow  # several whole searches each


def test_a_run_that_is_killed_and_interrupted_ends_as_if_nothing_had_happened(
    finished: tuple[Place, Ended], tmp_path: Path
) -> None:
    orders = Orders(kill_once=("search-4", "final-1"), interrupt_once=("search-8",))
    place = place_at(tmp_path, orders)
    codes, last = [], Ended(code=0, out="", err="")
    for _ in range(4):
        last = nas_alone(*place.search())
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
        shown = nas("status", str(place.run.path)).out
        assert shown.startswith("search: 2/5 done, 1 running") and "final" not in shown  # it is not planned yet
    finally:
        (place.orders / "release").touch()
        _, err = driver.communicate()
    assert driver.returncode == 0, err
    (limit,) = json.loads(place.run.winner.read_text())["limits"]
    assert limit["text"] == "latency_ms.fake <= 1 ms" and limit["holds"] is True


def wait_for_job(name: str, place: Place, driver: Forked) -> None:
    """Until the driver has begun it."""
    until(lambda: name in trained(place.orders), what=name, alive=lambda: driver.poll() is None)


def test_more_trials_extend_a_run_to_what_the_longer_run_would_have_been(
    finished: tuple[Place, Ended], place: Place
) -> None:
    short = nas_alone(*place.search("--trials", "5"))  # fewer than the design
    assert short.code == 0, short.err
    extended = nas_alone(*place.search())
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
    broken = nas_alone(*command)
    num_finals = sum(trial.phase == "final" for trial in place.trials())
    assert broken.code == 2
    assert "every final failed; mend it and run the command again. The latest failure: RuntimeError" in broken.err
    failures = {trial.ticket: trial.failure for trial in searched(place) if trial.state == "failed"}
    assert sorted(failures) == [1, 3]
    assert failures[3] is not None and "metrics must be finite numbers" in failures[3]
    Orders().write(place.orders)
    mended = nas_alone(*command)
    assert mended.code == 0, mended.err
    assert trained(place.orders)[-num_finals:] == [f"final-{i}" for i in range(num_finals, 2 * num_finals)]


def test_a_winner_that_violates_a_limit_as_measured_gives_exit_status_1(place: Place) -> None:
    limits = ("--limit", "macs <= 0.7 * published", "--limit", "latency_ms.throttled <= 0.8 * published")
    ended = nas_alone(*place.search(*limits, experiment=THROTTLED))
    assert ended.code == 1, ended.err
    assert (
        "NOT VERIFIED" in ended.out and "this machine is slower now: networks of the table itself take 100" in ended.out
    )
    macs, latency = json.loads(place.run.winner.read_text())["limits"]
    assert macs["holds"] is True
    assert latency["holds"] is False and latency["measured"] > latency["bound"] >= latency["predicted"]
    assert latency["measured"] == pytest.approx(100 * latency["predicted"])


def test_a_limit_that_nobody_gave_does_not_bind_where_it_cannot_be_verified(place: Place) -> None:
    ended = nas_alone(*place.search(experiment=THROTTLED))
    assert ended.code == 0, ended.err
    macs, latency = json.loads(place.run.winner.read_text())["limits"]
    assert macs["holds"] is True and macs["binding"] is True
    assert latency["binding"] is False and latency["measured"] > latency["bound"]
    assert "not verified on this machine" in ended.out and "take 100.00 times what they took" in latency["doubt"]
    report = place.run.report.read_text()
    assert "not verified on this machine" in report and "VIOLATES" not in report


def test_finalists_are_chosen_anew_for_a_device_that_has_become_slower(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THROTTLED_SLOWDOWN", "3")
    ended = nas_alone(*place.search(experiment=THROTTLED))
    assert ended.code == 0, ended.err
    assert "choosing again with a margin of latency_ms.throttled 200%" in ended.err
    _, latency = json.loads(place.run.winner.read_text())["limits"]
    assert latency["measured"] == pytest.approx(3 * latency["predicted"]) and latency["holds"] is True
    timings, num_finals = place.run.timings.read_text(), len([t for t in place.trials() if t.phase == "final"])
    place.run.winner.unlink()
    again = nas_alone(*place.search(experiment=THROTTLED))
    assert again.code == 0 and "candidates whole" not in again.err  # what has been timed is not timed again
    assert place.run.timings.read_text() == timings
    assert len([trial for trial in place.trials() if trial.phase == "final"]) == num_finals


def test_a_limit_that_nothing_meets_is_refused_with_the_exact_bound_before_anything_is_made(place: Place) -> None:
    ended = nas(*place.search("--limit", "macs <= 1"))
    assert (ended.code, ended.out) == (2, "")
    assert f"{SPACE.lower((0,) * SPACE.num_decisions).macs:,}" in ended.err
    assert not place.run.path.exists() and not (place.path / "cache").exists()
    assert trained(place.orders) == []


@pytest.mark.ray
def test_two_workers_on_ray_and_a_database_give_the_trials_of_a_serial_run(
    finished: tuple[Place, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)
    place = place_at(tmp_path, Orders(kill_once=("search-5", "final-0")))
    options = ("--executor", "ray", "--workers", "2", "--lag", "2", "--storage", f"sqlite:///{tmp_path}/study.db")
    ended = nas_alone(*place.search(*options))
    assert ended.code == 0, ended.err
    serial, _ = finished
    assert place.trials() == serial.trials()
    assert not place.run.journal.exists()
    begun = trained(place.orders)
    assert begun.count("search-5") == begun.count("final-0") == 2
