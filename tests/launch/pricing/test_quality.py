"""Limits on what training measures: how they are read, and what is refused."""

import numpy as np
import pytest

from launch.pricing import Pricing, check_goal, goal_of, price, quality_limit, split_limits
from nas.costs import LimitError
from nas.resources import macs, params
from tests.experiments.tiny import SPACE


@pytest.fixture(scope="module")
def pricing() -> Pricing:
    return price(SPACE, [*macs.RESOURCES, *params.RESOURCES], baseline="published")


def test_limits_are_told_apart_by_what_they_are_about() -> None:
    texts = ("macs <= 1M", "error <= 0.3", "2 * baseline >= params")
    assert split_limits(texts, "error") == (["macs <= 1M", "2 * baseline >= params"], "error <= 0.3")
    assert split_limits(texts, "abs_rel") == (list(texts), None)
    with pytest.raises(LimitError, match=r"error takes one limit, got 'error <= 1' and 'error <= 2'; keep the tighter"):
        split_limits(("error <= 1", "error <= 2"), "error")


@pytest.mark.parametrize(
    ("text", "amount", "reference"),
    [
        ("error <= 0.3", 0.3, None),
        ("error <= 1.02 * baseline", 1.02, "published"),
        ("published * 2 >= error", 2.0, "published"),
        ("error <= baseline", 1.0, "published"),
    ],
)
def test_an_amount_stands_by_itself_or_times_a_reference(
    text: str, amount: float, reference: str | None, pricing: Pricing
) -> None:
    found = quality_limit(text, "error", pricing)
    assert (found.metric, found.amount, found.text) == ("error", amount, text)
    assert found.reference == (None if reference is None else SPACE.reference(reference))
    assert found.bound(0.5) == (amount if reference is None else amount * 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("error >= 0.3", r"limit 'error >= 0.3': a search lowers error, so it can be limited from above only; use <="),
        ("error <= 3 ms", r"limit 'error <= 3 ms': 'error' has no unit"),
        ("error <= 1.02 * basline", r"'basline' is neither a unit"),
        ("error <= baseline * baseline", r"multiplies 'baseline' and 'baseline'"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, message: str, pricing: Pricing) -> None:
    with pytest.raises(LimitError, match=message):
        quality_limit(text, "error", pricing)


def test_a_goal_needs_a_cost_that_is_known_and_a_word_on_quality(pricing: Pricing) -> None:
    quality = quality_limit("error <= 0.3", "error", pricing)
    assert goal_of(None, quality, pricing) is None and goal_of(None, None, pricing) is None
    found = goal_of("params", quality, pricing)
    assert found is not None and found.name == "params"
    row = SPACE.sample(3, np.random.default_rng(0))
    assert (found.cost(row) == pricing.tables["params"].cost(row)).all()
    with pytest.raises(LimitError, match=r"must be a resource of the experiment, got 'mac'; known: macs, params"):
        goal_of("mac", quality, pricing)
    with pytest.raises(LimitError, match=r"minimising macs alone gives the smallest network there is; say how good"):
        check_goal("macs", None, ["macs"])
