"""Learning curve of the predictor: judged on the first 10, 15, 20 trials, in the order in which they ended.

At each step two questions. Does it rank the trials known by then, each predicted by a fit without it? And does a fit to
all of them rank the trials that came next? The second is what a search lives by; it is the harder one, because a search
goes on to train what the predictor favours, and those trials differ little.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from launch.report.facts.calibration_curve import Calibration, calibration
from launch.report.facts.facts import Facts
from launch.report.facts.intervals import Interval, tau
from launch.session import foretold, held_out
from nas.record import Trial
from nas.search import Prediction, top_k_regret

FIRST = 10
STRIDE = 5
MAX_STEPS = 8  # each costs as many fits as there are folds, and one
NUM_NEXT = 10
FAVOURITES = 10  # one in so many
STREAM = 5  # of the run's seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Predictor quality when `num_known` trials were complete.

    Attributes:
      known: tau of the known trials, cross-validated.
      regret: the best of its favourite tenth of the known trials, cross-validated, less the best of them all.
      best: measured so far.
      num_next, coming: how many trials came next, and tau of a fit to the known ones over them; None for the last step.
    """

    num_known: int
    known: Interval
    regret: float
    best: float
    num_next: int
    coming: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """Quality of predictions of every trial after the first step, each by the last fit before it was known."""

    num_points: int
    tau: Interval
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """The learning curve; `values` are the objective of all trials as they came in."""

    values: Float[np.ndarray, " n"]
    steps: tuple[Step, ...]
    foretold: Foretold


def learning(facts: Facts, everything: Prediction) -> Learning | None:
    """Judge every step; None for fewer trials than make two steps.

    Args:
      everything: each complete trial, by ticket, as predicted by a fit without it: the last step's.
    """
    ended = sorted(facts.complete, key=lambda trial: (trial.ended or "", trial.ticket))
    stops = sizes(len(ended))
    if len(stops) < 2:
        return None
    windows = [ended[stop : max(after, stop + NUM_NEXT)] for stop, after in pairwise(stops)]
    ahead = [
        foretold(facts.session.experiment, facts.pricing, ended[:stop], window)
        for stop, window in zip(stops, windows, strict=False)
    ]
    steps = [
        _step(facts, _by_ticket(ended[:stop]), window, prediction)
        for stop, window, prediction in zip(stops, windows, ahead, strict=False)
    ]
    return Learning(
        values=facts.measured(ended),
        steps=(*steps, _judged(facts, facts.complete, everything)),
        foretold=_pooled(facts, ended, stops, ahead),
    )


def sizes(num_complete: int) -> tuple[int, ...]:
    """How many trials each step knows: every `STRIDE`, or at even ratios if those are too many; all in the last one."""
    even = [*range(FIRST, num_complete, STRIDE), num_complete]
    if len(even) <= MAX_STEPS:
        return tuple(even)
    return tuple(np.geomspace(FIRST, num_complete, MAX_STEPS).round().astype(int).tolist())


def _step(facts: Facts, known: Sequence[Trial], window: Sequence[Trial], ahead: Prediction) -> Step:
    session = facts.session
    step = _judged(facts, known, held_out(session.experiment, facts.pricing, known, session.seed))
    return replace(step, num_next=len(window), coming=tau(ahead.mean, facts.measured(window), _rng(facts, len(known))))


def _judged(facts: Facts, known: Sequence[Trial], prediction: Prediction) -> Step:
    """A step to which nothing has come yet."""
    measured = facts.measured(known)
    return Step(
        num_known=len(known),
        known=tau(prediction.mean, measured, _rng(facts, len(known))),
        regret=top_k_regret(prediction.mean, measured, k=max(1, len(known) // FAVOURITES)),
        best=float(measured.min()),
        num_next=0,
        coming=None,
    )


def _pooled(facts: Facts, ended: Sequence[Trial], stops: Sequence[int], ahead: Sequence[Prediction]) -> Foretold:
    """Each trial once: of a step's window only what came before the next step."""
    counts = [after - stop for stop, after in pairwise(stops)]
    prediction = Prediction(
        mean=np.concatenate([one.mean[:count] for one, count in zip(ahead, counts, strict=True)]),
        std=np.concatenate([one.std[:count] for one, count in zip(ahead, counts, strict=True)]),
    )
    measured = facts.measured(ended[stops[0] :])
    return Foretold(
        num_points=len(measured),
        tau=tau(prediction.mean, measured, _rng(facts, 0)),
        calibration=calibration(prediction, measured),
    )


def _by_ticket(trials: Sequence[Trial]) -> list[Trial]:
    return sorted(trials, key=lambda trial: trial.ticket)


def _rng(facts: Facts, step: int) -> np.random.Generator:
    """For the resamples of one step."""
    return np.random.default_rng((facts.session.seed, STREAM, step))
