"""How good a run's predictor is: each complete search trial predicted by a fit that has not seen it.

One function for the search, which records the figures, and for the report, which draws the very same predictions.
Beside it the fits by which a report says how sure it is: to what was known earlier, and to all but a group of trials.
"""

from collections.abc import Sequence

import numpy as np

from launch.experiment import Experiment
from launch.pricing import Pricing
from nas.predictor import Fitted, Prediction
from nas.ranking import cross_predict
from nas.strategies.chamnet import fit
from nas.trial import Trial, rows

NUM_FOLDS = 10
STREAM = 3  # of the run's seed; other steps of a search use others


def held_out(experiment: Experiment, pricing: Pricing, complete: Sequence[Trial], seed: int) -> Prediction:
    """Held-out predictions of the trials' objective, in their order.

    Raises:
      ValueError: there are fewer than two trials.
    """
    y = np.array([trial.metrics[experiment.objective] for trial in complete])
    X = pricing.features(rows(complete))
    rng = np.random.default_rng((seed, STREAM))
    return cross_predict(experiment.predictor, X, y, folds=NUM_FOLDS, rng=rng)


def foretold(experiment: Experiment, pricing: Pricing, known: Sequence[Trial], coming: Sequence[Trial]) -> Prediction:
    """What a fit to the known trials says of those to come, in their order."""
    return fit(experiment.predictor, pricing.features, known, experiment.objective).predict(
        pricing.features(rows(coming))
    )


def fits_without_a_group(
    experiment: Experiment, pricing: Pricing, complete: Sequence[Trial], num_groups: int
) -> tuple[Fitted, ...]:
    """For each group of every `num_groups`-th trial, a fit to all others."""
    return tuple(
        fit(
            experiment.predictor,
            pricing.features,
            [trial for i, trial in enumerate(complete) if i % num_groups != group],
            experiment.objective,
        )
        for group in range(num_groups)
    )
