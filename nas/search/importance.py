"""Importance of decisions: total variance indices, from predictions with one decision redrawn and all others kept.

The total index of decision j is the share of the variance of f that is left when everything but j is known,
E[Var(f | x_-j)] / Var f. Under limits decisions depend on each other; where architectures are uniform over the feasible
set, a decision given all others is uniform over the options that keep the architecture feasible. So it is redrawn among
exactly those, nothing infeasible counts, and the variance over them is computed, not sampled (Jansen's estimator is the
mean of (f - f')^2 / 2 over one random redraw f' each). Without limits these are Sobol's total indices: they add up to 1
for an additive f, and to more where decisions interact. Under limits the sum says nothing, each index still does.

The effect of an option is what it changes while all else stays: b of the least-squares fit f(x) = a(x_-j) + b(x_j) over
the feasible set, 0 on average. Without limits it is the main effect E[f | x_j = option] - E[f]. Under limits that mean
would tell of the other decisions too: who has a large option has little left for the rest.

Standard errors are a jackknife: each replicate leaves out one group of the sampled architectures and, where f is a
predictor, one group of the trials that it was fitted to. So they hold the error of both samples.

Notation: n sampled architectures, d decisions, o options of one decision, g replicates.

Source: Jansen 1999, "Analysis of variance designs for model output"; for inputs that depend on each other, Kucherenko
et al. 2012, "Estimation of global sensitivity indices for models with dependent variables"; Kott 2001, "The
delete-a-group jackknife".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int8

Predict = Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n"]]
"""f: a predicted mean for each row of a population."""

Feasible = Callable[[Int8[np.ndarray, "n d"]], Bool[np.ndarray, "n"]]

ROUNDING = 1e-12
"""Share of |f| below which its standard deviation is an error of rounding, and f is constant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Estimates and their standard errors; the latter are NaN without replicates."""

    value: Float[np.ndarray, "..."]
    error: Float[np.ndarray, "..."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Importance of every decision for a function f of architectures.

    Attributes:
      mean: of f over the feasible set, in the unit of f.
      total: d total indices, shares of the variance of f; 0 where f is constant.
      spread: d standard deviations of f when that decision alone is redrawn (root mean square), in the unit of f.
      effects: for each decision those of its options, in the unit of f; NaN for an option that no sampled architecture
        can have.
    """

    mean: float
    total: Estimate
    spread: Estimate
    effects: tuple[Estimate, ...]


def importance(
    predict: Predict,
    replicates: Sequence[Predict],
    *,
    population: Int8[np.ndarray, "n d"],
    num_options: Int[np.ndarray, "d"],
    is_feasible: Feasible,
) -> Importance:
    """Total indices and effects of every decision; takes n x sum(o) predictions of each f.

    Args:
      replicates: f as fitted without the g-th group of the trials, one for each group; of a known function, g times
        itself. With none there are no standard errors.
      population: drawn uniformly from the feasible set; rows may repeat.
      is_feasible: tells which rows meet the limits.

    Raises:
      ValueError: the population is empty or holds an infeasible row, or there is one replicate.
    """
    _check(population, is_feasible, len(replicates))
    kept = np.ones(len(population), bool)
    whole = _moments(predict, population, num_options, is_feasible).over(kept)
    groups = np.arange(len(population)) % max(len(replicates), 1)
    parts = [
        _moments(part, population, num_options, is_feasible).over(groups != group)
        for group, part in enumerate(replicates)
    ]
    return Importance(
        mean=whole.mean,
        total=_jackknife(whole.total, [part.total for part in parts]),
        spread=_jackknife(whole.spread, [part.spread for part in parts]),
        effects=tuple(
            _jackknife(whole.effects[j], [part.effects[j] for part in parts]) for j in range(len(num_options))
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Summary:
    """One replicate's estimates; see `Importance`."""

    mean: float
    total: Float[np.ndarray, "d"]
    spread: Float[np.ndarray, "d"]
    effects: tuple[Float[np.ndarray, "_"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moments:
    """f of each row; for each decision f at every option less its mean over the row's, and the weights in that mean."""

    values: Float[np.ndarray, "n"]
    options: tuple[tuple[Float[np.ndarray, "n _"], Float[np.ndarray, "n _"]], ...]

    def over(self, kept: Bool[np.ndarray, "n"]) -> _Summary:
        """The estimates from some of the rows."""
        mean, std = float(self.values[kept].mean()), float(self.values[kept].std())
        left = np.array([(weights[kept] * f[kept] ** 2).sum(axis=1).mean() for f, weights in self.options])
        is_constant = std <= ROUNDING * abs(mean)
        return _Summary(
            mean=mean,
            total=np.zeros_like(left) if is_constant else left / std**2,
            spread=np.sqrt(left),
            effects=tuple(_effects(f[kept], weights[kept]) for f, weights in self.options),
        )


def _moments(
    predict: Predict, population: Int8[np.ndarray, "n d"], num_options: Int[np.ndarray, "d"], is_feasible: Feasible
) -> _Moments:
    """Try every option of every decision on every row."""
    options = []
    for decision, count in enumerate(num_options.tolist()):
        rows = np.repeat(population, count, axis=0)
        rows[:, decision] = np.tile(np.arange(count, dtype=np.int8), len(population))
        allowed = is_feasible(rows).reshape(-1, count)
        weights = allowed / allowed.sum(axis=1, keepdims=True)
        values = predict(rows).astype(np.float64).reshape(-1, count)
        options.append((values - (weights * values).sum(axis=1, keepdims=True), weights))
    return _Moments(values=predict(population).astype(np.float64), options=tuple(options))


def _effects(centred: Float[np.ndarray, "n o"], weights: Float[np.ndarray, "n o"]) -> Float[np.ndarray, "o"]:
    """Least squares over rows and options; the rows' own constants are eliminated, which leaves one equation an option.

    Each row stands for all architectures that differ from it in this decision alone: its options share its weight.
    """
    held = weights.sum(axis=0)
    effects = np.linalg.pinv(np.diag(held) - weights.T @ weights, rcond=1e-10, hermitian=True) @ (
        weights * centred
    ).sum(axis=0)
    return np.where(held > 0, effects - held @ effects / held.sum(), np.nan)


def _jackknife(whole: Float[np.ndarray, "k"], parts: Sequence[Float[np.ndarray, "k"]]) -> Estimate:
    """Standard errors from replicates that each lack one group (Kott 2001)."""
    if not parts:
        return Estimate(value=whole, error=np.full_like(whole, np.nan))
    deviations = np.stack(parts) - np.mean(parts, axis=0)
    return Estimate(value=whole, error=np.sqrt((len(parts) - 1) / len(parts) * (deviations**2).sum(axis=0)))


def _check(population: Int8[np.ndarray, "n d"], is_feasible: Feasible, num_replicates: int) -> None:
    if len(population) == 0:
        raise ValueError("importance needs at least one architecture, got none; sample some that meet the limits")
    broken = np.flatnonzero(~is_feasible(population))
    if len(broken):
        raise ValueError(f"importance is of feasible architectures, row {broken[0]} is not; sample the feasible set")
    if num_replicates == 1:
        raise ValueError("a jackknife needs at least 2 replicates, got 1; leave out one group after the other")
