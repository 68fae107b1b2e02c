"""Acquisition function: expected improvement, and the transformation of the objective on which it is taken.

Lower is better throughout.

Notation:
    y           Float[n]   what was measured
    mean, std   Float[m]   a prediction of new measurements, noise included
    best        float      the lowest value measured so far, on the scale of `mean`

A search asks which of two good architectures is better, but errors of networks have a long bad tail, and a predictor
fitted to them as they are spends itself on the tail. `stretch` magnifies differences near the best and packs the tail.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.special import erfcx, ndtr

SOFTENING = 0.25
"""Of the median distance from the best: differences well below it are not magnified further."""
FARTHEST = 1e5
"""Standard deviations beyond which Mills' ratio is 1 / z to double precision; the order is then that of z^2."""
LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


def stretch(y: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """log(distance from the best + a quarter of the median distance), in units of the median distance.

    Keeps the order. Fewer than two distinct values have no distances and give zeros.
    """
    distance = y - y.min() if len(y) else y
    unit = float(np.median(distance)) if len(y) else 0.0
    if unit == 0.0:  # at least half of them equal the best
        unit = float(distance.max()) if len(y) else 0.0
    if unit == 0.0:
        return np.zeros(len(y))
    stretched: Float[np.ndarray, " n"] = np.log(distance / unit + SOFTENING)
    return stretched


def log_expected_improvement(
    mean: Float[np.ndarray, "m"], std: Float[np.ndarray, "m"], best: float
) -> Float[np.ndarray, "m"]:
    """Log of E[max(best - Y, 0)] for normal Y; finite however far a mean lies from the best.

    With z = (best - mean) / std it is log std + log(phi(z) + z Phi(z)). Below -1 that sum cancels, and phi(z) is taken
    out of it: what remains is Mills' ratio, which erfcx gives without loss.
    Source: Jones et al. 1998, "Efficient global optimization of expensive black-box functions", eq. 15; the logarithm
    after Ament et al. 2023, "Unexpected improvements to expected improvement".
    """
    z = (best - mean) / std
    near, far = np.maximum(z, -1.0), np.clip(-z, 1.0, FARTHEST)
    closed = np.log(np.exp(-0.5 * near * near - LOG_SQRT_2PI) + near * ndtr(near))
    tail = -0.5 * z * z - LOG_SQRT_2PI + np.log1p(-math.sqrt(math.pi / 2) * far * erfcx(far / math.sqrt(2.0)))
    improvement: Float[np.ndarray, " m"] = np.log(std) + np.where(z > -1.0, closed, tail)
    return improvement
