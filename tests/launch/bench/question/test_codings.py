"""Numbers or names in a table: what is said goes, what is not said is offered in both ways."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from launch.bench.question.arena import Arena
from launch.bench.question.question import Question
from launch.bench.replay import Course
from launch.bench.replay.replay import replay
from nas.search import kendall_tau
from predictors import gp
from predictors.coding import FittedCoded
from search_spaces.table import ResultsError
from tests.launch.bench.tables import ACC, arena

DATA = Path(__file__).parents[4] / "../shared/data"
HEADER = "x_op,x_w0,x_w1,x_code,acc"


def table(folder: Path, header: str = HEADER) -> Path:
    """Names, two widths, and a number that is a code."""
    lines = [header]
    for op, a, b, code in itertools.product("pqr", (8, 16, 32, 64), (8, 16, 32, 64), range(3)):
        lines.append(f"{op},{a},{b},{code},{np.log(a) + 0.5 * np.log(b) + {'p': 0, 'q': 2, 'r': -1}[op] + code % 2}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return folder / "t.csv"


def asked(path: Path, numeric: str | None) -> Arena:
    return arena(path, Question(objectives=(ACC,), numeric=numeric))


def test_what_is_not_said_is_offered_as_names_and_as_numbers(tmp_path: Path) -> None:
    found = asked(table(tmp_path), None)
    assert [coding.name for coding in found.codings] == ["names", "numbers but for codes", "numbers"]
    assert [len(coding.columns) for coding in found.codings] == [3 + 4 + 4 + 3, (3 + 3) + 2, 3 + 3]
    assert sorted(column for coding in found.codings for column in coding.columns) == list(range(28))
    assert found.numbers == ()
    told = " ".join(found.notes)
    assert "x_w0, x_w1, x_code may be numbers or names: predictors find it out on what has been trained" in told


@pytest.mark.parametrize("way", ["option", "header", "pattern", "both"])
def test_what_is_said_goes_and_leaves_no_choice(tmp_path: Path, way: str) -> None:
    header = {
        "header": "x_op,x_w0:number,x_w1:number,x_code:name,acc",
        "both": "x_op,x_w0:name,x_w1:name,x_code:number,acc",  # the option is the last word
    }.get(way, HEADER)
    path = table(tmp_path, header)
    found = asked(path, {"option": "x_w0, x_w1", "pattern": "x_w*", "both": "x_w0,x_w1", "header": None}[way])
    assert found.numbers == ("x_w0", "x_w1") and len(found.codings) == 1
    one_hot, widths = found.encoded[:, :6], found.encoded[:, 6:]
    np.testing.assert_array_equal(one_hot.sum(axis=1), 2)
    np.testing.assert_allclose(widths, found.rows[:, 1:3] / 3)  # the logarithms of 8, 16, 32, 64 are evenly spaced
    assert found.choosing(gp.PREDICTOR) is gp.PREDICTOR
    assert "x_w0, x_w1 count as numbers" in found.notes


def test_all_are_those_that_can_be_and_none_is_what_names_are(tmp_path: Path) -> None:
    path = table(tmp_path)
    assert asked(path, "all").numbers == ("x_w0", "x_w1", "x_code") and asked(path, "none").numbers == ()
    assert asked(path, "none").encoded.shape[1] == 3 + 4 + 4 + 3


@pytest.mark.parametrize(
    ("numeric", "message"),
    [
        ("x_w2", r"t\.csv has no decision 'x_w2'; known: x_op, x_w0, x_w1, x_code"),
        ("acc", "has no decision 'acc'"),
        ("x_op", "decision 'x_op' is said to hold numbers, got 'p'; write it as one, or take x_op for names"),
    ],
)
def test_a_decision_that_is_no_number_is_refused(tmp_path: Path, numeric: str, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        asked(table(tmp_path), numeric)


def test_a_table_of_names_is_coded_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x_a,x_b,acc\n" + "".join(f"{a},{b},{i}\n" for i, (a, b) in enumerate(["pu", "qv", "rw", "pw"])))
    found = asked(path, None)
    assert len(found.codings) == 1 and not any("numbers" in note for note in found.notes)
    two = tmp_path / "two.csv"
    two.write_text("x_a,acc\n0,1\n1,2\n")
    assert len(asked(two, None).codings) == 1  # of two options: the same either way


def test_a_choice_sees_nothing_that_has_not_been_trained(tmp_path: Path) -> None:
    """What the untrained rows hold changes no proposal until one of them has been trained."""
    path = table(tmp_path)
    first = replay(asked(path, None), Course(num_trials=30, workers=1, lag=0, predictor="ridge"), "chamnet", 0)
    found = asked(path, None)
    values = found.values.copy()
    hidden = np.setdiff1d(np.arange(len(values)), first.places)
    values[hidden] = np.random.default_rng(1).permutation(values[hidden])
    path.write_text(
        "\n".join(
            [
                HEADER,
                *(
                    ",".join([*(str(c.options[i]) for c, i in zip(found.choices, row, strict=True)), repr(-value)])
                    for row, value in zip(found.rows.tolist(), values[:, 0].tolist(), strict=True)
                ),
            ]
        )
    )
    again = replay(asked(path, None), Course(num_trials=30, workers=1, lag=0, predictor="ridge"), "chamnet", 0)
    assert again.places == first.places


@pytest.mark.slow
@pytest.mark.skipif(
    not (DATA / "nasbench_mr.csv.gz").is_file(), reason="the benchmark tables are not in ../shared/data"
)
def test_widths_and_depths_that_somebody_trained_are_found_to_be_numbers() -> None:
    found = arena(DATA / "nasbench_mr.csv.gz", Question(objectives=(ACC.__class__(column="seg_miou", maximise=True),)))
    order = np.random.default_rng(0).permutation(len(found.rows))
    known, unseen, y = order[:60], order[60:], found.values[:, 0]
    fitted = found.choosing(gp.PREDICTOR).fit(found.encoded[known], y[known])
    assert isinstance(fitted, FittedCoded) and fitted.coding == "numbers"
    names = list(found.codings[0].columns)
    by_name = gp.PREDICTOR.fit(found.encoded[known][:, names], y[known]).predict_mean(found.encoded[unseen][:, names])
    tau = kendall_tau(fitted.predict_mean(found.encoded[unseen]), y[unseen])
    assert tau > kendall_tau(by_name, y[unseen]) + 0.05
