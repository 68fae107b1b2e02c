"""Waiting counts looks and signs of progress; it never asks a clock."""

from itertools import count

import pytest

from tests import waiting
from tests.waiting import until


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE_S", 0.0)


def test_the_first_true_answer_is_given() -> None:
    answers = iter([[], None, 0, ["done"], ["later"]])
    assert until(lambda: next(answers), what="an answer") == ["done"]


def test_patience_without_a_sign_is_a_number_of_looks() -> None:
    looks = count()
    with pytest.raises(AssertionError, match="a miracle: nothing has happened for 5 looks"):
        until(lambda: next(looks) < 0, what="a miracle", num_looks=5)
    assert next(looks) == 5


def test_each_sign_of_progress_renews_it() -> None:
    looks, signs = count(), count()
    assert until(lambda: next(looks) > 99, what="the hundredth look", signs=lambda: next(signs), num_looks=2)


def test_what_can_come_no_longer_is_not_waited_for() -> None:
    with pytest.raises(AssertionError, match="the dead: it can come no longer"):
        until(lambda: False, what="the dead", alive=lambda: False)


def test_what_came_with_the_last_breath_counts() -> None:
    states = iter([True, False])
    answers = iter([False, True])
    assert until(lambda: next(answers), what="a last word", alive=lambda: next(states))
