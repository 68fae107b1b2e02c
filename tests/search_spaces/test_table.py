"""Reading a table of trained architectures: whatever a CSV holds, and what is refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from nas.space import Choice
from search_spaces.table import EMPTY, Results, ResultsError, features, numbers, read_results


def read(folder: Path, text: str) -> Results:
    path = folder / "table.csv"
    path.write_text(text)
    return read_results(path)


def test_decisions_are_the_columns_that_begin_with_x_and_rows_are_sorted(tmp_path: Path) -> None:
    results = read(tmp_path, "acc,x_b,x_a,params\n1,20,conv,5\n2,3,skip,6\n3,20,skip,7\n")
    assert [(choice.name, choice.options) for choice in results.choices] == [
        ("x_b", (3, 20)),
        ("x_a", ("conv", "skip")),
    ]
    np.testing.assert_array_equal(results.architectures, [[0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(results.numbers("acc"), [2, 1, 3])
    assert tuple(results.cells) == ("acc", "params") and not results.notes


def test_the_order_of_the_file_changes_nothing(tmp_path: Path) -> None:
    lines = ["0,a,1", "1,a,2", "0,b,3", "1,b,4"]
    first = read(tmp_path, "\n".join(["x_0,x_1,acc", *lines]))
    second = read(tmp_path, "\n".join(["x_0,x_1,acc", *reversed(lines)]))
    np.testing.assert_array_equal(first.architectures, second.architectures)
    np.testing.assert_array_equal(first.numbers("acc"), second.numbers("acc"))
    assert first.is_complete and first.digest != second.digest


def test_a_gzipped_twin_is_the_same_table(tmp_path: Path) -> None:
    text = "x_a,acc\n0,1\n1,2\n"
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert read_results(tmp_path / "b.csv.gz").digest == read(tmp_path, text).digest


def test_spaces_quotes_blank_lines_and_a_byte_order_mark_are_no_matter(tmp_path: Path) -> None:
    results = read(tmp_path, '\ufeffx_a , acc\n"one, two" , 1\n\nthree,2\n')
    assert results.choices[0].options == ("one, two", "three")
    np.testing.assert_array_equal(results.numbers("acc"), [1, 2])


def test_numbers_that_are_not_whole_stand_in_their_order(tmp_path: Path) -> None:
    results = read(tmp_path, "x_a,acc\n10.5,1\n2,2\n-1e1,4\n")
    assert results.choices[0].options == ("-1e1", "2", "10.5")
    np.testing.assert_array_equal(results.numbers("acc"), [4, 2, 1])


@pytest.mark.parametrize(
    "texts",
    [
        ("1", "01", "001"),
        ("1", "1.0", "1e0", "+1"),
        ("0", "-0", "0.0"),
        ("31", "3_1"),
        ("nan", "NaN", "NAN"),
        ("inf", "Infinity", "-inf", "1e999"),
        ("none", "None", "", "-", "NA"),
        ("1", "\u0661", "\uff11"),  # digits of other scripts, which Python reads as 1
        ("conv", "Conv", "conv 3", "conv  3"),
        ("9" * 400, "9" * 401),
    ],
)
def test_only_equal_texts_are_equal_options(tmp_path: Path, texts: tuple[str, ...]) -> None:
    results = read(tmp_path, "x_b,x_a,acc\n" + "".join(f"k,{text},{i}\n" for i, text in enumerate(texts)))
    assert len(results.architectures) == len(texts) and results.num_disagreeing("acc") == 0
    shown = [text or EMPTY for text in texts]
    for (_, option), value in zip(results.architectures.tolist(), results.numbers("acc"), strict=True):
        assert str(results.choices[1].options[option]) == shown[int(value)]


def test_one_number_written_in_two_ways_is_told(tmp_path: Path) -> None:
    told = " ".join(read(tmp_path, "x_a,acc\n1,1\n01,2\n2,3\n").notes)
    assert "x_a has the options 01 and 1, the same number written in two ways: they count as two options" in told


def test_an_option_that_is_called_like_an_empty_cell_is_refused_beside_one(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"a decision has an option of that name; rename it"):
        read(tmp_path, "x_a,acc\n(empty),1\n,2\n")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("said", [False, True])
def test_the_separator_is_recognised_or_said(tmp_path: Path, separator: str, said: bool) -> None:
    lines = ["x_a", "x_b", "acc (top-1)"], ["0", "k 1", "1.5"], ["1", "k 2", "2"]
    body = "\n".join(separator.join(line) for line in lines) + f"\n{separator * 2}\n"
    results = read(tmp_path, (f"sep={separator}\n" if said else "") + body)
    assert [choice.options for choice in results.choices] == [(0, 1), ("k 1", "k 2")]
    np.testing.assert_array_equal(results.numbers("acc (top-1)"), [1.5, 2])
    assert bool(results.notes) == (separator != ",")


def test_a_separator_within_cells_misleads_nobody(tmp_path: Path) -> None:
    results = read(tmp_path, "x_op;x_k;latency (ms, batch 1)\na,b,c;1;2.5\nd,e,f;2;3\n")
    assert results.choices[0].options == ("a,b,c", "d,e,f") and tuple(results.cells) == ("latency (ms, batch 1)",)
    quoted = read(tmp_path, 'x_op,x_k,acc\n"a;b;c",1,2\n"d;e",2,3\n')
    assert quoted.choices[0].options == ("a;b;c", "d;e")


def test_a_decimal_comma_is_no_number_and_the_cure_is_said(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"must hold numbers, got '71,2' in row 1; .* or write a number with a deci"):
        read(tmp_path, "x_a;acc\n0;71,2\n1;72,5\n").numbers("acc")
    with pytest.raises(ResultsError, match="must hold numbers, got '7_1' in row 1"):
        read(tmp_path, "x_a,acc\n0,7_1\n").numbers("acc")


def test_the_header_may_say_what_a_decision_s_options_are(tmp_path: Path) -> None:
    results = read(tmp_path, "x_a:number,x_b:Categorical,x_c,x_d:odd,acc\n8,0,1,1,5\n16,1,2,2,6\n")
    assert [choice.name for choice in results.choices] == ["x_a", "x_b", "x_c", "x_d:odd"]
    assert results.said == {"x_a": True, "x_b": False}
    assert "x_d:odd says 'odd' behind a colon, which is taken for a part of its name" in " ".join(results.notes)
    with pytest.raises(ResultsError, match=r"decision 'x_a' is said to hold numbers, got '3x3'; write it as one, or"):
        read(tmp_path, "x_a:number,acc\n3x3,1\n5,2\n")
    with pytest.raises(ResultsError, match="got '0,5'; write it as one with a decimal point"):
        read(tmp_path, "x_a:number;acc\n0,5;1\n1;2\n")
    with pytest.raises(ResultsError, match="several decisions are called 'x_a'"):
        read(tmp_path, "x_a:number,x_a,acc\n1,2,1\n")


def test_numbers_grow_with_their_logarithm_or_as_they_are() -> None:
    choices = (Choice(name="x_a", options=(8, 16, 128)), Choice(name="x_b", options=("-1", "0", "1.0")))
    architectures = np.array([[0, 0], [1, 1], [2, 2]], np.int8)
    np.testing.assert_allclose(numbers(choices, architectures), [[0, 0], [0.25, 0.5], [1, 1]])
    with pytest.raises(ResultsError, match="'x_c' is said to hold numbers, got 'conv'"):
        numbers((Choice(name="x_c", options=("conv",)),), architectures[:, :1] * 0)


def test_an_empty_decision_is_an_option_of_its_own_and_one_option_is_kept(tmp_path: Path) -> None:
    results = read(tmp_path, "x_a,x_b,acc\n,7,1\n1,7,2\n")
    assert results.choices[0].options == (EMPTY, "1") and results.choices[1].options == (7,)
    assert len(results.notes) == 2
    assert "x_a has empty cells: they count as an option" in " ".join(results.notes)
    assert "x_b has one option only, 7: it is kept and changes nothing" in " ".join(results.notes)


def test_repeats_count_once_with_the_mean_of_their_finite_values(tmp_path: Path) -> None:
    results = read(tmp_path, "x_a,acc,loss\n0,1,1\n0,4,1\n0,nan,\n1,inf,2\n1,,2\n2,5,3\n")
    np.testing.assert_array_equal(results.numbers("acc"), [2.5, np.nan, 5])
    np.testing.assert_array_equal(results.numbers("loss"), [1, 2, 3])
    assert results.num_disagreeing("acc") == 1 and results.num_disagreeing("loss") == 0
    assert len(results.place) == 6 and len(results.architectures) == 3


def test_a_table_with_a_hole_is_not_complete(tmp_path: Path) -> None:
    assert not read(tmp_path, "x_a,x_b,acc\n0,0,1\n0,1,1\n1,0,1\n").is_complete


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; a table has a header and at least one row"),
        ("x_a,acc\n", "is empty"),
        ("a,acc\n0,1\n", r"has no decisions: their columns begin with 'x_', and it has a, acc; rename"),
        ("x_a,acc\n0,1\n1\n", "every row needs the header's 2 cells, separated by commas, row 2 has 1; mend it"),
        ("x_a,acc,acc\n0,1,2\n", "several columns called 'acc'"),
        ("x_a,acc\n" + "".join(f"{i},1\n" for i in range(128)), "at most 127 options, 'x_a' has 128; group them"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        read(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot read .*none\.csv: .*; give a CSV file"):
        read_results(tmp_path / "none.csv")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"x_a,acc\n0,1\n" * 99)[:-12])
    with pytest.raises(ResultsError, match=r"cannot read .*cut\.csv\.gz"):
        read_results(tmp_path / "cut.csv.gz")
    (tmp_path / "bytes.csv").write_bytes(b"x_a,acc\n\xff\xfe,1\n")
    with pytest.raises(ResultsError, match=r"cannot read .*bytes\.csv"):
        read_results(tmp_path / "bytes.csv")
    (tmp_path / "long.csv").write_text("x_a,acc\n" + "a" * 200_000 + ",1\n")
    with pytest.raises(ResultsError, match="is no CSV file: field larger than"):
        read_results(tmp_path / "long.csv")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("x_a", "'x_a' is a decision, not a result; known results: acc, name"),
        ("auc", "has no column 'auc'; known: acc, name"),
        ("name", "column 'name' must hold numbers, got 'resnet' in row 2"),
    ],
)
def test_a_column_that_is_no_result_is_refused(tmp_path: Path, column: str, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        read(tmp_path, "x_a,acc,name\n0,1,3\n1,2,resnet\n").numbers(column)


def test_features_are_one_hot_and_statistics_scaled_by_their_logarithm() -> None:
    architectures = np.array([[0, 0], [1, 0], [0, 2]], np.int8)
    statistics = np.array([[1.0, -5.0, 3.0, np.nan], [10.0, 0.0, 3.0, 1.0], [100.0, 5.0, 3.0, 4.0]])
    choices = (Choice(name="x_a", options=(0, 1)), Choice(name="x_b", options=(0, 1, 2)))
    found = features(choices, architectures, statistics)
    np.testing.assert_array_equal(found[:, :5], [[1, 0, 1, 0, 0], [0, 1, 1, 0, 0], [1, 0, 0, 0, 1]])
    expected = [[0, 0, 0, np.log(2.5) / np.log(4)], [0.5, 0.5, 0, 0], [1, 1, 0, 1]]
    np.testing.assert_allclose(found[:, 5:], expected)
    assert features(choices, architectures, np.full((3, 1), np.nan))[:, 5:].tolist() == [[0], [0], [0]]


def test_decisions_that_share_their_options_are_counted_as_they_run() -> None:
    layers = [Choice(name=f"x_{i}", options=("conv", "skip")) for i in range(3)]
    choices = (layers[0], Choice(name="x_width", options=(8, 16)), *layers[1:])
    found = features(choices, np.array([[0, 1, 1, 0], [1, 0, 1, 1]], np.int8), np.zeros((2, 0)))
    np.testing.assert_array_equal(found[:, 8:], [[1, 1, 2, 1], [0, 2, 0, 3]])
