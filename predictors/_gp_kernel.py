"""Covariance of the Gaussian process, a sum of a curved and a linear part, written for speed.

Notation:
    X, Z   n, f and m, f   scaled, centred features
    U      n, f            sqrt(5) X / length scales, so that a = Euclidean distance between rows of U
    a      n, m
    k      n, m            s2 (1 + a + a^2/3) exp(-a) + b2 X Z', Matern 5/2 and a linear kernel
    r      n               1 for a measurement that is rougher than the others, else 0
    K      n, n            k(X, X) + diag(t2 + q2 r) = L L'

Squared distances come from one matrix product, and the elementwise steps work in place: at 200 training points they
are most of a prediction's time. All functions keep the floating type they are given.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg.lapack import dpotrf

SQRT5 = math.sqrt(5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameters:
    """What the fit chooses, in scaled units: length scales, and the variances s2, b2, t2 and q2."""

    length: Float[np.ndarray, "f"]
    curved: float
    slope: float
    noise: float
    rough: float = 0.0


def left_factor(U: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n f2"]:
    """(-2 u, |u|^2, 1) per row: `left_factor(U) @ right_factor(V).T` is |u - v|^2, in one product."""
    return np.column_stack([-2.0 * U, squared_norms(U), np.ones_like(U, shape=len(U))])


def right_factor(U: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n f2"]:
    """(u, 1, |u|^2) per row."""
    return np.column_stack([U, np.ones_like(U, shape=len(U)), squared_norms(U)])


def squared_norms(U: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n"]:
    norms: Float[np.ndarray, " n"] = np.einsum("nf,nf->n", U, U)
    return norms


def distance(squared: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """Square root, in place; rounding may have made a zero slightly negative."""
    np.abs(squared, out=squared)
    np.sqrt(squared, out=squared)
    return squared


def decay(a: Float[np.ndarray, "n m"], variance: float) -> Float[np.ndarray, "n m"]:
    """`variance` x exp(-a)."""
    decays: Float[np.ndarray, "n m"] = np.negative(a)
    np.exp(decays, out=decays)
    decays *= variance
    return decays


def matern(a: Float[np.ndarray, "n m"], decays: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """(1 + a + a^2/3) x decays."""
    k = a * (1.0 / 3.0)
    k += 1.0
    k *= a
    k += 1.0
    k *= decays
    return k


def covariance(
    X: Float[np.ndarray, "n f"],
    a: Float[np.ndarray, "n n"],
    decays: Float[np.ndarray, "n n"],
    h: Hyperparameters,
    rough: Bool[np.ndarray, " n"] | None = None,
) -> Float[np.ndarray, "n n"]:
    """K, from the distances and decays of `distances_and_decays`; without `rough` no measurement is."""
    K = matern(a, decays)
    K += (h.slope * X) @ X.T
    K.flat[:: len(K) + 1] += h.noise if rough is None else h.noise + h.rough * rough
    return K


def distances_and_decays(
    U: Float[np.ndarray, "n f"], variance: float
) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "n n"]]:
    """Both a and s2 exp(-a) between all rows of U; the fit needs both again for its gradient."""
    a = distance(left_factor(U) @ right_factor(U).T)
    return a, decay(a, variance)


def cholesky(K: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """L. The lower bound on t2 keeps K positive definite."""
    lower, info = dpotrf(K.T, lower=1, clean=1)  # K.T, because LAPACK wants columns contiguous
    assert info == 0, f"K is not positive definite at row {info}; the noise bound should prevent it"
    return lower  # type: ignore[no-any-return]  # scipy ships no types
