"""A goal of the kind "the cheapest network that is good enough": a cost to minimise under a limit on what is trained.

The cost is exact, only the metric must be predicted. So the worth of training an architecture is what it would save,
times the chance that it meets the limit. Whether an architecture that was trained meets it is asked of the predictor
too, whose mean there holds its own measurement and its neighbours': a lucky training alone does not end a search.

    cost       c(x), exact; least is the smallest among trained architectures that meet the limit
    bound      of the metric, in its unit: a number, or a factor of what the predictor says of a reference
    promise    (1 - c(x) / least)+ times P(metric(x) <= bound)

Source: Gardner et al. 2014, "Bayesian optimization with inequality constraints", for the product; here the improvement
needs no expectation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8
from scipy.special import log_ndtr

from nas.genetic import Objective
from nas.record import Trial, rows
from nas.search.predictor import Features, Fitted
from nas.space import Architecture

NO_SAVING = -50.0
"""Logarithm of a saving that is none: below every real one, and falling with the cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimit:
    """A trained metric must be at most `amount`, or `amount` times what `reference` gives, trained alike."""

    metric: str
    amount: float
    reference: Architecture | None
    text: str

    def bound(self, of_reference: float) -> float:
        """In the metric's unit; `of_reference` is not looked at where the amount stands by itself."""
        return self.amount if self.reference is None else self.amount * of_reference

    def predicted_bound(self, fitted: Fitted, features: Features) -> float:
        """The bound as the metric's predictor sees the reference."""
        if self.reference is None:
            return self.bound(0.0)
        row = np.array([self.reference], dtype=np.int8)
        return self.bound(float(fitted.predict_mean(features(row))[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The least `cost` under a limit on the metric that is learned. `name`: of the resource that is minimised."""

    name: str
    cost: Objective
    quality: QualityLimit

    def regret(self, fitted: Fitted, features: Features, complete: Sequence[Trial]) -> Objective:
        """Minus the logarithm of the promise of one more training, in view of what is trained."""
        known = rows(complete)
        meets = fitted.predict_mean(features(known)) <= self.quality.predicted_bound(fitted, features)
        least = float(self.cost(known[meets]).min()) if meets.any() else None
        return self._score(fitted, features, least)

    def risk(self, fitted: Fitted, features: Features, complete: Sequence[Trial], *, caution: float = 1.0) -> Objective:
        """Minus the logarithm of the promise to be the answer, where the dearest that is trained is what one has.

        Args:
          caution: power of the chance to meet the limit; above 1 it counts for more than what is saved.
        """
        return self._score(fitted, features, float(self.cost(rows(complete)).max()), caution)

    def _score(self, fitted: Fitted, features: Features, least: float | None, caution: float = 1.0) -> Objective:
        """`least`: None where nothing meets the limit; then all that counts is to meet it."""
        bound = self.quality.predicted_bound(fitted, features)

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            prediction = fitted.predict(features(population))
            promise = caution * log_ndtr((bound - prediction.mean) / prediction.std)
            if least is not None:
                promise = promise + _log_saving(self.cost(population) / least)
            return np.asarray(-promise)

        return score


def _log_saving(ratio: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """log(1 - ratio) where that is a saving; otherwise lower than any, and lower still for what costs more."""
    saving: Float[np.ndarray, " n"] = np.where(
        ratio < 1.0, np.log(np.maximum(1.0 - ratio, np.exp(NO_SAVING))), NO_SAVING - (ratio - 1.0)
    )
    return saving
