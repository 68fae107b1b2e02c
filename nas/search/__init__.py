"""The search loop, the protocols of strategies and predictors, and predictor quality. Imports nas.genetic, nas.record
and nas.space.

`importance` is imported by name: it holds a function of the same name.

`loop` is imported by name: a strategy, which imports nas.search, must not import the loop.
"""

from nas.search.acquisition import log_expected_improvement, stretch
from nas.search.predictor import Fitted, Prediction, Predictor, Reasoned
from nas.search.ranking import PredictorQuality, coverage, cross_predict, kendall_tau, quality, spearman, top_k_regret
from nas.search.select import Candidate, Listed, best_candidates
from nas.search.strategy import Features, MakeStrategy, Rungs, Strategy, Task
from nas.search.targets import RobustPredictor, drawn_in, far_off, fit_to_trials

__all__ = [
    "Candidate",
    "Features",
    "Fitted",
    "Listed",
    "MakeStrategy",
    "Prediction",
    "Predictor",
    "PredictorQuality",
    "Reasoned",
    "RobustPredictor",
    "Rungs",
    "Strategy",
    "Task",
    "best_candidates",
    "coverage",
    "cross_predict",
    "drawn_in",
    "far_off",
    "fit_to_trials",
    "kendall_tau",
    "log_expected_improvement",
    "quality",
    "spearman",
    "stretch",
    "top_k_regret",
]
