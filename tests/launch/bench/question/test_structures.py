"""Structures in a replay: what predictors see then, a user's own file, a space, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from launch.bench.question import Question, prepare
from launch.bench.question.structures import load_structure
from launch.bench.replay import Course
from launch.bench.replay.store import key
from launch.extensions.checked_parts import PartError
from nas.costs import level_table
from nas.plugins import PluginError
from search_spaces import tiny
from search_spaces.table import ResultsError, read_results
from tests.launch.bench.tables import ACC, arena, write

OWN = """
import numpy as np

class Own:
    decisions = ("x_a", "x_c")

    def features(self, options):
        return (options["x_a"] * options["x_c"] + {shift})[:, None]

STRUCTURE = Own()
"""


def own(folder: Path, text: str = OWN, *, name: str = "own.py", shift: int = 0) -> str:
    file = folder / name
    file.write_text(text.format(shift=shift))
    return str(file)


def asked(structure: str | None) -> Question:
    return Question(objectives=(ACC,), structure=structure)


def test_predictors_see_the_structure_in_place_of_its_decisions_and_those_where_they_add_to_it(tmp_path: Path) -> None:
    found = arena(write(tmp_path / "t.csv"), asked(own(tmp_path)))
    assert [coding.name for coding in found.codings] == [
        "structure", "structure and names", "structure and numbers",
    ]  # fmt: skip
    first, left_out = found.codings[0].columns, [c for coding in found.codings[1:] for c in coding.columns]
    seen = np.delete(found.encoded, left_out, axis=1)
    assert first == (0, 1, 2) and seen.shape[1] == 3 + 1 + 1  # x_b one-hot, the product, params
    np.testing.assert_array_equal(seen[:, 3], found.rows[:, 0] * found.rows[:, 2])
    assert any("says of the decisions, 1 features, in their place" in note for note in found.notes)


def test_a_replay_is_kept_by_what_the_structure_says(tmp_path: Path) -> None:
    table, course = write(tmp_path / "t.csv"), Course(num_trials=4, workers=1, lag=0, predictor="ridge")
    files = [own(tmp_path), own(tmp_path, name="same.py"), own(tmp_path, name="other.py", shift=1), None]
    same, twin, other, without = (key(arena(table, asked(file)), course, "chamnet", 0, "code") for file in files)
    assert same == twin != other and "structure" not in without


def test_a_space_stands_for_the_levels_of_its_networks(tmp_path: Path) -> None:
    population = tiny.SPACE.sample(30, np.random.default_rng(0))
    names = [choice.name for choice in tiny.SPACE.choices]
    rows = [
        ",".join(str(choice.options[i]) for choice, i in zip(tiny.SPACE.choices, row, strict=True)) + f",{sum(row)}"
        for row in population.tolist()
    ]
    table = tmp_path / "t.csv"
    table.write_text("\n".join([",".join([*(f"x_{name}" for name in names), "acc"]), *rows]))
    found = prepare(read_results(table), asked("tiny"))
    levels = found.encoded[:, -len(level_table(tiny.SPACE).names) :]
    np.testing.assert_allclose(
        np.sort(levels, axis=0), np.sort(level_table(tiny.SPACE).features(np.unique(population, axis=0)), axis=0)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("STRUCTURE = 3", "must be an object with `decisions` and a method `features`, got 3"),
        ("SPACES = 3", "defines no STRUCTURE; a structure is a file that does"),
    ],
)
def test_what_is_no_structure_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        load_structure(own(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"x_c")', '"x_z")', "reads x_z, and t.csv has x_a, x_b, x_c; rename the columns"),
        ('"x_a", "x_c"', "", "reads no decision, and t.csv has"),
        ("[:, None]", "", "a row of finite numbers for each of 36 architectures, got 36; see"),
        ("+ {shift}", "* np.nan", "got 36x1 with values that are not finite"),
    ],
)
def test_a_structure_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        arena(write(tmp_path / "t.csv"), asked(own(tmp_path, OWN.replace(old, new))))


def test_a_structure_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(PartError, match=r"structure .*own.py: KeyError: 'x_q'"):
        arena(write(tmp_path / "t.csv"), asked(own(tmp_path, OWN.replace('options["x_c"]', 'options["x_q"]'))))
    with pytest.raises(ResultsError, match=r"the structure nasbench201 reads x_e01, .*, and t.csv has x_a, x_b, x_c"):
        arena(tmp_path / "t.csv", asked("nasbench201"))
