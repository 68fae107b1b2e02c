"""Latency tables made once and used by every verb; a winner that is measured where its device is, and only there."""

import json
from pathlib import Path
from typing import Any

import pytest

from nas.latency import read, write
from nas.plugins import SPACES
from tests.launch.commands import Ended, Place, nas, nas_alone, start
from tests.waiting import until

pytestmark = pytest.mark.slow  # profiles and whole searches

PUBLISHED = "published"


@pytest.fixture(scope="module")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    path = tmp_path_factory.mktemp("profiled") / "fake.json"
    return path, nas("profile", "tiny", "--device", "fake", "--out", str(path), "--json")


def test_a_profile_tells_how_many_operators_and_how_far_its_sums_hold(profiled: tuple[Path, Ended]) -> None:
    path, ended = profiled
    assert ended.code == 0, ended.err
    assert ended.err.startswith(
        "timing fake: 96 distinct operators, of which 96 are timed; and 30 whole networks, before"
    )
    assert "the operators will take about" in ended.err
    table, facts = read(path), ended.record
    assert (facts["num_operators"], facts["num_predicted"]) == (len(table.entries), 0) == (96, 0)
    assert facts["fit"]["num_networks"] == 30 and facts["fit"]["within_10_percent"] == 1.0
    assert not path.with_name("fake.json.log").exists()


def test_limits_work_on_a_table_in_info(profiled: tuple[Path, Ended]) -> None:
    path, _ = profiled
    ended = nas("info", "tiny", "--latency", str(path), "--limit", "latency_ms.fake <= 0.6 ms", "--json")
    assert ended.code == 0, ended.err
    latency = ended.record["resources"]["latency_ms.fake"]
    assert latency["exact"] is True and latency["min"] < 0.6 < latency["max"]
    assert 0 < ended.record["feasible_share"] < 1
    assert int(ended.record["feasible_count_low"]) <= int(ended.record["feasible_count_high"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", "64x64"), r"was made for tiny at 3x32x32 and lacks \d+ operators of this space"),
        (("--latency", "cpu"), "a latency here is a table, such as phone.json, got 'cpu'; make one with `nas profile"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    arguments: tuple[str, ...], message: str, profiled: tuple[Path, Ended]
) -> None:
    ended = nas("info", "tiny", "--latency", str(profiled[0]), *arguments)
    assert ended.code == 2
    assert_matches(ended.err, message)


def assert_matches(text: str, pattern: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(text)


def table_of(place: Place, path: Path, **changes: Any) -> Path:
    """The run's table of the fake device as a file of somebody else's."""
    content = json.loads(place.run.latency_table("fake").read_text())
    path.write_text(json.dumps(content | changes))
    return path


def test_a_search_under_a_table_from_elsewhere_says_that_it_did_not_measure(
    finished: tuple[Place, Ended], place: Place
) -> None:
    phone = table_of(finished[0], place.path / "phone.json", device="phone", machine={"processor": "a phone"})
    limit = "latency_ms.phone <= 0.8 * published"
    command = place.search("--latency", str(phone), "--limit", limit, "--trials", "6")
    ended = nas_alone(*command, "--json")
    assert ended.code == 0, ended.err
    (check,) = ended.record["limits"]
    assert check["measured"] is None and check["holds"] is True
    assert check["predicted"] * (1 + check["margin"]) <= check["bound"]
    assert ended.record["resources"]["latency_ms.phone"]["measured"] is None
    assert ended.record["resources"]["latency_ms.fake"]["measured"] is not None
    phone.unlink()  # the run has its copy
    assert "not at hand" in nas(*command).out
    chosen = nas("select", str(place.run.path), "--limit", "latency_ms.phone <= 0.7 * published", "--json")
    assert chosen.code == 0, chosen.err
    report = nas("report", str(place.run.path))
    assert report.code == 0, report.err
    assert "latency_ms.phone was only predicted: its device is not at hand" in place.run.report.read_text()


def test_a_search_under_a_table_of_a_device_at_hand_measures_its_winner(
    finished: tuple[Place, Ended], place: Place
) -> None:
    fake = table_of(finished[0], place.path / "mine.json", margin=0.5)
    ended = nas_alone(*place.search("--latency", str(fake), "--trials", "6", "--json"))
    assert ended.code == 0, ended.err
    (check,) = [limit for limit in ended.record["limits"] if limit["resource"] == "latency_ms.fake"]
    assert check["measured"] is not None and check["margin"] == 0.5
    assert check["measured"] <= check["bound"] / 1.49, "the table's own margin is kept"


def test_a_search_profiles_a_device_that_it_is_given(place: Place, tmp_path: Path) -> None:
    device = tmp_path / "slow.py"
    device.write_text(
        "from nas.devices.fake import Fake\nDEVICE = Fake(key='slow', per_operator_ms=1.0, per_mac_ms=1e-5)\n"
    )
    ended = nas_alone(*place.search("--latency", str(device), "--trials", "6", "--json"))
    assert ended.code == 0, ended.err
    slow = ended.record["resources"]["latency_ms.slow"]
    assert slow["measured"] == pytest.approx(slow["predicted"], rel=0.02)


def test_a_profile_that_is_killed_continues(tmp_path: Path) -> None:
    device, path = tmp_path / "slow.py", tmp_path / "slow.json"
    device.write_text(WAITING)
    command = ("profile", "tiny", "--device", str(device), "--out", str(path), "--json")
    process = start(*command)
    log = path.with_name("slow.json.log")
    until(lambda: log.exists() and '"rounds"' in log.read_text(), what=str(log), alive=lambda: process.poll() is None)
    process.kill()
    process.communicate()
    (tmp_path / "go-on").touch()
    ended = nas(*command)
    assert ended.code == 0, ended.err
    assert "20 of them are timed already" in ended.err
    assert ended.record["num_operators"] == len(read(path).intervals) == 96


WAITING = """
import os, time
from dataclasses import dataclass
from pathlib import Path
from nas.devices.fake import DEVICE as FAKE

LOADED, PARENTS = set(), {}

@dataclass(frozen=True)
class Waiting:
    key: str = "waiting"
    def describe(self): return {"runtime": "a formula that waits after twenty operators"}
    def load_operator(self, op):
        LOADED.add(op)
        parent = PARENTS.setdefault(os.getpid(), os.getppid())
        while len(LOADED) > 20 and not Path(__file__).with_name("go-on").exists() and os.getppid() == parent:
            time.sleep(0.02)
        return FAKE.load_operator(op)
    def load_network(self, network): return FAKE.load_network(network)

DEVICE = Waiting()
"""

DROPS_OUT = WAITING.replace("LOADED.add(op)", "raise ValueError('no phone is connected; plug it in')")


def test_a_device_that_drops_out_is_told(tmp_path: Path) -> None:
    device = tmp_path / "gone.py"
    device.write_text(DROPS_OUT)
    ended = nas("profile", "tiny", "--device", str(device), "--out", str(tmp_path / "gone.json"))
    assert ended.code == 2
    assert "error: no phone is connected; plug it in" in ended.err.splitlines()


def test_a_table_from_another_team_is_imported(profiled: tuple[Path, Ended], tmp_path: Path) -> None:
    table = read(profiled[0])
    source = tmp_path / "theirs.csv"
    source.write_text("operator,ms\n" + "".join(f"{key},{ms}\n" for key, ms in table.entries.items()))
    path = tmp_path / "phone.json"
    ended = nas("profile", "tiny", "--device", "phone", "--from", str(source), "--out", str(path), "--margin", "0.2")
    assert ended.code == 0, ended.err
    assert "no whole network was timed: limits keep a margin of 20.0% on your word" in ended.out
    imported = read(path)
    assert imported.entries == table.entries and imported.device == "phone"
    assert nas("info", "tiny", "--latency", str(path), "--limit", "latency_ms.phone <= 0.5 * published").code in (0, 2)


def test_options_that_contradict_are_refused(tmp_path: Path) -> None:
    ended = nas("profile", "tiny", "--device", "fake", "--out", str(tmp_path / "t"), "--networks", "n.csv")
    assert ended.code == 2 and "give --from with the operators, too" in ended.err
    ended = nas("profile", "tiny", "--device", "fake", "--out", str(tmp_path / "t"), "--threads", "2")
    assert ended.code == 2 and "device 'fake' has no number of threads to choose" in ended.err


def test_two_latencies_of_one_name_are_refused(profiled: tuple[Path, Ended], place: Place, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    write(read(profiled[0]), other)
    ended = nas(*place.search("--latency", str(profiled[0]), "--latency", str(other)))
    assert ended.code == 2
    assert "was made for tiny at 3x32x32 and lacks" in ended.err, "the space of that name is another one"
    assert SPACES.load("tiny").input != (3, 16, 16)
