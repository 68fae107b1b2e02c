"""The search loop, the protocols of strategies and predictors, and predictor quality. Imports nas.genetic, nas.record
and nas.space.

`importance` is imported by name: it holds a function of the same name.

`loop` is imported by name: a strategy, which imports nas.search, must not import the loop.
"""

from nas.search.acquisition import log_expected_improvement, stretch
from nas.search.aims import Aims, Fits
from nas.search.along_front import FrontCandidate, front_candidates
from nas.search.failures import Chance, certain, chance_to_complete
from nas.search.goal import Goal, QualityLimit
from nas.search.operating_points import along_sweep, best_within
from nas.search.predictor import Features, FitsUnequalNoise, Fitted, Prediction, Predictor, Reasoned
from nas.search.ranking import (
    MIN_NEAR,
    PredictorQuality,
    coverage,
    cross_predict,
    kendall_tau,
    quality,
    spearman,
    top_k_regret,
)
from nas.search.select import Candidate, Listed, best_candidates
from nas.search.strategy import MakeStrategy, Rungs, Strategy, Task
from nas.search.targets import RobustPredictor, drawn_in, far_off, fit_to_trials

__all__ = [
    "MIN_NEAR",
    "Aims",
    "Candidate",
    "Chance",
    "Features",
    "Fits",
    "FitsUnequalNoise",
    "Fitted",
    "FrontCandidate",
    "Goal",
    "Listed",
    "MakeStrategy",
    "Prediction",
    "Predictor",
    "PredictorQuality",
    "QualityLimit",
    "Reasoned",
    "RobustPredictor",
    "Rungs",
    "Strategy",
    "Task",
    "along_sweep",
    "best_candidates",
    "best_within",
    "certain",
    "chance_to_complete",
    "coverage",
    "cross_predict",
    "drawn_in",
    "far_off",
    "fit_to_trials",
    "front_candidates",
    "kendall_tau",
    "log_expected_improvement",
    "quality",
    "spearman",
    "stretch",
    "top_k_regret",
]
