"""Cross-validation of a run's predictor: each complete search trial predicted by a fit that has not seen it.

One function for the search, which records the figures, and for the report, which draws the very same predictions.
Beside it the fits by which a report says how sure it is: to what was known earlier, and to all but a group of trials.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from launch.experiment import Experiment
from launch.pricing import Pricing
from nas.costs import Limit
from nas.record import Trial, rows
from nas.search import Fitted, Prediction, RobustPredictor, cross_predict, drawn_in, far_off, fit_to_trials

NUM_FOLDS = 10
NUM_NAMED = 5
NEAR_SHARE = 0.85
STREAM = 3  # of the run's seed; other steps of a search use others


def held_out(experiment: Experiment, pricing: Pricing, complete: Sequence[Trial], seed: int) -> Prediction:
    """Held-out predictions of the trials' objective, in their order; to be compared with their `targets`.

    Raises:
      ValueError: there are fewer than two trials.
    """
    y = _measured(complete, experiment.objective)
    X = pricing.features(rows(complete))
    rng = np.random.default_rng((seed, STREAM))
    return cross_predict(RobustPredictor(predictor=experiment.predictor), X, y, folds=NUM_FOLDS, rng=rng)


def targets(complete: Sequence[Trial], objective: str) -> Float[np.ndarray, " n"]:
    """What complete trials measured, as predictors learn it: what is far off is drawn in (`nas.search.targets`)."""
    return drawn_in(_measured(complete, objective))


def near_limit(pricing: Pricing, limits: Sequence[Limit], complete: Sequence[Trial]) -> Bool[np.ndarray, " n"]:
    """Which trials cost at least `NEAR_SHARE` of what an upper limit allows: there winners lie."""
    population = rows(complete)
    near = np.zeros(len(complete), dtype=bool)
    for limit in limits:
        if limit.relation == "<=" and len(complete):
            near |= pricing.tables[limit.resource].cost(population) >= NEAR_SHARE * limit.bound
    return near


def far_off_text(complete: Sequence[Trial], objective: str) -> str | None:
    """Names the trials that lie absurdly far from the others, and says what is made of them; None if there are none."""
    y = _measured(complete, objective)
    if not (far := far_off(y)).any():
        return None
    named = [f"{trial.phase}-{trial.ticket} ({y[i]:.4g})" for i, trial in enumerate(complete) if far[i]]
    more = f" and {len(named) - NUM_NAMED} more" if len(named) > NUM_NAMED else ""
    return (
        f"{objective} lies absurdly far from that of the other trials (median {np.median(y):.4g}): "
        f"{', '.join(named[:NUM_NAMED])}{more}; predictors learn it as just beyond theirs, see what went wrong there"
    )


def _measured(complete: Sequence[Trial], objective: str) -> Float[np.ndarray, " n"]:
    return np.array([trial.metrics[objective] for trial in complete])


def foretold(experiment: Experiment, pricing: Pricing, known: Sequence[Trial], coming: Sequence[Trial]) -> Prediction:
    """What a fit to the known trials says of those to come, in their order."""
    return fit_to_trials(experiment.predictor, pricing.features, known, experiment.objective).predict(
        pricing.features(rows(coming))
    )


def fits_without_a_group(
    experiment: Experiment, pricing: Pricing, complete: Sequence[Trial], num_groups: int
) -> tuple[Fitted, ...]:
    """For each group of every `num_groups`-th trial, a fit to all others."""
    return tuple(
        fit_to_trials(
            experiment.predictor,
            pricing.features,
            [trial for i, trial in enumerate(complete) if i % num_groups != group],
            experiment.objective,
        )
        for group in range(num_groups)
    )
