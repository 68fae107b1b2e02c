"""The genetic search on populations as arrays; knows no space, predictor or unit. Imports nothing else of ours."""

from nas.genetic.pareto import front_mask, hypervolume, knee, spread_out
from nas.genetic.search import Constraints, Found, Objective, Objectives, Problem, front, minimise
from nas.genetic.variation import hash_rows

__all__ = [
    "Constraints",
    "Found",
    "Objective",
    "Objectives",
    "Problem",
    "front",
    "front_mask",
    "hash_rows",
    "hypervolume",
    "knee",
    "minimise",
    "spread_out",
]
