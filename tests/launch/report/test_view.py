"""Texts for the page: short where there is no room, and in proper numbers."""

import pytest

from launch.report.view import clipped, counted


@pytest.mark.parametrize(("text", "shown"), [("deep", "deep"), ("deeper", "deeper"), ("deepest", "deepe…")])
def test_what_is_too_long_is_cut_and_shows_it(text: str, shown: str) -> None:
    assert clipped(text, 6) == shown


def test_one_is_not_many() -> None:
    assert [counted(number, "trial") for number in (0, 1, 2, 1234)] == [
        "0 trials",
        "1 trial",
        "2 trials",
        "1,234 trials",
    ]
