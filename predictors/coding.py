"""Chooses by cross-validation how decisions are coded as features: as numbers or as names (one-hot).

A decision whose options look like numbers may be one (a width) or only be called so (an operation's code). One that is
a number is learnt from fewer points as one feature that grows with it; one that is a name needs a feature for each
option. Where nobody says which, features hold the columns of several codings, and a fit keeps those of one.

No predictor of its own: it wraps one, for features that have such columns. The first coding is the one to fall back on:
another must rank held-out points better than it by a margin (`predictors._shared.tau_margin`, times its own caution),
for with few points the better of two is often the luckier. What is compared is the order of the values alone, so that
neither an outlier nor a scale that moves with every result decides. The Gaussian process judges, whoever learns from
the coding then: a choice takes 10 fits for each of them, which would be minutes of a predictor that fits slowly.

    f    columns of all codings, and of what belongs to none of them
    m    points that are looked at: the first of those given, a number that grows in steps; the choice is then the same
         from step to step, and costs a search little
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import scipy  # scipy.stats, which takes a second, is loaded where it is used
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from nas.search import FitsUnequalNoise, Fitted, Prediction, Predictor, Reasoned, cross_predict, kendall_tau
from predictors import gp
from predictors._shared import check_training, tau_margin

STEPS = (12, 15, 19, 24, 30, 37, 46, 58, 73, 91, 114, 143)
"""Points at which a choice is made anew; with fewer than the first, the first coding is taken."""
FOLDS = 5
SPLITS = 2
"""Draws of the folds, over which tau is averaged."""
JUDGE = gp.PREDICTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """A way of writing decisions.

    Attributes:
      columns: those that belong to it.
      caution: by how many margins it must be better than the first coding.
    """

    name: str
    columns: tuple[int, ...]
    caution: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """Predictor wrapper: the coding that ranks best by `JUDGE`, then `predictor` on its columns and those of no coding.

    Attributes:
      codings: the first is taken unless another is better.
    """

    predictor: Predictor
    codings: tuple[Coding, ...]
    _chosen: dict[bytes, tuple[int, str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Choices made before, by the data that they rest on; the same data give the same choice."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "FittedCoded":
        """See `nas.search.Predictor`. Columns beyond those of the codings are kept, wherever they stand."""
        return self._fitted(X, y, self.predictor.fit)

    def _fitted(
        self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"], fit: Callable[..., Fitted]
    ) -> "FittedCoded":
        check_training(X, y)
        chosen, reason = self._choose(X, y)
        kept = self._kept(chosen, X.shape[1])
        fitted = fit(np.take(X, kept, axis=1), y)
        if isinstance(fitted, Reasoned):
            reason = f"{reason}; {fitted.reason}"
        return FittedCoded(fitted=fitted, coding=self.codings[chosen].name, kept=kept, reason=reason)

    def _kept(self, chosen: int, num_features: int) -> Int[np.ndarray, " k"]:
        left_out = [column for coding in self.codings for column in coding.columns]
        kept: Int[np.ndarray, " k"] = np.setdiff1d(np.arange(num_features), left_out)
        return np.sort(np.concatenate([kept, np.array(self.codings[chosen].columns, dtype=np.int64)]))

    def _choose(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> tuple[int, str]:
        num_points = max((step for step in STEPS if step <= len(y)), default=0)
        if num_points == 0 or np.ptp(y[:num_points]) == 0:
            return 0, f"{self.codings[0].name}: {len(y)} points, all alike or too few to compare codings on"
        ranks = scipy.stats.rankdata(y[:num_points])
        key = X[:num_points].tobytes() + ranks.tobytes()
        if key not in self._chosen:
            self._chosen[key] = self._compare(X[:num_points], ndtri((ranks - 0.5) / num_points))
        return self._chosen[key]

    def _compare(self, X: Float[np.ndarray, "m f"], y: Float[np.ndarray, "m"]) -> tuple[int, str]:
        taus = [self._tau(np.take(X, self._kept(i, X.shape[1]), axis=1), y) for i in range(len(self.codings))]
        margin = tau_margin(len(y))
        cautions = [0.0, *(coding.caution for coding in self.codings[1:])]
        chosen = int(np.argmax([tau - caution * margin for tau, caution in zip(taus, cautions, strict=True)]))
        seen = ", ".join(f"{coding.name} {tau:.3f}" for coding, tau in zip(self.codings, taus, strict=True))
        return chosen, (
            f"{self.codings[chosen].name}: by cross-validated Kendall tau on {len(y)} points ({seen}), where "
            f"{self.codings[0].name} is kept unless another is better by {margin:.3f} times its caution"
        )

    def _tau(self, X: Float[np.ndarray, "m k"], y: Float[np.ndarray, "m"]) -> float:
        """The same folds for every coding."""
        rngs = [np.random.default_rng(seed) for seed in range(SPLITS)]
        return float(np.mean([kendall_tau(cross_predict(JUDGE, X, y, folds=FOLDS, rng=rng).mean, y) for rng in rngs]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedWithNoise(Coded):
    """The same of a predictor that tells rougher measurements from others (`nas.search.FitsUnequalNoise`)."""

    def fit_unequal(
        self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"], rough: Bool[np.ndarray, "n"]
    ) -> "FittedCoded":
        """See `nas.search.FitsUnequalNoise`. The choice is made without regard to who is rougher."""
        assert isinstance(self.predictor, FitsUnequalNoise), "`choosing` has seen to it"
        return self._fitted(X, y, partial(self.predictor.fit_unequal, rough=rough))


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCoded:
    """The wrapped fit on the `kept` columns alone; `coding` is the chosen one's name."""

    fitted: Fitted
    coding: str
    kept: Int[np.ndarray, " k"]
    reason: str

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        """See `nas.search.Fitted`."""
        return self.fitted.predict(np.take(X, self.kept, axis=1))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        """`predict(X).mean`."""
        return self.fitted.predict_mean(np.take(X, self.kept, axis=1))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "FittedCoded":
        """The choice stays."""
        return replace(self, fitted=self.fitted.fantasise(np.take(X_pending, self.kept, axis=1)))


def choosing(predictor: Predictor, codings: Sequence[Coding]) -> Predictor:
    """The predictor as it chooses among codings; itself where there is no choice."""
    if len(codings) < 2:
        return predictor
    coded = CodedWithNoise if isinstance(predictor, FitsUnequalNoise) else Coded
    return coded(predictor=predictor, codings=tuple(codings))
