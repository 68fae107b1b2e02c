"""Texts for a terminal."""

import pytest

from launch.terminal.sizes import resized
from launch.terminal.tables import number, table
from nas.space.space import SpaceError
from tests.experiments.tiny import SPACE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (999.0, "999"),
        (1000.0, "1,000"),
        (6831333504.0, "6,831,333,504"),
        (0.857249, "0.8572"),
        (12345.67, "1.235e+04"),
        (-2.5, "-2.5"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_read_well(value: float | None, text: str) -> None:
    assert number(value) == text


def test_the_first_column_is_flush_left_and_the_others_flush_right() -> None:
    assert table(["trial", "macs"], [["a", "1"], ["search-10", "1,000"]]).splitlines() == [
        "trial       macs",
        "a              1",
        "search-10  1,000",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert table(["trial", "macs"], []) == "trial  macs"


def test_a_space_takes_another_size() -> None:
    assert resized(SPACE, "32x48").input[1:] == (32, 48)
    assert resized(SPACE, None) is SPACE


@pytest.mark.parametrize("size", ["32", "32X48", "32x", "x48", "3.2x48", "-32x48", ""])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match=f"a size is HEIGHTxWIDTH, such as 384x288, got '{size}'"):
        resized(SPACE, size)


def test_a_size_that_the_space_cannot_take_is_refused() -> None:
    with pytest.raises(SpaceError, match="input height must be a multiple of 2, got 33; the nearest is"):
        resized(SPACE, "33x48")
