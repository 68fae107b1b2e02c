"""Survivors stand in the right order, and mates come from where they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.genetic.pareto import front_ranks
from nas.genetic.selection import NEIGHBOURHOOD, by_rank_and_room, by_value, tournament, with_a_neighbour


def test_one_objective_orders_by_value_and_keeps_the_order_of_equals() -> None:
    assert by_value(np.array([2.0, 1.0, 2.0, 0.0]), 9).tolist() == [3, 1, 0, 2]


@given(values=st.lists(st.integers(0, 6), min_size=1, max_size=30), num=st.integers(0, 35))
def test_the_lowest_few_are_the_first_of_all(values: list[int], num: int) -> None:
    array = np.array(values, dtype=np.float64)
    assert by_value(array, num).tolist() == np.argsort(array, kind="stable")[:num].tolist()


def test_a_front_stands_before_what_it_dominates_and_its_ends_first() -> None:
    values = np.array([[5.0, 5.0], [1.0, 1.1], [0.0, 4.0], [0.9, 1.2], [4.0, 0.0]])
    order = by_rank_and_room(values, 5).tolist()
    assert set(order[:2]) == {2, 4}
    assert order[-1] == 0


@pytest.mark.parametrize("num_objectives", [2, 3])
@pytest.mark.parametrize("num", [1, 10, 199, 200, 500])
def test_no_survivor_is_of_a_later_front_than_one_left_out(num_objectives: int, num: int) -> None:
    values = np.random.default_rng(num).random((200, num_objectives))
    ranks = front_ranks(values)
    best = by_rank_and_room(values, num)
    assert len(set(best.tolist())) == len(best) == min(num, 200)
    assert (np.diff(ranks[best]) >= 0).all()
    left = np.setdiff1d(np.arange(200), best)
    assert ranks[best].max() <= ranks[left].min(initial=200)


def test_a_tournament_of_two_wins_as_often_as_it_should() -> None:
    winners = tournament(10, 100_000, np.random.default_rng(0))
    shares = np.bincount(winners, minlength=10) / len(winners)
    expected = (2 * (10 - np.arange(10)) - 1) / 100
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_neighbours_lie_near_along_the_front() -> None:
    position = np.random.default_rng(0).permutation(200).astype(float)
    values = np.column_stack([position, 200.0 - position])
    mothers = np.arange(200)
    fathers = with_a_neighbour(values, mothers, np.random.default_rng(1))
    apart = np.abs(position[fathers] - position[mothers])
    assert apart.max() <= NEIGHBOURHOOD
    assert len(np.unique(apart)) == NEIGHBOURHOOD + 1
