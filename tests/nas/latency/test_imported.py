"""Another team's timings: read in either form, completed, checked against their networks, and refused with the line."""

from pathlib import Path

import numpy as np
import pytest

from nas.devices import fake
from nas.latency.fit import kind
from nas.latency.imported import import_table
from nas.latency.table import TableError, read, write
from nas.latency.table_quality import common_slope, doubts
from nas.space import Add, Conv, Operator, Upsample
from nas.space.variants import operators
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
        (
            ("operator,ms", "add 4 @8x8,1", "add 8 @8x8,1,00393"),
            r"line 3: a row has as many cells as the header, 2 separated by commas, got 3: 'add 8 @8x8,1,00393'; write "
            "decimal numbers with a point, or mend the row",
        ),
        (("op,shape,ms", "add,4x8x8"), "line 2: a row has as many cells as the header, 3 .*, got 2: 'add,4x8x8'; mend"),
        (("op,shape,ms", "", "  ", "add,4x8x8,1,"), "line 4: a row has as many cells as the header, 3 .*, got 4"),
        (("operator;ms", "add 4 @8x8;1;5"), "line 2: .* the header, 2 separated by semicolons, got 3"),
        (("operator,ms", 'add 4 @8x8,"1,00393"'), "line 2: a time is a number above 0 in ms.*; write '1.00393'"),
        (("operator,ms", 'add 4 @8x8,"1,234"'), "line 2: a time is a number above 0 in ms.*; write '1234' or '1.234'"),
        (("operator;us", "add 4 @8x8;1.234,5"), r"line 2: numbers have one decimal sign in a file, got '1\.234,5'"),
        (("operator;us", "add 4 @8x8;1,5", "add 8 @8x8;0.5"), r"line 3: numbers have one decimal sign .*, got '0\.5'"),
        (("operator|ms", "add 4 @8x8|1"), r"it has none of them, its header is 'operator\|ms'"),
        (("operator,ms,ms", "add 4 @8x8,1,1"), "every column needs a name of its own, got 'ms' twice; rename one"),
        (("operator,ms", "add 4 @8x8,1_0"), "line 2: a time is a number above 0 in ms, without its unit, got '1_0'"),
        (("operator,ms", "add 4 @8x8,1e999"), "line 2: a time is a number above 0 in ms, .* got '1e999'"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(lines: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=message):
        import_table(SPACE, "phone", written(tmp_path / "bad.csv", *lines))


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_semicolons_and_tabs_separate_and_then_a_comma_is_a_decimal_one(
    separator: str, decimal: str, tmp_path: Path
) -> None:
    times = [f"{op.key}{separator}{time_of(op)!r}".replace(".", decimal) for op in OPS]
    file = written(tmp_path / "theirs.csv", f"operator{separator} ms", *times)
    entries = import_table(SPACE, "Pixel 4", file).table.entries
    assert entries == pytest.approx({op.key: time_of(op) for op in OPS})


@pytest.mark.parametrize("name", ["s10/gpu", "../s10", "", " s10", "s10 ", ".", "a'b", 'a"b', "a<b", "x" * 65, "a\nb"])
def test_a_name_that_files_or_limits_cannot_have_is_refused_when_it_is_given(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a device's name has letters, .*, got .*; call it '[^/]+', for example"):
        import_table(SPACE, name, tmp_path / "never read.csv")


def rounded(file: Path, step_ms: float) -> Path:
    """The same with the last column, in ms, rounded to whole steps, at least one."""
    header, *lines = file.read_text().splitlines()
    scale = 1e-3 if header.endswith("us") else 1.0
    rows = [line.rpartition(",") for line in lines]
    times = [max(1, round(float(row[2]) * scale / step_ms)) * step_ms / scale for row in rows]
    return written(file, header, *(f"{row[0]},{time!r}" for row, time in zip(rows, times, strict=True)))


def test_an_exact_table_is_fit_with_and_without_networks(tmp_path: Path) -> None:
    file, whole = keyed(tmp_path / "keys.csv", OPS), networks(tmp_path / "networks.csv", 1.5)
    assert doubts(import_table(SPACE, "phone", file).table) == ()
    assert doubts(import_table(SPACE, "phone", file, networks=whole).table) == ()


def test_operators_that_were_rounded_until_they_tie_are_unfit_unless_somebody_vouches(tmp_path: Path) -> None:
    file = rounded(keyed(tmp_path / "keys.csv", OPS), 1.0)
    (reason,) = doubts(import_table(SPACE, "phone", file).table)
    assert f"its {len(OPS)} operators have 1 different times, all multiples of 1 ms" in reason
    table = import_table(SPACE, "phone", file, margin=0.3).table
    assert doubts(table) == () and table.margin == 0.3 and table.on_word
    write(table, tmp_path / "phone.json")
    assert read(tmp_path / "phone.json") == table


def test_networks_that_all_took_the_same_have_no_rank_and_are_unfit(tmp_path: Path) -> None:
    file, whole = keyed(tmp_path / "keys.csv", OPS), rounded(networks(tmp_path / "networks.csv", 1.0), 1.0)
    table = import_table(SPACE, "phone", file, networks=whole).table
    assert table.fit is not None and table.fit.spearman is None
    assert "all 20 whole networks took the same 1 ms" in doubts(table)[0]
    write(table, tmp_path / "phone.json")
    assert "NaN" not in (tmp_path / "phone.json").read_text() and read(tmp_path / "phone.json") == table
    assert doubts(import_table(SPACE, "phone", file, networks=whole, margin=0.5).table) == ()


def test_networks_of_few_different_times_are_unfit_and_of_many_are_not(tmp_path: Path) -> None:
    file = keyed(tmp_path / "keys.csv", OPS)
    times = [float(line.rpartition(",")[2]) for line in networks(tmp_path / "n.csv", 1.0).read_text().splitlines()[1:]]
    reach = max(times) - min(times)
    few = rounded(networks(tmp_path / "few.csv", 1.0), reach / 4)
    reasons = doubts(import_table(SPACE, "phone", file, networks=few).table)
    assert any("ties hide how they differ" in reason for reason in reasons)
    many = rounded(networks(tmp_path / "many.csv", 1.0), reach / 40)
    assert doubts(import_table(SPACE, "phone", file, networks=many).table) == ()


@pytest.mark.parametrize(("factor", "said"), [(1000.0, "1,000"), (0.001, "0.001"), (8.0, "8"), (0.1, "0.1")])
def test_operators_in_another_unit_than_the_networks_are_unfit(factor: float, said: str, tmp_path: Path) -> None:
    file, whole = keyed(tmp_path / "keys.csv", OPS), networks(tmp_path / "networks.csv", factor)
    table = import_table(SPACE, "phone", file, networks=whole).table
    (reason,) = doubts(table)
    assert reason.startswith(f"whole networks take {said}"[:24])
    assert ("another unit" in reason) == (factor in (1000.0, 0.001))
    assert common_slope(table) == pytest.approx(factor, rel=0.02)


def test_sums_that_rank_nothing_are_unfit(tmp_path: Path) -> None:
    file, whole = keyed(tmp_path / "keys.csv", OPS), networks(tmp_path / "networks.csv", 1.0)
    header, *lines = whole.read_text().splitlines()
    times = [line.rpartition(",")[2] for line in lines]
    mixed = [
        f"{line.rpartition(',')[0]},{time}"
        for line, time in zip(lines, np.random.default_rng(0).permutation(times), strict=True)
    ]
    table = import_table(SPACE, "phone", file, networks=written(whole, header, *mixed)).table
    assert any("do not rank the networks" in reason for reason in doubts(table))


@pytest.mark.parametrize("margin", [float("nan"), float("inf"), -0.1])
def test_a_margin_is_a_share(margin: float, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="a margin is a share from 0"):
        import_table(SPACE, "phone", keyed(tmp_path / "keys.csv", OPS), margin=margin)


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
