"""The predictor's section on runs that have little to say: nothing breaks, and a sentence tells what is left out."""

from dataclasses import replace

import numpy as np
import pytest

from launch.report.facts.facts import Facts, read_facts
from launch.report.page import render
from launch.report.sections import predictor as section
from launch.report.sections.predictor import Judged, judged, unseen
from launch.session import RunFolder
from tests.launch.report.synthetic import trials, with_trials


def judge(facts: Facts) -> Judged | str:
    return judged(facts, unseen(facts))


@pytest.mark.parametrize("num_trials", [0, 1])
def test_nothing_is_judged_by_less_than_two_trials(finished: RunFolder, num_trials: int) -> None:
    facts = with_trials(read_facts(finished), trials([0.5] * num_trials))
    assert judge(facts) == "There are too few complete trials to judge a predictor."


@pytest.mark.slow
@pytest.mark.parametrize("num_trials", [2, 3, 4, 10, 11])
def test_any_number_of_trials_is_judged(finished: RunFolder, num_trials: int) -> None:
    values = np.random.default_rng(0).normal(size=num_trials)
    facts = with_trials(read_facts(finished), trials(values.tolist()))
    found = judge(facts)
    assert isinstance(found, Judged) and len(found.charts) == 2
    assert len(found.course.charts) == (2 if num_trials > 10 else 0)
    assert isinstance(found.matters, str) == (num_trials < 4)
    if num_trials <= 10:
        assert f"there are {num_trials}." in found.course.sentences[0]


@pytest.mark.slow
def test_a_constant_objective_is_told(finished: RunFolder) -> None:
    facts = with_trials(read_facts(finished), trials([0.25] * 16))
    found = judge(facts)
    assert isinstance(found, Judged)
    assert "Every trial measured the same error: there is nothing to rank, so tau is 0." in found.sentences
    assert "too few, or too much alike, to rank ahead" in found.course.sentences[0]
    assert isinstance(found.matters, str) and "the same error of every architecture" in found.matters
    assert "nan" not in render(facts)


def test_failed_trials_are_left_out_and_counted(finished: RunFolder) -> None:
    values = np.random.default_rng(0).normal(size=14)
    complete = trials(values.tolist())
    failed = [replace(trial, state="failed", metrics={}, failure="no memory") for trial in complete[:3]]
    found = judge(with_trials(read_facts(finished), [*failed, *complete[3:]]))
    assert isinstance(found, Judged) and found.table is not None
    assert "Left out: 3 failed trials, which measured nothing." in found.sentences
    assert found.table.rows[0][1].text == "11"


def test_many_trials_are_judged_by_the_record_alone(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section, "MAX_POINTS", 10)
    facts = read_facts(finished)
    found = judge(facts)
    assert isinstance(found, Judged) and found.table is not None and found.charts == ()
    assert "With more than 10 complete trials" in found.sentences[-1]
    assert found.course.sentences == ("Not drawn for more than 10 complete trials.",)
    assert not isinstance(found.matters, str)
    assert "What matters" in render(replace(facts, winner=None))


def test_trials_ranked_ahead_are_told_with_their_interval(finished: RunFolder) -> None:
    rows = trials([0.0] * 24)
    found = judge(with_trials(read_facts(finished), trials([sum(trial.architecture) / 10 for trial in rows])))
    assert isinstance(found, Judged) and found.course.table is not None
    assert "The 14 trials after the first 10" in found.course.sentences[0]
    assert "cannot be told from chance" not in found.course.sentences[0]
    assert [row[0].text for row in found.course.table.rows] == ["10", "15", "20", "24"]


def test_luck_is_called_luck(finished: RunFolder) -> None:
    values = np.random.default_rng(4).normal(size=24)
    found = judge(with_trials(read_facts(finished), trials(values.tolist())))
    assert isinstance(found, Judged) and "which cannot be told from chance" in found.course.sentences[0]
