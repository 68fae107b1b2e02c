"""Predictor wrapper that learns ranks: targets become normal scores, predictions are turned back into their unit.

Errors of networks have a long bad tail and a crowded good end, and a regression spends itself on the tail. Of ranks as
normal scores every predictor here assumes what is true: that they are spread like a normal distribution. What is lost
is how far apart two neighbours are.

    score      of the k-th of n values: the normal distribution's quantile at (k - 1/2) / n; equal values share theirs
    back       from scores to y: straight lines between the points known, beyond them the slope of all

Source: Blom 1958, "Statistical estimates and transformed beta-variables", for scores of ranks.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Float
from scipy.special import ndtri

from nas.search import Fitted, Prediction, Predictor
from predictors._shared import check_training

MIN_STD = 1e-3
"""Share of y's standard deviation below which no claim is believed: between equal values the way back is flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankNormal:
    """Recipe: `predictor` on the normal scores of y."""

    predictor: Predictor

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Fitted:
        """See `nas.search.Predictor`. Of values that are all alike there is nothing to rank: they are fitted as is."""
        check_training(X, y)
        if np.ptp(y) == 0:
            return self.predictor.fit(X, y)
        scores = ndtri((scipy.stats.rankdata(y) - 0.5) / len(y))
        known, first = np.unique(scores, return_index=True)
        return FittedRankNormal(
            fitted=self.predictor.fit(X, scores),
            scores=known,
            values=y[first].astype(np.float64),
            slope=float(y.std() / scores.std()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRankNormal:
    """The fit to scores, and the way back: `values` in y's unit at ascending `scores`; `slope` beyond them."""

    fitted: Fitted
    scores: Float[np.ndarray, "k"]
    values: Float[np.ndarray, "k"]
    slope: float

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`; one standard deviation to either side, turned back, is two of y's."""
        found = self.fitted.predict(X)
        std = 0.5 * (self._back(found.mean + found.std) - self._back(found.mean - found.std))
        return Prediction(mean=self._back(found.mean), std=np.maximum(std, MIN_STD * self.slope))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        return self._back(self.fitted.predict_mean(X))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedRankNormal":
        """The scores' predictor believes its own prediction; the way back stays."""
        return replace(self, fitted=self.fitted.fantasise(X_pending))

    def _back(self, scores: Float[np.ndarray, "m"]) -> Float[np.ndarray, "m"]:
        low, high = self.scores[0], self.scores[-1]
        beyond = np.minimum(scores - low, 0.0) + np.maximum(scores - high, 0.0)
        return np.asarray(np.interp(scores, self.scores, self.values) + self.slope * beyond)
