"""What a trial may take: how many fit, what is refused, and what sizes and durations mean."""

import math
from pathlib import Path
from typing import Any

import pytest

from launch.executors.make import make_executor, plan_slots
from launch.executors.trial_resources import Terms, read_duration, read_size
from tests.experiments.tiny import Formula
from tests.launch.commands import nas, place_at

NODE = {"CPU": 16.0, "GPU": 4.0, "memory": 64e9, "object_store_memory": 1e9}


@pytest.mark.parametrize(
    ("terms", "slots"),
    [
        (Terms(), 16),
        (Terms(cpus=3.0), 5),
        (Terms(cpus=0.1), 160),
        (Terms(gpus=1.0), 4),
        (Terms(gpus=0.5), 8),
        (Terms(gpus=0.3), 12),  # three to a device; 4 / 0.3 would be 13
        (Terms(gpus=0.1, cpus=0.1), 40),
        (Terms(gpus=0.6), 4),
        (Terms(gpus=2.0), 2),
        (Terms(gpus=3.0), 1),
        (Terms(gpus=8.0), 0),
        (Terms(gpus=1.0, cpus=8.0), 2),
        (Terms(gpus=1.0, memory_bytes=20 * 10**9), 3),
        (Terms(memory_bytes=65 * 10**9), 0),
    ],
)
def test_a_node_takes_what_its_scarcest_resource_allows(terms: Terms, slots: int) -> None:
    assert terms.slots_on(NODE) == slots


def test_nodes_are_counted_alone() -> None:
    assert Terms(gpus=3.0).check_fits([NODE, NODE, {"CPU": 8.0}]) == 2  # two GPUs are left over, on two nodes


def test_a_cluster_that_is_too_small_is_described() -> None:
    with pytest.raises(ValueError, match="a trial needs 1 CPUs, 8 GPUs and 32 GB of memory on one node") as caught:
        Terms(gpus=8.0, memory_bytes=32 * 10**9).check_fits([NODE, NODE, {"CPU": 8.0}])
    assert "it has 2 nodes with 16 CPUs, 4 GPUs and 64 GB of memory; 1 node with 8 CPUs and 0 GPUs. " in str(
        caught.value
    )
    assert "Ask for less per trial, or add nodes" in str(caught.value)
    with pytest.raises(ValueError, match="it has no node"):
        Terms().check_fits([])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cpus": 0.0}, "CPUs per trial must be more than 0, got 0.0"),
        ({"cpus": math.nan}, "CPUs per trial must be more than 0, got nan"),
        ({"gpus": -1.0}, "GPUs per trial must be 0, a share below 1 or a whole number, got -1.0"),
        ({"gpus": 1.5}, "GPUs per trial must be 0, a share below 1 or a whole number, got 1.5"),
        ({"gpus": math.inf}, "GPUs per trial must be 0, a share below 1 or a whole number, got inf"),
        ({"memory_bytes": -1}, "memory per trial must be 0 or more, got -1"),
        ({"retries": -1}, "retries must be 0 or more, got -1"),
        ({"timeout_s": 0.0}, "a trial's time limit must be more than 0, got 0.0 s"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Terms(**wrong)


def test_sizes_and_durations() -> None:
    assert [read_size(text) for text in ("4GB", "1.5 GiB", "512MB")] == [4 * 10**9, 3 * 2**29, 512 * 10**6]
    assert [read_duration(text) for text in ("90s", "30 min", "1.5h")] == [90, 1800, 5400]


@pytest.mark.parametrize("text", ["4", "GB", "-4GB", "4gb", "4 parsecs", "", "٤GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a size is a number with one of MB, GB, .*, such as 4GB, got"):
        read_size(text)
    with pytest.raises(ValueError, match="a duration is a number with one of s, min, h, such as 30min, got"):
        read_duration(text)


def test_the_serial_executor_refuses_terms_that_it_cannot_keep() -> None:
    with pytest.raises(ValueError, match="can neither set anything aside for one nor stop it; leave out --cpus-per-"):
        make_executor("serial", Formula(orders=None), workers=None, address=None, terms=Terms(gpus=1.0))
    with pytest.raises(ValueError, match="can neither set anything aside for one nor stop it; leave out --cpus-per-"):
        plan_slots("serial", workers=None, address=None, terms=Terms(timeout_s=5.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--executor", "ray", "--gpus-per-trial", "1.5"),
            "GPUs per trial must be 0, a share below 1 or a whole number",
        ),
        (("--executor", "ray", "--memory-per-trial", "4"), "a size is a number with one of MB, GB"),
        (("--trial-timeout", "2h"), "the serial executor runs trials in this process and can neither"),
    ],
)
def test_the_command_refuses_bad_terms_before_anything_is_made(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    place = place_at(tmp_path)
    ended = nas(*place.search(*options))
    assert (ended.code, ended.out) == (2, "") and ended.err.startswith(f"error: {message}")
    assert not place.run.path.exists()


def test_slots_are_planned_without_starting_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert plan_slots("serial", workers=None, address=None, terms=Terms()) == 1
    assert plan_slots("ray", workers=None, address=None, terms=Terms(cpus=3.0)) == 2
    assert plan_slots("ray", workers=None, address=None, terms=Terms(cpus=20.0)) == 1
    assert plan_slots("ray", workers=5, address=None, terms=Terms()) == 5
