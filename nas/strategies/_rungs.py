"""Asynchronous successive halving: when a trial is promoted, and what trials on several rungs say of the full fidelity.

    rung      the trials at one of `rungs.fidelities`
    height    where a rung stands between the lowest, 0, and the highest, 1: one more feature of its trials

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

from nas.record import Exhausted, Proposal, Trial
from nas.search import FitsUnequalNoise, Fitted, Prediction, Predictor, Reasoned, Rungs

Rank = Callable[[Sequence[Trial]], Float[np.ndarray, " n"]]
"""Of one rung's complete trials, what speaks against each; the least is promoted."""
Enter = Callable[[Sequence[Trial], Sequence[Trial]], Proposal]
"""A new architecture, from the done and pending trials of the lowest rung, where every architecture has one but the
reference; its trials are among them."""


def next_proposal(
    rungs: Rungs | None,
    done: Sequence[Trial],
    pending: Sequence[Trial],
    *,
    rank: Rank,
    enter: Enter,
    measure: Proposal | None = None,
) -> Proposal:
    """A promotion where one is due, else a new architecture on the lowest rung; without rungs always that.

    Args:
      measure: what others are compared with: it is trained in full before anything else, and on no other rung.

    Raises:
      Exhausted: there is no new architecture, and none to promote.
    """
    if rungs is None:
        return enter(done, pending)
    full = rungs.fidelities[-1]
    if measure and all(
        (trial.architecture, trial.fidelity) != (measure.architecture, full) for trial in (*done, *pending)
    ):
        return replace(measure, fidelity=full)
    if (due := _promotion(rungs, done, pending, rank)) is not None:
        return due
    lowest = rungs.fidelities[0]
    entered = measure.architecture if measure else None  # what is trained in full needs no trial here
    try:
        found = enter(
            *(
                [trial for trial in some if trial.fidelity == lowest or trial.architecture == entered]
                for some in (done, pending)
            )
        )
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


MOST_STRETCH = 3.0
"""Of what scores differ by; few trainings may be unlike by chance."""
MIN_COMPLETE = 3
"""Complete trials from which on a rung is what the search asks for; until then the one below speaks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Features and values of a rung's complete trials, and features of its pending ones, None if there are none."""

    X: Float[np.ndarray, "n f"]
    y: Float[np.ndarray, " n"]
    X_pending: Float[np.ndarray, "p f"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Informed:
    """Predictor of a rung that learns from the rungs below, too; see `nas.search.Predictor`.

    All rungs are learnt in one fit. How much a cheap training tells is then for the predictor to find out: a Gaussian
    process by the length scale of the height, a tree by where it splits on it. A rung learnt from what the rung below
    predicts, scaled, plus a rest has one predictor more to fit, from few points (docs/bench.md has the comparison).

    Attributes:
      by_scores: the lowest rung holds scores by shared weights, and what is predicted is to be believed: scores stand
        in the place of trainings, whose noise they do not have.
    """

    predictor: Predictor
    below: tuple[Rung, ...]
    by_scores: bool = False

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> "AtHeight":
        rungs = (*self._below(X, y), Rung(X=X, y=y))
        heights = np.linspace(0.0, 1.0, len(rungs)).tolist()
        stacked = [_at(rung.X, height) for rung, height in zip(rungs, heights, strict=True)]
        all_X, all_y = np.concatenate(stacked), np.concatenate([rung.y for rung in rungs])
        if self.by_scores and isinstance(self.predictor, FitsUnequalNoise):
            fitted = self.predictor.fit_unequal(all_X, all_y, np.arange(len(all_y)) >= len(rungs[0].y))
        else:
            fitted = self.predictor.fit(all_X, all_y)
        pending = [
            _at(rung.X_pending, height)
            for rung, height in zip(rungs, heights, strict=True)
            if rung.X_pending is not None
        ]
        believed = fitted.fantasise(np.concatenate(pending)) if pending else fitted
        return (ReasonedAtHeight if isinstance(believed, Reasoned) else AtHeight)(fitted=believed, height=1.0)

    def _below(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, "n"]) -> tuple[Rung, ...]:
        """The rungs below, scores as if they were trainings: in their place, and spread as they are.

        Of few trainings one fit would take the gap for noise. And networks that share weights differ by less than
        those that have their own: scores of depth networks by a third to two thirds of what 720 steps made of it.
        """
        if not self.by_scores:
            return self.below
        scores, *rest = self.below
        lowest = rest[0] if rest else Rung(X=X, y=y)
        middle, spread = float(scores.y.mean()), float(scores.y.std())
        is_known = spread > 0 and len(lowest.y) >= MIN_COMPLETE
        stretch = float(np.clip(lowest.y.std() / spread, 1.0, MOST_STRETCH)) if is_known else 1.0
        found = self.predictor.fit(scores.X, scores.y).predict_mean(lowest.X)
        gap = float((lowest.y - stretch * (found - middle)).mean())
        return (replace(scores, y=gap + stretch * (scores.y - middle)), *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHeight:
    """A fit to several rungs, evaluated on one of them; see `nas.search.Fitted`."""

    fitted: Fitted
    height: float

    def predict(self, X: Float[np.ndarray, "m f"]) -> Prediction:
        return self.fitted.predict(_at(X, self.height))

    def predict_mean(self, X: Float[np.ndarray, "m f"]) -> Float[np.ndarray, "m"]:
        return self.fitted.predict_mean(_at(X, self.height))

    def fantasise(self, X_pending: Float[np.ndarray, "p f"]) -> "AtHeight":
        """As if the pending points had been measured on this rung."""
        return replace(self, fitted=self.fitted.fantasise(_at(X_pending, self.height)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonedAtHeight(AtHeight):
    """The same of a fit that can say what it has chosen; see `nas.search.Reasoned`."""

    @property
    def reason(self) -> str:
        assert isinstance(self.fitted, Reasoned), "`Informed.fit` has seen to it"
        return self.fitted.reason


def informed(predictor: Predictor, below: Sequence[Rung], *, by_scores: bool = False) -> Predictor:
    """The predictor as it fits the rung above those of `below`; itself if there are none."""
    return Informed(predictor=predictor, below=tuple(below), by_scores=by_scores) if below else predictor


def believing(predictor: Predictor, rung: Rung) -> Fitted:
    """A rung's fit, its pending trials taken as measured at their predicted mean."""
    fitted = predictor.fit(rung.X, rung.y)
    return fitted if rung.X_pending is None else fitted.fantasise(rung.X_pending)


def _at(X: Float[np.ndarray, "n f"], height: float) -> Float[np.ndarray, "n g"]:
    return np.column_stack([X, np.full(len(X), height)])
