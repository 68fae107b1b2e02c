"""Operators that were not timed: sampled over kinds and sizes, predicted, and judged honestly."""

import numpy as np
import pytest

from nas.latency.fit import kind
from nas.latency.untimed import MIN_OF_KIND, guess, sample
from nas.plugins import SPACES
from nas.space import Conv, Operator, Shape
from nas.space.variants import operators

OPS: list[Operator] = list({op.key: op for op in operators(SPACES.load("tiefenrausch"))}.values())


def time_of(op: Operator) -> float:
    """A device that computes, moves memory, and pads channels to vectors of 16."""
    width = -(-op.output.channels // 16) * 16
    return 1e-3 + 1e-7 * op.macs * width / op.output.channels + 2e-7 * op.output.num_elements


def test_a_sample_has_every_kind_and_both_ends() -> None:
    chosen = sample(OPS, 300)
    assert len(chosen) <= 300 and len({op.key for op in chosen}) == len(chosen)
    assert {kind(op) for op in chosen} == {kind(op) for op in OPS}
    for wanted in (min, max):
        assert wanted(op.macs for op in chosen) == wanted(op.macs for op in OPS)


def test_everything_is_chosen_where_there_is_room() -> None:
    assert sample(OPS, None) == OPS and sample(OPS, len(OPS)) == OPS


@pytest.mark.slow
def test_the_rest_is_predicted_and_marked() -> None:
    chosen = sample(OPS, 400)
    times = {op.key: time_of(op) for op in chosen}
    others = [op for op in OPS if op.key not in times]
    predicted, about = guess(chosen, times, others)
    error = np.abs([predicted[op.key] / time_of(op) - 1 for op in others])
    assert about is not None and about.keys == tuple(op.key for op in others) and about.num_timed == len(chosen)
    assert error.mean() < 0.1
    assert about.mape == pytest.approx(error.mean(), abs=0.03)
    assert about.within_10_percent == pytest.approx((error <= 0.1).mean(), abs=0.1)


@pytest.mark.slow
def test_its_error_is_of_operators_that_it_has_not_seen() -> None:
    chosen = sample(OPS, 200)
    rng = np.random.default_rng(0)
    noise = {op.key: float(rng.lognormal(0, 1)) for op in chosen}  # nothing can be learned of it
    _, about = guess(chosen, noise, OPS[:1])
    assert about is not None and about.mape > 0.5


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 8 operators of each of the 5 kinds .* got a limit of 39 in all"):
        sample(OPS, 39)


def test_a_kind_that_was_never_timed_is_not_guessed() -> None:
    convs = [op for op in OPS if isinstance(op, Conv)][: 2 * MIN_OF_KIND]
    (other,) = [op for op in OPS if op.key == "add 8 @384x288"]
    with pytest.raises(ValueError, match=r"'add 8 @384x288' has no time, .* from 0 operators of its kind \(add\)"):
        guess(convs, {op.key: 1.0 for op in convs}, [other])
    assert guess(convs, {op.key: 1.0 for op in convs}, []) == ({}, None)


@pytest.mark.slow
def test_shapes_alone_do_not_make_a_prediction_negative() -> None:
    chosen = sample(OPS, 100)
    predicted, _ = guess(
        chosen, {op.key: time_of(op) for op in chosen}, [Conv(input=Shape(1, 1, 1), width=1, kernel=1)]
    )
    assert all(ms > 0 for ms in predicted.values())
