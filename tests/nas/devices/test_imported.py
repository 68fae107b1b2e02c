"""Another team's timings: read in either form, completed, checked against their networks, and refused with the line."""

from pathlib import Path

import numpy as np
import pytest

from nas.devices import fake
from nas.devices.fit import kind
from nas.devices.imported import import_table
from nas.devices.table import TableError
from nas.ops import Add, Conv, Operator, Upsample
from nas.variants import operators
from tests.experiments.tiny import SPACE

OPS: list[Operator] = list({op.key: op for op in operators(SPACE)}.values())


def time_of(op: Operator) -> float:
    return fake.DEVICE.load_operator(op).run_ms()


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def keyed(path: Path, ops: list[Operator]) -> Path:
    return written(path, "operator,us", *(f"{op.key},{1000 * time_of(op)!r}" for op in ops))


def by_parts(op: Operator) -> str:
    match op:
        case Conv():
            return f"conv,{op.input},{op.width},{op.kernel},{op.stride},{op.groups},{op.activation},,{time_of(op)!r}"
        case Add():
            return f"add,{op.input},,,,,,,{time_of(op)!r}"
        case Upsample():
            return f"upsample,{op.input},,,,,,{op.mode},{time_of(op)!r}"
    raise AssertionError(op)


def test_both_forms_give_the_same_table(tmp_path: Path) -> None:
    parts = written(
        tmp_path / "parts.csv", "op,shape,width,kernel,stride,groups,act,mode,ms", *(by_parts(op) for op in OPS)
    )
    tables = [import_table(SPACE, "phone", file).table for file in (keyed(tmp_path / "keys.csv", OPS), parts)]
    for table in tables:
        assert table.entries == pytest.approx({op.key: time_of(op) for op in OPS})
        assert (table.device, table.space, table.fit, table.guess, table.margin) == ("phone", "tiny", None, None, 0.1)
        network = SPACE.lower(SPACE.reference("published"))
        assert table.resource().of(network) == pytest.approx(fake.DEVICE.load_network(network).run_ms())


@pytest.mark.slow
def test_what_is_missing_is_predicted_and_what_is_foreign_is_counted(tmp_path: Path) -> None:
    missing = [op for op in OPS if kind(op) == "pointwise"][::2]
    known = [op for op in OPS if op not in missing]
    file = keyed(tmp_path / "some.csv", [*known, Conv(input=SPACE.input, width=777, kernel=5)])
    found = import_table(SPACE, "phone", file)
    assert found.num_foreign == 1
    assert found.table.guess is not None
    assert set(found.table.guess.keys) == {op.key for op in missing}
    assert set(found.table.entries) == {op.key for op in OPS}


def networks(path: Path, scale: float, number: int = 20) -> Path:
    lines = [",".join([*(f"x_{choice.name}" for choice in SPACE.choices), "ms"])]
    for row in SPACE.sample(number, np.random.default_rng(0)).tolist():
        ms = scale * fake.DEVICE.load_network(SPACE.lower(tuple(row))).run_ms()
        options = [str(choice.options[i]) for choice, i in zip(SPACE.choices, row, strict=True)]
        lines.append(",".join([*options, repr(ms)]))
    return written(path, *lines)


def test_their_networks_correct_and_judge_the_sums(tmp_path: Path) -> None:
    file, whole = keyed(tmp_path / "keys.csv", OPS), networks(tmp_path / "networks.csv", 1.5)
    table = import_table(SPACE, "phone", file, networks=whole).table
    assert table.fit is not None and table.fit.num_networks == 20 and table.fit.mape < 0.01
    assert table.margin == table.fit.margin
    network = SPACE.lower(SPACE.reference("published"))
    assert table.resource().of(network) == pytest.approx(1.5 * fake.DEVICE.load_network(network).run_ms(), rel=0.02)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("operator,ms,us", "add,1,1"), r"must have one column of times, .* us, ms, s; it has ms, us"),
        (("operator,time", "add,1"), "must have one column of times, .*; it has none of them"),
        (("operator,ms", "add 4 @8x8,nan"), "line 2: a time is a number above 0 in ms, without its unit, got 'nan'"),
        (("operator,ms", "add 4 @8x8,-1"), "line 2: a time is a number above 0 in ms, without its unit, got '-1'"),
        (("operator,ms", "add 4 @8x8,"), "line 2: a time is a number above 0 in ms, without its unit, got ''"),
        (("operator,ms", "add 4 @8x8,3 us"), "line 2: a time is a number above 0 in ms, .* got '3 us'"),
        (("operator,ms", "add 4 @8x8,1", "add 4 @8x8,2"), "line 3: 'add 4 @8x8' has two times, 1 and 2 ms; keep one"),
        (("operator,ms", "add 4 @999x999,1"), r"has no operator of tiny at 3x16x16: .* give the input size"),
        (("op,shape,ms", "add,4x8,1"), "line 2: shape is the input's, such as 3x224x224, got '4x8'"),
        (("op,shape,ms", "dense,4x8x8,1"), "line 2: op is conv, upsample, add, global_pool or linear, got 'dense'"),
        (("op,shape,width,kernel,ms", "conv,4x8x8,,3,1"), "line 2: width must be a whole number from 1, got ''"),
        (("op,shape,width,kernel,act,ms", "conv,4x8x8,4,3,gelu,1"), "line 2: act is none, relu or relu6, got 'gelu'"),
        (("op,shape,mode,ms", "upsample,4x8x8,cubic,1"), "line 2: mode is nearest or bilinear, got 'cubic'"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(lines: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=message):
        import_table(SPACE, "phone", written(tmp_path / "bad.csv", *lines))


def test_too_little_of_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"covers 1 of \d+ operators: .* time at least 8 of that kind"):
        import_table(SPACE, "phone", keyed(tmp_path / "one.csv", OPS[:1]))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"cannot read .*absent\.csv"):
        import_table(SPACE, "phone", tmp_path / "absent.csv")


def test_networks_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    file = keyed(tmp_path / "keys.csv", OPS)
    with pytest.raises(TableError, match="must hold at least 10 different networks, got 9; time more"):
        import_table(SPACE, "phone", file, networks=networks(tmp_path / "few.csv", 1.0, 9))
    whole = networks(tmp_path / "networks.csv", 1.0)
    whole.write_text(whole.read_text().replace("x_narrow.width", "x_narrow"))
    with pytest.raises(TableError, match=r"has no column 'x_narrow\.width'"):
        import_table(SPACE, "phone", file, networks=whole)
    lines = networks(whole, 1.0).read_text().splitlines()
    lines[3] = ",".join(["5", *lines[3].split(",")[1:]])
    with pytest.raises(TableError, match=r"line 4: x_narrow\.width must be one of 4, 8, 12, 16, got '5'"):
        import_table(SPACE, "phone", file, networks=written(whole, *lines))
