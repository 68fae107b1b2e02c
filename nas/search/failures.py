"""The chance that a training completes, learned from those that failed.

Trainings often fail by a rule that nobody has written down: networks above some size do not fit into memory, some
combinations diverge. Whoever learns nothing from it proposes them again and again. So the search's own predictor is
fitted to what became of each trial, 1 if it failed and 0 if it completed, and a logistic curve turns its predictions
into chances. The curve is fitted to predictions of held-out trials, and it is kept only if it foretells these better
than one chance for all does, by more than luck: failures that come at random change nothing.

Source: Rasmussen and Williams 2006, "Gaussian processes for machine learning", section 6.5, for regression on the
labels; Platt 1999, "Probabilistic outputs for support vector machines", for the curve.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int8
from scipy.special import expit

from nas.record import Trial, rows
from nas.search.predictor import Features, Predictor
from nas.search.ranking import cross_predict

Chance = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n"]]
"""Of each architecture, the chance in (0, 1] that its training completes."""

MIN_EACH = 3
"""Failed trials, and complete ones, from which on there is something to learn."""
FOLDS = 5
SEED = 0
"""Of the folds; fixed, so that the same trials give the same chances."""
HOPE, FORLORN = 0.5, 1e-6
"""Below this share of the best chance that an ended trial had, a chance counts a million times less: once the rest is
searched, all that a predictor still expects lies where trainings fail, and however little it is, it would be tried."""
LEAST = 1e-12
"""Chance; its logarithm stays finite."""
LEAST_GAIN = 1.92
"""In nats of likelihood: half of chi-squared's 95 % point for the one parameter that tells trials apart."""


def certain(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """The chance as long as nothing has been learned: 1 for all."""
    return np.ones(len(population))


def chance_to_complete(predictor: Predictor, features: Features, done: Sequence[Trial]) -> Chance:
    """The chance as the ended trials tell it; `certain` where they tell nothing.

    Costs six fits of the predictor, and none as long as fewer than `MIN_EACH` trials have failed.
    """
    ended = [trial for trial in done if trial.state in ("complete", "failed")]
    failed = np.array([trial.state == "failed" for trial in ended], dtype=bool)
    if min(failed.sum(), (~failed).sum()) < MIN_EACH:
        return certain
    X, y = features(rows(ended)), failed.astype(np.float64)
    seen = cross_predict(predictor, X, y, folds=FOLDS, rng=np.random.default_rng(SEED)).mean
    curve = _curve(seen, failed)
    if curve is None:
        return certain
    fitted, (slope, offset) = predictor.fit(X, y), curve

    def raw(X: Float[np.ndarray, "n f"]) -> Float[np.ndarray, " n"]:
        return np.asarray(expit(-(slope * fitted.predict_mean(X) + offset)))

    little = HOPE * float(raw(X).max())

    def chance(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        chances = raw(features(population))
        return np.asarray(np.maximum(np.where(chances < little, FORLORN * chances, chances), LEAST))

    return chance


def _curve(predicted: Float[np.ndarray, " n"], failed: Bool[np.ndarray, " n"]) -> tuple[float, float] | None:
    """Slope and offset of the logistic curve from predictions to failures; None if it foretells no better than luck."""
    from sklearn.linear_model import LogisticRegression  # a second, and most searches never get here

    spread = float(predicted.std())
    if spread == 0.0:
        return None
    unit = (predicted - predicted.mean()) / spread
    found = LogisticRegression().fit(unit[:, None], failed)
    slope, offset = float(found.coef_[0, 0]), float(found.intercept_[0])
    gain = _log_likelihood(slope * unit + offset, failed) - _log_likelihood(_log_odds(failed), failed)
    if slope <= 0.0 or gain < LEAST_GAIN:
        return None
    return slope / spread, offset - slope * float(predicted.mean()) / spread


def _log_likelihood(log_odds: Float[np.ndarray, " n"], failed: Bool[np.ndarray, " n"]) -> float:
    return -float(np.logaddexp(0.0, np.where(failed, -log_odds, log_odds)).sum())


def _log_odds(failed: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Of one chance for all."""
    return np.full(len(failed), np.log(failed.sum() / (~failed).sum()))
