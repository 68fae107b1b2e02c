"""Shared by the predictors: input checks, and the scaling of features and targets.

Every predictor works on columns scaled to the unit cube of its training data and on y standardised to mean 0 and
standard deviation 1, so that one set of priors serves any unit.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

RELATIVE_CONSTANT = 1e-12
"""A spread below this share of the largest absolute value is rounding, not signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """`(value - shift) / width`, per column or for one number; a constant keeps width 1."""

    shift: Float[np.ndarray, "*f"]
    width: Float[np.ndarray, "*f"]

    def apply(self, values: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        scaled: Float[np.ndarray, "*n"] = (values - self.shift) / self.width
        return scaled


def unit_cube(X: Float[np.ndarray, "n f"]) -> Scale:
    """The scale that maps each column's range onto [0, 1]."""
    return _scale(X.min(axis=0), np.ptp(X, axis=0), np.abs(X).max(axis=0))


def centred_cube(X: Float[np.ndarray, "n f"]) -> Scale:
    """The scale that maps each column's range onto an interval of length 1 around its mean."""
    cube = unit_cube(X)
    return replace(cube, shift=cube.shift + cube.apply(X).mean(axis=0) * cube.width)


def standard(y: Float[np.ndarray, "n"]) -> Scale:
    """The scale that maps y to mean 0 and standard deviation 1; a constant y is only shifted."""
    return _scale(y.mean(), y.std(), np.abs(y).max())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """Training data as a linear method or a kernel wants them, and how they became so."""

    inputs: Float[np.ndarray, "n f"]
    targets: Float[np.ndarray, "n"]
    input_scale: Scale
    output_scale: Scale


def scaled(X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Scaled:
    """Checked training data, in double precision, columns centred in the unit cube and y standard.

    Raises:
      ValueError: see `check_training`.
    """
    check_training(X, y)
    X, y = X.astype(np.float64), y.astype(np.float64)
    input_scale, output_scale = centred_cube(X), standard(y)
    return Scaled(
        inputs=input_scale.apply(X),
        targets=output_scale.apply(y),
        input_scale=input_scale,
        output_scale=output_scale,
    )


def check_training(X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> None:
    """Refuse data that no predictor can learn from.

    Raises:
      ValueError: there are no points, or a value is NaN or infinite.
    """
    if len(y) == 0:
        raise ValueError("a predictor needs at least one point, got none; wait for a trial to finish")
    check_features(X, X.shape[1])
    if not np.isfinite(y).all():
        bad = np.flatnonzero(~np.isfinite(y))
        raise ValueError(
            f"y must be finite, got {y[bad[0]]} at row {bad[0]} ({len(bad)} in all); leave out failed trials"
        )


def check_features(X: Float[np.ndarray, "m f"], num_features: int) -> None:
    """Refuse features that a fitted predictor cannot read.

    Raises:
      ValueError: a value is NaN or infinite, or the number of columns is not `num_features`.
    """
    if X.shape[1] != num_features:
        raise ValueError(
            f"X must have the {num_features} features of the training data, got {X.shape[1]}; encode alike"
        )
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"X must be finite, got {X[row, column]} at row {row}, feature {column}; check the encoding")


def tau_margin(num_points: int) -> float:
    """How far below the best tau another may lie and not be told from it: a third of tau's standard error by chance.

    By chance its variance is 2 (2n + 5) / (9 n (n - 1)) (Kendall 1938). Two good predictors agree on most pairs of the
    same points, so that their taus move together and differ by less; the third is a choice, not a result.
    """
    return math.sqrt(2 * (2 * num_points + 5) / (9 * num_points * (num_points - 1))) / 3


def _scale(
    shift: Float[np.ndarray, "*f"] | np.float64,
    width: Float[np.ndarray, "*f"] | np.float64,
    size: Float[np.ndarray, "*f"] | np.float64,
) -> Scale:
    flat = width <= RELATIVE_CONSTANT * size
    return Scale(shift=np.asarray(shift), width=np.where(flat, 1.0, width))
