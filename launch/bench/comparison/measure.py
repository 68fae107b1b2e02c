"""Performance measures after every training: regret, rank, the judge's regret, hypervolume.

For one objective a curve is the regret: how far the best trained so far is from the best of all allowed rows, in the
objective's own unit, 0 at best. Until a training has succeeded it is that of the worst row. For several objectives a
curve is the share of the true front's hypervolume that is still missing, 0 at best; the reference point is the worst
value of each objective over the allowed rows, moved outward by `NUDGE` of the range, so that the ends of a front count.

Where trainings differ in cost, only full ones count, and a curve runs over cost in units of a full training.

    K   seeds; T trainings
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from launch.bench.question import Arena
from launch.bench.replay import Replay
from nas.genetic import front_mask, hypervolume

NUDGE = 0.01
NUM_RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over seeds and its 95 % interval; both ends equal the mean for a single seed."""

    mean: float
    low: float
    high: float


def estimates(samples: Float[np.ndarray, "K T"]) -> Float[np.ndarray, "3 T"]:
    """Mean, low and high of each column, by the percentile bootstrap over the rows; NaN rows are left out.

    Source: Efron and Tibshirani 1993, "An introduction to the bootstrap", section 13.3.
    """
    kept = samples[~np.isnan(samples).any(axis=1)]
    if len(kept) == 0:
        return np.full((3, samples.shape[1]), np.nan)
    rng = np.random.default_rng(0)
    weights = rng.multinomial(len(kept), np.full(len(kept), 1 / len(kept)), size=NUM_RESAMPLES) / len(kept)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(weights @ kept, [tail, 1 - tail], axis=0)
    return np.stack([kept.mean(axis=0), low, high])


def estimate(samples: Float[np.ndarray, " K"]) -> Estimate | None:
    """As `estimates`, of one number per seed; None if no seed has one."""
    kept = samples[~np.isnan(samples)]
    if len(kept) == 0:
        return None
    mean, low, high = estimates(kept[:, None])[:, 0].tolist()
    return Estimate(mean=mean, low=low, high=high)


def loss_curve(arena: Arena, replay: Replay, num_trials: int) -> Float[np.ndarray, " T"]:
    """Loss after 1 .. T full trainings, or after as much cost; an early end keeps its last value."""
    places, num_full = full_trainings(arena, replay, num_trials)
    if len(arena.objectives) > 1:
        curve = _missing_volume(arena, places)
        return np.concatenate([curve, np.full(num_trials - len(curve), curve[-1])])
    worst = np.nanmax(arena.values[arena.allowed, 0]) - np.nanmin(arena.values[arena.allowed, 0])
    return np.asarray(np.concatenate([[worst], _regret(arena, places)])[num_full])


def judge_curve(arena: Arena, replay: Replay, num_trials: int) -> Float[np.ndarray, " T"]:
    """The judge's regret of the best by objective after each training; NaN where its row has no value in the judge.

    Raises:
      ValueError: there are several objectives, hence no best, or there is no judge.
    """
    if arena.judged is None or len(arena.objectives) > 1:
        raise ValueError("a judge looks at the best of one objective; name one objective and a judge")
    places, num_full = full_trainings(arena, replay, num_trials)
    regret = arena.judged[_best_so_far(arena, places)] - np.nanmin(arena.judged[arena.allowed])
    worst = np.nanmax(arena.judged[arena.allowed]) - np.nanmin(arena.judged[arena.allowed])
    return np.asarray(np.concatenate([[worst], regret])[num_full])


def judge_floor(arena: Arena) -> float:
    """The judge's regret of the objective's best row: what a perfect search is left with."""
    assert arena.judged is not None
    best = np.flatnonzero(arena.allowed)[np.nanargmin(arena.values[arena.allowed, 0])]
    return float(arena.judged[best] - np.nanmin(arena.judged[arena.allowed]))


def rank(arena: Arena, replay: Replay) -> int:
    """The best trained row's rank among the allowed ones, 1 at best; equal values share the better rank."""
    trained = arena.values[full_trainings(arena, replay, len(replay.places))[0], 0]
    best = np.nanmin(trained, initial=np.inf)
    return 1 + int((arena.values[arena.allowed, 0] < best).sum())


def front_share(arena: Arena, replay: Replay) -> float:
    """The share of the true front's points that were trained."""
    front = true_front(arena)
    return float(np.isin(front, replay.places).mean())


def true_front(arena: Arena) -> Int[np.ndarray, " p"]:
    """The allowed rows that no other one dominates."""
    places = _finite(arena, np.flatnonzero(arena.allowed))
    front: Int[np.ndarray, " p"] = places[front_mask(arena.values[places])]
    return front


def reference_point(arena: Arena) -> Float[np.ndarray, " m"]:
    """See the module's docstring; lower is better, as in `Arena.values`."""
    values = arena.values[_finite(arena, np.flatnonzero(arena.allowed))]
    reference: Float[np.ndarray, " m"] = values.max(axis=0) + NUDGE * np.where(
        np.ptp(values, axis=0), np.ptp(values, axis=0), 1
    )
    return reference


def reached(curve: Float[np.ndarray, " T"], bar: float) -> int | None:
    """After how many trainings a curve is no worse than the bar; None if never."""
    below = np.flatnonzero(curve <= bar)
    return int(below[0]) + 1 if len(below) else None


def full_trainings(
    arena: Arena, replay: Replay, num_trials: int
) -> tuple[Int[np.ndarray, " t"], Int[np.ndarray, " T"]]:
    """The rows of full trainings in order, and how many had ended when 1 .. T full ones' worth had been spent."""
    costs = np.array(replay.costs, dtype=np.int64)
    is_full = costs == arena.full
    spent = np.cumsum(costs)[is_full]
    num_full = np.searchsorted(spent, np.arange(1, num_trials + 1) * arena.full, side="right")
    return np.array(replay.places, dtype=np.int64)[is_full], num_full.astype(np.int64)


def _regret(arena: Arena, places: Int[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    allowed = arena.values[arena.allowed, 0]
    worst = np.nanmax(allowed)
    trained = np.where(np.isnan(arena.values[places, 0]), worst, arena.values[places, 0])
    regret: Float[np.ndarray, " t"] = np.minimum.accumulate(trained) - np.nanmin(allowed)
    return regret


def _best_so_far(arena: Arena, places: Int[np.ndarray, " t"]) -> Int[np.ndarray, " t"]:
    """The row of the best trained so far, the first of equal ones."""
    trained = np.where(np.isnan(arena.values[places, 0]), np.inf, arena.values[places, 0])
    improves = trained < np.concatenate([[np.inf], np.minimum.accumulate(trained)[:-1]])
    best: Int[np.ndarray, " t"] = places[np.maximum.accumulate(np.where(improves, np.arange(len(places)), 0))]
    return best


def _missing_volume(arena: Arena, places: Int[np.ndarray, " t"]) -> Float[np.ndarray, " t"]:
    reference = reference_point(arena)
    whole = hypervolume(arena.values[true_front(arena)], reference)
    missing, front = np.ones(len(places)), np.zeros((0, len(reference)))
    for i, place in enumerate(places):
        value = arena.values[place]
        if not np.isnan(value).any() and not (front <= value).all(axis=1).any():
            front = np.concatenate([front[~(value <= front).all(axis=1)], value[None]])
        missing[i] = 1 - hypervolume(front, reference) / whole
    return missing


def _finite(arena: Arena, places: Int[np.ndarray, " t"]) -> Int[np.ndarray, " f"]:
    """Those of the rows that have a value in every objective."""
    finite: Int[np.ndarray, " f"] = places[~np.isnan(arena.values[places]).any(axis=1)]
    return finite
