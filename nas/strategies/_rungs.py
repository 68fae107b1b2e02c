"""Asynchronous successive halving: when a trial is promoted, and what trials on several rungs say of the full fidelity.

    rung     the trials at one of `rungs.fidelities`
    level    a predictor of the objective at a rung: the level below, scaled, and what that leaves over

An architecture enters at the lowest rung. A rung has room as long as fewer trials have been started on it than one in
eta of those complete on the rung below; nobody waits for a rung to fill, so no slot is ever idle for it.

Source: Li et al. 2020, "A system for massively parallel hyperparameter tuning" (ASHA), algorithm 2. There whatever is
among the best 1 / eta is promoted, which promotes more the more the order changes; here the number is bound, and what
is best is the caller's to say.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from nas.predictor import Fitted, Prediction, Predictor
from nas.strategy import Rungs
from nas.trial import Exhausted, Proposal, Trial

Rank = Callable[[Sequence[Trial]], Float[np.ndarray, " n"]]
"""Of one rung's complete trials, what speaks against each; the least is promoted."""
Enter = Callable[[Sequence[Trial], Sequence[Trial]], Proposal]
"""A new architecture, from the done and pending trials of the lowest rung: there every architecture has one."""


def next_proposal(
    rungs: Rungs | None, done: Sequence[Trial], pending: Sequence[Trial], *, rank: Rank, enter: Enter
) -> Proposal:
    """A promotion where one is due, else a new architecture on the lowest rung; without rungs always that.

    Raises:
      Exhausted: there is no new architecture, and none to promote.
    """
    if rungs is None:
        return enter(done, pending)
    if (due := _promotion(rungs, done, pending, rank)) is not None:
        return due
    lowest = rungs.fidelities[0]
    try:
        found = enter(*([trial for trial in some if trial.fidelity == lowest] for some in (done, pending)))
    except Exhausted:
        if (rest := _promotion(rungs, done, pending, rank, at_once=True)) is None:
            raise
        return rest
    return replace(found, fidelity=lowest)


def _promotion(
    rungs: Rungs, done: Sequence[Trial], pending: Sequence[Trial], rank: Rank, *, at_once: bool = False
) -> Proposal | None:
    """Onto the highest rung that has room; None if none has, or nobody is left below it.

    Args:
      at_once: every rung has room.
    """
    for here, above in reversed(list(itertools.pairwise(rungs.fidelities))):
        complete = [trial for trial in done if trial.fidelity == here and trial.state == "complete"]
        started = {trial.architecture for trial in (*done, *pending) if trial.fidelity == above}
        left = [trial for trial in complete if trial.architecture not in started]
        if left and (at_once or len(started) < int(len(complete) / rungs.eta)):
            best = left[int(np.argmin(rank(left)))]
            return Proposal(architecture=best.architecture, origin="promotion", fidelity=above)
    return None


MIN_PAIRS = 3
"""Complete trials from which on a rung is fitted; until then the one below speaks for it."""
PRIOR_CORRELATION, PRIOR_PAIRS = 0.7, 4.0
"""Of a rung with the one below: as if so many pairs of trials had shown it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A rung's objective as `slope` x the rung below + the rest, both independent; see `nas.predictor.Fitted`.

    Source: Kennedy and O'Hagan 2000, "Predicting the output from a complex computer code when fast approximations are
    available", eq. 1, fitted one level after the other as Le Gratiet 2013 does.
    """

    below: Fitted
    slope: float
    rest: Fitted

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        below, rest = self.below.predict(X), self.rest.predict(X)
        return Prediction(mean=self.slope * below.mean + rest.mean, std=np.hypot(self.slope * below.std, rest.std))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        return np.asarray(self.slope * self.below.predict_mean(X) + self.rest.predict_mean(X))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "Level":
        """As if the pending points had been measured on this rung."""
        return Level(below=self.below, slope=self.slope, rest=self.rest.fantasise(X_pending))


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """A recipe for a rung when the one below is known; see `nas.predictor.Predictor`."""

    below: Fitted
    predictor: Predictor

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> Level:
        expected = self.below.predict_mean(X)
        slope = _slope(expected, y)
        return Level(below=self.below, slope=slope, rest=self.predictor.fit(X, y - slope * expected))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Features and values of a rung's complete trials, and features of its pending ones, None if there are none."""

    X: Float[np.ndarray, "n f"]
    y: Float[np.ndarray, " n"]
    X_pending: Float[np.ndarray, "p f"] | None = None


def informed(predictor: Predictor, below: Sequence[Rung]) -> Predictor:
    """The predictor as it fits the rung above those of `below`; a rung with too few trials is passed over."""
    for rung in below:
        if len(rung.y) >= MIN_PAIRS:
            predictor = Above(below=believing(predictor, rung), predictor=_own(predictor))
    return predictor


def believing(predictor: Predictor, rung: Rung) -> Fitted:
    """A rung's fit, its pending trials taken as measured at their predicted mean."""
    fitted = predictor.fit(rung.X, rung.y)
    return fitted if rung.X_pending is None else fitted.fantasise(rung.X_pending)


def _own(predictor: Predictor) -> Predictor:
    return predictor.predictor if isinstance(predictor, Above) else predictor


def _slope(x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float:
    """Standard deviation of y over that of x, times their correlation, which is shrunk toward the prior's."""
    width, height = float(x.std()), float(y.std())
    if width == 0 or height == 0:
        return 0.0
    total = float(((x - x.mean()) / width) @ ((y - y.mean()) / height))
    correlation = (total + PRIOR_PAIRS * PRIOR_CORRELATION) / (len(x) + PRIOR_PAIRS)
    return max(correlation, 0.0) * height / width
