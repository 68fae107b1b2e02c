"""Protocols of predictors: regression from features to a mean and a standard deviation.

Notation:
    X      Float[n, f]   features of n architectures, one row each (`Space.encode`, or any columns a caller adds)
    y      Float[n]      what was measured on them, in any unit; by convention lower is better
    mean   Float[m]      predicted value of a new measurement, in the unit of y
    std    Float[m]      its standard deviation, measurement noise included, in the unit of y

`std` speaks of a measurement, not of the function beneath it, so that held-out measurements can check it
(`nas.search.coverage`). There is no half-made predictor: `fit` returns a new object, and only that one predicts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int8

Features = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n f"]]
"""Of a population, what a predictor sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Mean and standard deviation of a new measurement, both in the unit of y; `std` is positive."""

    mean: Float[np.ndarray, "m"]
    std: Float[np.ndarray, "m"]


@runtime_checkable
class Fitted(Protocol):
    """Protocol of a fitted predictor. Immutable, and safe to share between threads."""

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """Prediction for every row of X.

        Raises:
          ValueError: X holds a NaN or an infinity, or has another number of features than the training data.
        """
        ...

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`, and cheaper where the standard deviation costs extra."""
        ...

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "Fitted":
        """The predictor as if each pending point had already been measured at its predicted mean.

        Uncertainty shrinks around pending points, so a search that looks for it proposes something else.

        Raises:
          ValueError: as for `predict`.
        Source: Ginsbourger et al. 2010, "Kriging is well-suited to parallelize optimization" (the kriging believer).
        """
        ...


@runtime_checkable
class Reasoned(Protocol):
    """A fitted predictor that has chosen between others, and can say why in a sentence."""

    @property
    def reason(self) -> str: ...


@runtime_checkable
class Predictor(Protocol):
    """Protocol of an unfitted predictor, `PREDICTOR` of `predictors/NAME.py`; the same data give the same `Fitted`."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Fitted:
        """Learn y from X; one point is enough to answer something.

        Raises:
          ValueError: there are no points, or X or y holds a NaN or an infinity.
        """
        ...


@runtime_checkable
class FitsUnequalNoise(Protocol):
    """Optional protocol of a predictor that tells rougher measurements from others, such as trainings from scores."""

    def fit_unequal(
        self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"], rough: Bool[np.ndarray, "n"]
    ) -> Fitted:
        """As `fit`; those that `rough` marks have noise of their own, and it is of such that predictions speak."""
        ...
