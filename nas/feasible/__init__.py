"""The feasible set under limits: certified counts, exact extremes, uniform samples. Imports nas.costs and nas.space."""

from nas.feasible.bounds import Bound, InfeasibleError, extremes, reach
from nas.feasible.design import cover, discrepancy, graded, space_filling
from nas.feasible.exact import minimise_sum
from nas.feasible.feasible import FeasibleSet, ScarceError, certify

__all__ = [
    "Bound",
    "FeasibleSet",
    "InfeasibleError",
    "ScarceError",
    "certify",
    "cover",
    "discrepancy",
    "extremes",
    "graded",
    "minimise_sum",
    "reach",
    "space_filling",
]
