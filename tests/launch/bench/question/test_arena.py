"""The arena: signs, limits, holes, repeats, and a sentence on each oddity."""

from pathlib import Path

import numpy as np
import pytest

from launch.bench.question.arena import MAX_OPENING, MIN_OPENING
from launch.bench.question.question import Goal, Question, goal
from nas.costs import LimitError
from predictors import ridge
from search_spaces.table import ResultsError
from tests.launch.bench.tables import ACC, PARAMS, accuracy, arena, write


def test_a_column_to_maximise_is_negated() -> None:
    assert goal("acc", minimise=False) == Goal(column="acc", maximise=True)
    assert goal("acc", minimise=True).sign == 1.0 and goal("acc:max", minimise=True).sign == -1.0
    for text in ("acc:maximise", "acc:MAX", "acc : maximize"):
        assert goal(text, minimise=True) == Goal(column="acc", maximise=True)
    assert not goal("acc:minimise", minimise=False).maximise
    assert goal("a:b", minimise=False) == Goal(column="a:b", maximise=True)
    assert goal("a:b:min", minimise=False) == Goal(column="a:b", maximise=False)


def test_values_and_features_belong_to_their_architectures(tmp_path: Path) -> None:
    found = arena(write(tmp_path / "t.csv"), Question(objectives=(ACC, PARAMS)))
    for row, values in zip(found.rows.tolist(), found.values.tolist(), strict=True):
        assert values == pytest.approx([-accuracy(*row), 100 + 10 * row[0] + row[1] ** 2 + row[2]])
    shuffled = np.random.default_rng(0).permutation(len(found.rows))
    np.testing.assert_array_equal(found.places(found.rows[shuffled]), shuffled)
    np.testing.assert_array_equal(found.features(found.rows[shuffled]), found.encoded[shuffled])
    # x_a and x_c may be numbers: they are there once more; params is an objective here, and counted
    assert found.encoded.shape == (36, (4 + 3 + 3) + 1 + (3 + 2)) and found.statistics == ("params",)
    costs = found.task(ridge.PREDICTOR, np.random.default_rng(0)).costs
    assert list(costs) == ["params"]
    np.testing.assert_array_equal(costs["params"](found.rows), found.values[:, 1])
    alone = arena(tmp_path / "t.csv")
    assert alone.statistics == ("params",) and alone.costs == {}
    assert arena(tmp_path / "t.csv", Question(objectives=(PARAMS,))).statistics == ()


def test_a_full_table_without_limits_has_no_constraints(tmp_path: Path) -> None:
    full = arena(write(tmp_path / "t.csv")).task(ridge.PREDICTOR, np.random.default_rng(0))
    assert full.problem.constraints is None and full.candidates is not None and len(full.candidates) == 36
    assert len({proposal.architecture for proposal in full.opening}) == MIN_OPENING


def test_of_many_decisions_an_opening_stays_short(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    names = [f"x_{i}" for i in range(12)]
    draws = np.random.default_rng(0).integers(0, 3, size=(60, 12)).tolist()
    lines = [",".join(map(str, [*row, sum(row)])) for row in draws]
    path.write_text("\n".join([",".join([*names, "acc"]), *lines]) + "\n")
    opening = arena(path, Question(objectives=(ACC,))).task(ridge.PREDICTOR, np.random.default_rng(0)).opening
    assert len({proposal.architecture for proposal in opening}) == MAX_OPENING


def test_a_missing_combination_is_infeasible_and_has_no_features(tmp_path: Path) -> None:
    found = arena(write(tmp_path / "t.csv", keep=lambda a, b, c: a + b + c < 6))
    population = np.array([[3, 2, 1], [0, 0, 0]], np.int8)
    np.testing.assert_array_equal(found.constraints(population), [[1], [0]])
    np.testing.assert_array_equal(
        found.task(ridge.PREDICTOR, np.random.default_rng(0)).problem.is_feasible(population), [False, True]
    )
    with pytest.raises(ValueError, match=r"no row for \[3, 2, 1\], so it has no features"):
        found.features(population)


def test_limits_take_rows_away_and_say_by_how_much_they_are_broken(tmp_path: Path) -> None:
    found = arena(write(tmp_path / "t.csv"), Question(objectives=(ACC,), limits=("params <= 110", "late >= 2")))
    a, b, c = found.rows.T.astype(int)
    params = 100 + 10 * a + b**2 + c
    late = 1 + a
    np.testing.assert_array_equal(found.allowed, (params <= 110) & (late >= 2))
    np.testing.assert_allclose(found.excess[:, 0], (params - 110) / 110)
    np.testing.assert_allclose(found.excess[:, 1], (2 - late) / 2)
    assert found.allowed.sum() == len(found.candidates) == 1
    assert "1 of 36 architectures meet the limits" in " ".join(found.notes)
    task = found.task(ridge.PREDICTOR, np.random.default_rng(0))
    assert len(task.opening) == 1 and task.problem.is_feasible(found.rows).sum() == 1


def test_oddities_are_told(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv",
        value=lambda a, b, c: "nan" if a == 0 else 7.0,
        extra=["1,b0,0,9,,8,", "1,b0,0,5,,8,", "3,b1,1,7,131,4,"],
    )
    told = " | ".join(arena(path, Question(objectives=(ACC,), limits=("params <= 1000",))).notes)
    assert "3 rows repeat an architecture (with different values: 1 in acc): each architecture is counted once" in told
    assert "9 architectures have no finite result: training one of them fails, and the search goes on" in told
    assert "acc is the same for every architecture: nothing is left to find" in told
    assert "predictors see the decisions and params; columns counted without training are known by name" in told
    assert "'params <= 1000' binds nothing: params goes from 100 to 136, and 1,000 is met by every row" in told


def test_a_statistic_that_is_no_number_is_left_out_unless_it_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x_a,acc,Depth\n0,1,deep\n1,2,flat\n")
    found = arena(path)
    assert found.statistics == () and "Depth is not used as a statistic: column 'Depth' must hold" in " ".join(
        found.notes
    )
    with pytest.raises(ResultsError, match="'Depth' must hold numbers"):
        arena(path, Question(objectives=(ACC,), statistics=("Depth",)))


def test_an_architecture_without_a_limit_s_column_does_not_meet_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x_a,acc,ms\n0,1,5\n1,2,\n2,3,6\n")
    found = arena(path, Question(objectives=(ACC,), limits=("ms <= 6",)))
    np.testing.assert_array_equal(found.allowed, [True, False, True])
    assert "1 architectures have no ms: they do not meet 'ms <= 6'" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (("params <= 99",), r"no row meets the limit 'params <= 99': params goes from 100 to 136; loosen it"),
        (("params >= 136", "late <= 1"), "no row meets all of 'params >= 136', 'late <= 1' together"),
        (("macs <= 1",), "'macs', which is no known resource; known: acc, late, params, test"),
        (("params <= 2 * baseline",), "a table has no architecture called 'baseline'"),
    ],
)
def test_limits_that_leave_nothing_are_refused(tmp_path: Path, limits: tuple[str, ...], message: str) -> None:
    with pytest.raises((ResultsError, LimitError), match=message):
        arena(write(tmp_path / "t.csv"), Question(objectives=(ACC,), limits=limits))


def test_an_objective_without_a_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"no row of t\.csv has a value of acc; name another objective"):
        arena(write(tmp_path / "t.csv", value=lambda a, b, c: ""))


def test_training_times_come_from_their_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x_a,acc,s\n0,1,5\n1,2,-1\n2,3,9\n3,4,\n")
    found = arena(path, Question(objectives=(ACC,), duration="s"))
    assert found.duration_s is not None and found.duration_s.tolist() == [5, 7, 9, 7]
    assert "2 architectures have no s of 0 or more: they take its median" in found.notes
    with pytest.raises(ResultsError, match="column 's' holds no time of 0 or more"):
        path.write_text("x_a,acc,s\n0,1,-5\n")
        arena(path, Question(objectives=(ACC,), duration="s"))


def test_questions_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one objective, got none"):
        Question(objectives=())
    with pytest.raises(ValueError, match="objective 'acc' is given twice"):
        Question(objectives=(ACC, ACC))
    with pytest.raises(ValueError, match="'acc' is what the search is after, so it cannot be a statistic"):
        Question(objectives=(ACC,), statistics=("acc",))
    with pytest.raises(ValueError, match="a judge looks at the best of one objective, got acc, params, which have no"):
        Question(objectives=(ACC, PARAMS), judge=ACC)
    with pytest.raises(ValueError, match="'params' is what the search is after"):
        Question(objectives=(ACC,), judge=PARAMS, statistics=("params",))
