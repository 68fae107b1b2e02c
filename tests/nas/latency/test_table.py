"""Latency tables: what is written is read again, and nothing else is; the line and its honest error."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.costs import cost_tables
from nas.latency.fit import Fit, Line
from nas.latency.table import Check, Guess, LatencyTable, TableError, read, write
from nas.space import Add, Choice, Conv, Shape, Space, Stage

CONV = Conv(input=Shape(3, 8, 8), width=4, kernel=3, activation="relu")
FIT = Fit(num_networks=30, mape=0.01, bias=0.0, spearman=0.99, within_10_percent=1.0, margin=0.02)
TABLE = LatencyTable(
    device="phone",
    machine={"processor": "a phone"},
    entries={CONV.key: 0.5, "add 4 @8x8": 0.0},
    space="one",
    input="3x8x8",
    conditions={"load at the start": "0.1"},
    intervals={CONV.key: (0.4, 0.6)},
    line=Line(intercept_ms=0.25, slopes={"convolution": 1.5}),
    fit=FIT,
    margin=0.02,
    checks=(Check(architecture=(0,), sessions_ms=(1.0, 1.25), predicted_ms=1.0),),
    guess=Guess(num_timed=1, mape=0.1, within_10_percent=0.5, keys=("add 4 @8x8",)),
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


def test_a_table_without_networks_is_read(tmp_path: Path) -> None:
    table = replace(TABLE, fit=None, margin=0.1, checks=(), guess=None)
    write(table, tmp_path / "phone.json")
    assert read(tmp_path / "phone.json") == table


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


def test_a_missing_operator_is_named() -> None:
    with pytest.raises(
        TableError,
        match=r"table of 'phone' \(it was made for one at 3x8x8\) has no operator 'add 8 @8x8'; profile this space at",
    ):
        TABLE.measure(Add(input=Shape(8, 8, 8)))


def test_a_table_for_another_input_size_is_refused_at_once() -> None:
    TABLE.check_covers([CONV])
    others = [Add(input=Shape(8, side, side)) for side in (8, 16, 32)]
    with pytest.raises(TableError, match=r"was made for one at 3x8x8 and lacks 3 operators .* such as 'add 8 @8x8'"):
        TABLE.check_covers([CONV, *others])


@pytest.mark.parametrize("value", [math.nan, math.inf, -1e-9, "fast", None, True])
def test_a_time_that_is_no_number_is_named(value: object, tmp_path: Path) -> None:
    path = tampered(tmp_path / "phone.json", entries={**TABLE.entries, "conv x": value})
    with pytest.raises(TableError, match=r"phone\.json: operator 'conv x' is .*; it must be a number from 0"):
        read(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 1}, "no latency table of format 2 in ms"),
        ({"format": None}, "no latency table of format 2 in ms"),
        ({"unit": "us"}, "no latency table of format 2 in ms"),
        ({"entries": [1, 2]}, "is damaged"),
        ({"line": {"slopes": {}, "angle": 3.0}}, "is damaged .*'angle'"),
        ({"fit": {"mape": 1.0}}, "is damaged"),
        ({"entries": {"a": 10**400}}, "is damaged .*too large"),
        ({"margin": -0.1}, r"the margin is -0\.1; it must be a number from 0"),
        ({"line": {"intercept_ms": math.nan, "slopes": {}}}, "the intercept is nan; it must be a number from 0"),
        (
            {"line": {"intercept_ms": 0.0, "slopes": {"add": -1.0}}},
            r"the slope of add is -1\.0; it must be a number from 0",
        ),
    ],
)
def test_foreign_and_damaged_tables_are_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=f"{message}.*profile the device again"):
        read(tampered(tmp_path / "phone.json", **changes))


def test_a_table_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    write(TABLE, path)
    path.write_text(
        json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "intervals"})
    )
    with pytest.raises(TableError, match=r"is damaged \(KeyError: 'intervals'\); profile the device again"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"[" * 200_000])
def test_what_is_no_json_object_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"phone\.json"):
        read(path)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"cannot read the latency table .*absent\.json"):
        read(tmp_path / "absent.json")
