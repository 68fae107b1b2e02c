"""`nas info`: what it prints and what it gives to machines, on the space that can be listed."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from launch.terminal import bars
from launch.verbs import info
from nas.costs import LimitError
from nas.feasible import InfeasibleError
from nas.plugins import PluginError
from search_spaces.tiny import SPACE

ALL = np.array(list(itertools.product(*(range(n) for n in SPACE.num_options))), dtype=np.int8)
OWN = '''"""Two meters of one's own: one over operators, one over whole networks."""

from nas.costs import Resource
from nas.costs import NetworkResource

RESOURCES = (
    Resource(name="energy_mj", unit="mJ", measure=lambda op: 1e-6 * op.macs),
    NetworkResource(name="layers", unit="layers", measure=lambda network: len(network.nodes)),
)
'''


def printed(capsys: pytest.CaptureFixture[str], *limits: str) -> str:
    assert info.run(space="tiny", limits=limits, size=None, as_json=False) == 0
    return capsys.readouterr().out


def record(capsys: pytest.CaptureFixture[str], *limits: str, size: str | None = None) -> dict[str, Any]:
    assert info.run(space="tiny", limits=limits, size=size, as_json=True) == 0
    loaded: dict[str, Any] = json.loads(capsys.readouterr().out)
    return loaded


def test_the_table_has_a_row_and_a_histogram_for_each_resource(capsys: pytest.CaptureFixture[str]) -> None:
    head, table = printed(capsys).split("\n\n")
    assert head == "tiny: 432 architectures, 6 decisions, input 3x32x32"
    header, *rows, origin = table.splitlines()
    assert header.split() == ["resource", "min", "median", "max", "middle", "unit", "from", "min", "to", "max"]
    assert len(rows) == 9 and all("█" in row for row in rows)
    assert origin == "min and max are exact; median and histogram are of 100,000 uniform samples"
    (row,) = [row.split() for row in rows if row.startswith("macs")]
    assert row[1::2][:2] == ["410,624", "8,343,552"] and row[4] == "1,552,384"


def test_the_record_names_the_architectures_at_the_ends(capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys)
    assert (found["size"], found["num_decisions"], found["references"]) == ("432", 6, ["middle"])
    macs = found["resources"]["macs"]
    for end, where in (("min", "min_at"), ("max", "max_at")):
        architecture = tuple(macs[where]["architecture"])
        assert SPACE.lower(architecture).macs == macs[end]
        assert SPACE.architecture(macs[where]["decisions"]) == architecture
    assert macs["exact"] is True and macs["unit"] == "MACs"
    assert macs["references"] == {"middle": SPACE.lower(SPACE.reference("middle")).macs}
    edges, counts = macs["histogram"]["edges"], macs["histogram"]["counts"]
    assert len(edges) == len(counts) + 1 and sum(counts) == macs["num_samples"]
    assert "limits" not in found


def test_another_input_size_costs_more(capsys: pytest.CaptureFixture[str]) -> None:
    small, large = record(capsys), record(capsys, size="64x32")
    assert large["input"] == [3, 64, 32]
    assert large["resources"]["macs"]["max"] == 2 * small["resources"]["macs"]["max"]


def test_a_limit_on_a_sum_is_certified(capsys: pytest.CaptureFixture[str]) -> None:
    truth = sum(SPACE.lower(row).macs <= 1e6 for row in ALL.tolist())
    found = record(capsys, "macs <= 1M")
    assert found["feasible_certified"] is True and found["feasible_note"] == ""
    assert int(found["feasible_count_low"]) <= truth <= int(found["feasible_count_high"])
    assert found["feasible_share"] == pytest.approx(truth / 432, rel=0.05)
    assert f"certified: between {truth} and {truth} architectures meet this" in printed(capsys, "macs <= 1M")


def test_a_limit_on_a_peak_is_estimated_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    limits = ("macs <= 2e6", "peak_activation_bytes.int8 <= 80KB")
    found = record(capsys, *limits)
    assert found["feasible_certified"] is False and found["feasible_confidence"] == 0.999
    assert found["feasible_share_low"] < found["feasible_share"] < found["feasible_share_high"]
    text = printed(capsys, *limits)
    assert "estimated by sampling, with 99.9% confidence: between" in text and "certified:" not in text
    assert "not certified (peak_activation_bytes.int8: no sum over operators" in text


def test_two_limits_on_sums_are_certified_and_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "macs <= 1M", "params <= 0.5 * middle")
    assert "certified: between" in text and "estimated by sampling, with 99.9% confidence: between" in text


def test_meters_from_a_file_have_ranges_and_can_be_limits(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(OWN)
    limits = (f"{file}:energy_mj <= 2", f"{file}:layers <= 17")
    found = record(capsys, *limits)
    assert found["resources"][f"{file}:energy_mj"]["exact"] is True
    assert found["resources"][f"{file}:layers"]["exact"] is False
    truth = [network.macs <= 2e6 and len(network.nodes) <= 17 for network in map(SPACE.lower, ALL.tolist())]
    assert int(found["feasible_count_low"]) <= sum(truth) <= int(found["feasible_count_high"])
    text = printed(capsys, *limits)
    assert f"but those of {file}:layers are of the samples; median and histogram are of 100,000 or 1,000" in text


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        (("macs <= 1e8",), LimitError, "'macs <= 1e8' can never fail: macs goes from 410,624 to 8,343,552"),
        (("params >= 1",), LimitError, "'params >= 1' can never fail"),
        (("peak_activation_bytes.int8 >= 1",), LimitError, "can never fail"),
        (("macs <= 1",), InfeasibleError, "infeasible: the smallest macs in this space is 410,624 MACs"),
        (("params >= 1G",), InfeasibleError, "infeasible: the largest params in this space is 27,433 parameters"),
        (("macs <= 0.5 * muddle",), LimitError, "no reference architecture 'muddle'; known: middle"),
        (("mac <= 1e6",), LimitError, "did you mean 'macs'"),
        (("no/such.py:energy <= 1",), PluginError, "there is no file no/such.py"),
    ],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused(limits: tuple[str, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        info.run(space="tiny", limits=limits, size=None, as_json=True)


@pytest.mark.parametrize(("encoding", "line"), [("utf-8", " ▁▄█▁"), ("ascii", " .=@."), ("cp1252", " .=@.")])
def test_bars_show_whatever_holds_anything(encoding: str, line: str) -> None:
    assert bars([0, 1, 500, 1000, 2], encoding) == line


def test_bars_of_nothing_are_blank() -> None:
    assert bars([0, 0], "utf-8") == "  " and bars([], "utf-8") == ""
