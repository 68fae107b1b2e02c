"""Survivors stand in the right order, and mates come from where they should."""

import numpy as np

from nas.mating import NEIGHBOURHOOD, by_rank_and_room, by_value, tournament, with_a_neighbour


def test_one_objective_orders_by_value_and_keeps_the_order_of_equals() -> None:
    assert by_value(np.array([2.0, 1.0, 2.0, 0.0])).tolist() == [3, 1, 0, 2]


def test_a_front_stands_before_what_it_dominates_and_its_ends_first() -> None:
    values = np.array([[5.0, 5.0], [1.0, 1.1], [0.0, 4.0], [0.9, 1.2], [4.0, 0.0]])
    order = by_rank_and_room(values).tolist()
    assert set(order[:2]) == {2, 4}
    assert order[-1] == 0


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
