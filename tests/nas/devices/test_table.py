"""Latency tables: what is written is read again, and nothing else is; the line and its honest error."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.costs import cost_tables
from nas.devices.table import Fit, LatencyTable, Line, TableError, cross_fit, fit_line, operator_sum, read, write
from nas.ops import Add, Conv, Shape
from nas.space import Choice, Space, Stage

CONV = Conv(input=Shape(3, 8, 8), width=4, kernel=3, activation="relu")
FIT = Fit(num_networks=30, mape=0.01, bias=0.0, spearman=0.99, within_10_percent=1.0, margin=0.02)
TABLE = LatencyTable(
    device="phone",
    machine={"processor": "a phone"},
    entries={CONV.key: 0.5, "add 4 @8x8": 0.0},
    spread={CONV.key: 0.01, "add 4 @8x8": 0.0},
    line=Line(intercept_ms=0.25, slope=1.5),
    fit=FIT,
)


def tampered(path: Path, **changes: Any) -> Path:
    write(TABLE, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "phone.json"
    write(TABLE, path)
    assert read(path) == TABLE
    assert [entry.name for entry in path.parent.iterdir()] == ["phone.json"]


def test_a_cost_is_the_constant_and_the_slope_times_each_operator() -> None:
    choice = Choice(name="width", options=(4,))
    space = Space(
        name="one", input=Shape(3, 8, 8), stages=(Stage(name="s", op="conv", inputs=("input",), width=choice),)
    )
    resource = TABLE.resource()
    assert (resource.name, resource.unit) == ("latency_ms.phone", "ms")
    assert resource.of(space.lower((0,))) == 0.25 + 1.5 * 0.5
    (table,) = cost_tables(space, [resource])
    assert table.cost(np.zeros((1, 1), np.int8)).tolist() == [0.25 + 1.5 * 0.5]
    assert operator_sum(TABLE.entries, space.lower((0,))) == 0.5


def test_a_missing_operator_is_named() -> None:
    with pytest.raises(
        TableError, match="table of 'phone' has no operator 'add 8 @8x8'; profile this space at this input size"
    ):
        TABLE.measure(Add(input=Shape(8, 8, 8)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e-9, "fast", None, True])
def test_a_time_that_is_no_number_is_named(value: object, tmp_path: Path) -> None:
    path = tampered(tmp_path / "phone.json", entries={**TABLE.entries, "conv x": value})
    with pytest.raises(TableError, match=r"phone\.json: operator 'conv x' is .*; it must be a number from 0"):
        read(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "no latency table of format 1 in ms"),
        ({"format": None}, "no latency table of format 1 in ms"),
        ({"unit": "us"}, "no latency table of format 1 in ms"),
        ({"entries": [1, 2]}, "is damaged"),
        ({"line": {"slope": 1.0, "angle": 3.0}}, "is damaged .*'angle'"),
        ({"fit": None}, "is damaged"),
        ({"line": {"intercept_ms": math.nan, "slope": 1.0}}, "the intercept is nan; it must be a number from 0"),
        ({"line": {"intercept_ms": 0.0, "slope": -1.0}}, r"the slope is -1\.0; it must be a number from 0"),
    ],
)
def test_foreign_and_damaged_tables_are_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=f"{message}.*profile the device again"):
        read(tampered(tmp_path / "phone.json", **changes))


def test_a_table_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    write(TABLE, path)
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "spread"}))
    with pytest.raises(TableError, match=r"is damaged \(KeyError: 'spread'\); profile the device again"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
def test_what_is_no_json_object_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"phone\.json"):
        read(path)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"cannot read the latency table .*absent\.json"):
        read(tmp_path / "absent.json")


SUMS = np.linspace(1.0, 20.0, 30)


def test_a_line_is_found_exactly() -> None:
    line = fit_line(SUMS, 0.7 + 1.3 * SUMS)
    assert line.intercept_ms == pytest.approx(0.7) and line.slope == pytest.approx(1.3)
    fit = cross_fit(SUMS, 0.7 + 1.3 * SUMS)
    assert fit.mape < 1e-9 and fit.margin < 1e-9 and abs(fit.bias) < 1e-9
    assert fit.spearman == pytest.approx(1.0) and fit.within_10_percent == 1.0 and fit.num_networks == 30


def test_an_intercept_is_never_negative() -> None:
    line = fit_line(SUMS, 2.0 * SUMS - 1.0)
    assert line.intercept_ms == 0.0
    assert 1.0 < line.slope < 2.0


def test_the_margin_covers_what_is_slower_than_predicted() -> None:
    rng = np.random.default_rng(0)
    sums = rng.uniform(1.0, 20.0, 400)
    measured = sums * (1 + rng.uniform(-0.2, 0.2, 400))
    fit = cross_fit(sums, measured)
    assert 0.15 < fit.margin < 0.25
    assert fit.mape == pytest.approx(0.1, abs=0.02) and fit.within_10_percent == pytest.approx(0.5, abs=0.1)


def test_networks_are_predicted_by_a_line_that_has_not_seen_them() -> None:
    measured = np.array([1.0, 2.5, 3.0, 8.0, 6.0])
    sums = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    errors = []
    for i in range(5):
        line = fit_line(np.delete(sums, i), np.delete(measured, i))
        errors.append((line.intercept_ms + line.slope * sums[i]) / measured[i] - 1)
    fit = cross_fit(sums, measured)
    assert fit.mape == pytest.approx(np.abs(errors).mean()) and fit.bias == pytest.approx(np.mean(errors))
