"""A task's words: what is said of a metric, in what order, and what a record of them gives back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from types import SimpleNamespace
from typing import Any

import pytest

from nas.depth import CARD as DEPTH
from nas.depth.metrics import Metrics
from nas.record.task_card import CardError, Metric, TaskCard, card_of, read_card
from tests.experiments.graded import CARD as GRADED


@pytest.mark.parametrize("card", [TaskCard(), DEPTH, GRADED])
def test_a_card_comes_back_from_its_record(card: TaskCard) -> None:
    assert read_card(json.loads(json.dumps(asdict(card)))) == card


@pytest.mark.parametrize(
    "record",
    [{}, {"metrics": 1}, asdict(GRADED) | {"metrics": [{"nom": "a"}]}, asdict(GRADED) | {"pictures": {"text": "a"}}],
)
def test_a_record_that_is_none_is_refused(record: Mapping[str, Any]) -> None:
    with pytest.raises(CardError, match=r"words of the task cannot be read \(.*\); report with the version that wrote"):
        read_card(record)


def test_of_test_data_the_same_is_known() -> None:
    assert GRADED.metric("test_passed") == GRADED.metric("passed")
    assert GRADED.metric("test_passed").label == "passed [%]"


def test_of_what_no_card_names_only_the_objective_has_a_direction() -> None:
    card = TaskCard()
    assert card.metric("error", objective="error") == Metric(name="error", better="lower")
    assert card.metric("test_error", objective="error").better == "lower"
    assert card.metric("accuracy", objective="error").better == "unknown"


def test_the_cards_order_comes_first_and_the_rest_keeps_its_own() -> None:
    assert GRADED.ordered(["seen", "failed", "age", "passed"]) == ["passed", "failed", "seen", "age"]
    assert TaskCard().ordered(["b", "a"]) == ["b", "a"]


def test_in_brief_are_those_that_the_card_wants_or_all() -> None:
    names = [f"test_{name}" for name in ("error", "rmse", "delta1", "own")]
    assert DEPTH.brief(names) == ["test_delta1", "test_rmse"]
    assert TaskCard().brief(names) == names and DEPTH.brief(["test_own"]) == ["test_own"]


def test_depths_card_names_the_metrics_of_depth() -> None:
    assert {metric.name for metric in DEPTH.metrics} == {"error", *(field.name for field in fields(Metrics))}
    assert {metric.name for metric in DEPTH.metrics if metric.better == "higher"} == {"delta1"}


def test_an_evaluator_without_a_card_has_an_empty_one() -> None:
    assert card_of(object(), "error") == TaskCard()
    assert card_of(SimpleNamespace(card=GRADED), "failed") is GRADED


def test_an_objective_of_which_more_is_better_is_refused() -> None:
    with pytest.raises(CardError, match=r"minimises its objective, and of 'passed' .* higher is better; .* 1 - passed"):
        card_of(SimpleNamespace(card=GRADED), "passed")
