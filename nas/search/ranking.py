"""Predictor quality on held-out measurements: rank correlation, regret of the predicted best, error, calibration.

Lower is better throughout, as in `nas.genetic.pareto`. Everything here compares a prediction, row by row, with
measurements that the predictor has not seen.

Notation:
    predicted   Float[n]   predicted means, in the unit of y
    std         Float[n]   their standard deviations, measurement noise included
    measured    Float[n]   what was measured, in the unit of y
"""

from dataclasses import dataclass

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from nas.search.predictor import Prediction, Predictor

MIN_NEAR = 5
"""Points from which on a tau is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictorQuality:
    """Quality measures of a predictor on points it has not seen.

    `rmse` and `top_k_regret` are in the unit of y; correlations lie in [-1, 1]; a coverage is a share. With no held-out
    point, `num_points` is 0, the correlations are 0.0 and the rest is NaN.

    Attributes:
      tau_near_limit: among the points near a limit, where winners lie and where cost alone ranks no more; None where
        they are fewer than `MIN_NEAR`.
    """

    num_points: int
    kendall_tau: float
    spearman: float
    rmse: float
    top_k: int
    top_k_regret: float
    coverage_50: float
    coverage_80: float
    coverage_95: float
    num_near_limit: int = 0
    tau_near_limit: float | None = None


def kendall_tau(predicted: Float[np.ndarray, "n"], measured: Float[np.ndarray, "n"]) -> float:
    """Tau-b: concordant less discordant pairs, as a share, corrected for ties; 0.0 where either side is constant.

    Raises:
      ValueError: a value is NaN.
    Source: Kendall 1945, "The treatment of ties in ranking problems".
    """
    _check(predicted, measured)
    if _is_constant(predicted) or _is_constant(measured):
        return 0.0
    return float(scipy.stats.kendalltau(predicted, measured).statistic)


def spearman(predicted: Float[np.ndarray, "n"], measured: Float[np.ndarray, "n"]) -> float:
    """Correlation of the ranks; 0.0 where either side is constant.

    Raises:
      ValueError: a value is NaN.
    """
    _check(predicted, measured)
    if _is_constant(predicted) or _is_constant(measured):
        return 0.0
    return float(scipy.stats.spearmanr(predicted, measured).statistic)


def rmse(predicted: Float[np.ndarray, "n"], measured: Float[np.ndarray, "n"]) -> float:
    """Root mean squared error in the unit of y; NaN when n == 0.

    Raises:
      ValueError: a value is NaN.
    """
    _check(predicted, measured)
    return float(np.sqrt(np.mean((predicted - measured) ** 2))) if len(measured) else float("nan")


def top_k_regret(predicted: Float[np.ndarray, "n"], measured: Float[np.ndarray, "n"], *, k: int) -> float:
    """What is lost by measuring only the k predicted best: their best less the best of all, in the unit of y.

    Ties in the prediction go against the predictor, so that a constant one is not saved by the order of rows. NaN when
    n == 0.

    Raises:
      ValueError: a value is NaN, or k < 1.
    """
    _check(predicted, measured)
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}; measure something")
    if len(measured) == 0:
        return float("nan")
    chosen = np.lexsort((-measured, predicted))[:k]
    return float(measured[chosen].min() - measured.min())


def coverage(prediction: Prediction, measured: Float[np.ndarray, "n"], *, level: float) -> float:
    """Share of measurements inside the central interval of `level`, taking the prediction as normal; NaN when n == 0.

    An honest predictor's coverage is about `level`: less means overconfident, more means timid.

    Raises:
      ValueError: a value is NaN, or the level is not between 0 and 1.
    """
    _check(prediction.mean, measured)
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}; write 95 % as 0.95")
    if len(measured) == 0:
        return float("nan")
    half_width = float(ndtri(0.5 + 0.5 * level)) * prediction.std
    return float(np.mean(np.abs(measured - prediction.mean) <= half_width))


def quality(
    prediction: Prediction,
    measured: Float[np.ndarray, "n"],
    *,
    top_k: int = 10,
    near: Bool[np.ndarray, "n"] | None = None,
) -> PredictorQuality:
    """All quality measures of a prediction, on measurements the predictor has not seen.

    Args:
      near: which points lie near a limit.

    Raises:
      ValueError: a value is NaN, or top_k < 1.
    """
    return PredictorQuality(
        num_points=len(measured),
        kendall_tau=kendall_tau(prediction.mean, measured),
        spearman=spearman(prediction.mean, measured),
        rmse=rmse(prediction.mean, measured),
        top_k=top_k,
        top_k_regret=top_k_regret(prediction.mean, measured, k=top_k),
        coverage_50=coverage(prediction, measured, level=0.5),
        coverage_80=coverage(prediction, measured, level=0.8),
        coverage_95=coverage(prediction, measured, level=0.95),
        num_near_limit=0 if near is None else int(near.sum()),
        tau_near_limit=(
            None if near is None or near.sum() < MIN_NEAR else kendall_tau(prediction.mean[near], measured[near])
        ),
    )


def cross_validate(
    predictor: Predictor,
    X: Float[np.ndarray, "n f"],
    y: Float[np.ndarray, "n"],
    *,
    folds: int,
    rng: np.random.Generator,
    top_k: int = 10,
) -> PredictorQuality:
    """Cross-validated quality on n points, each predicted by a fit that has not seen it; see `cross_predict`.

    All n held-out predictions are pooled, because a fold of a few points ranks too few pairs. Pooling is slightly
    pessimistic: a fold's training mean lies opposite to its held-out points, so a predictor that learns nothing scores
    below 0. With fewer than two points nothing can be held out, and the report is of none.

    Raises:
      ValueError: folds < 2, or the predictor refuses the data.
    """
    if len(y) < 2:
        nothing = np.zeros(0)
        return quality(Prediction(mean=nothing, std=nothing), nothing, top_k=top_k)
    return quality(cross_predict(predictor, X, y, folds=folds, rng=rng), y, top_k=top_k)


def cross_predict(
    predictor: Predictor,
    X: Float[np.ndarray, "n f"],
    y: Float[np.ndarray, "n"],
    *,
    folds: int,
    rng: np.random.Generator,
) -> Prediction:
    """Every point predicted by a fit to the other folds; with fewer points than folds each point is its own fold.

    Raises:
      ValueError: folds < 2, there are fewer than two points, or the predictor refuses the data.
    """
    if folds < 2:
        raise ValueError(f"cross-validation needs at least 2 folds, got {folds}; 5 or 10 are usual")
    if len(y) < 2:
        raise ValueError(f"to hold a point out takes at least 2 points, got {len(y)}; wait for another trial")
    mean, std = np.empty(len(y)), np.empty(len(y))
    fold_of = _fold_of_each(len(y), min(folds, len(y)), rng)
    for fold in range(min(folds, len(y))):
        held_out = fold_of == fold
        prediction = predictor.fit(X[~held_out], y[~held_out]).predict(X[held_out])
        mean[held_out], std[held_out] = prediction.mean, prediction.std
    return Prediction(mean=mean, std=std)


def _fold_of_each(num_points: int, folds: int, rng: np.random.Generator) -> Int[np.ndarray, "n"]:
    """Folds of equal size, give or take one, dealt in random order."""
    return rng.permutation(np.arange(num_points) % folds)


def _is_constant(values: Float[np.ndarray, "n"]) -> bool:
    return len(values) == 0 or bool((values == values[0]).all())


def _check(predicted: Float[np.ndarray, "n"], measured: Float[np.ndarray, "n"]) -> None:
    for name, values in (("predicted", predicted), ("measured", measured)):
        if np.isnan(values).any():
            row = int(np.flatnonzero(np.isnan(values))[0])
            raise ValueError(f"{name} values must not be NaN, got one at row {row}; leave out failed trials")
