"""How good a run's predictor is: each complete search trial predicted by a fit that has not seen it.

One function for the search, which records the figures, and for the report, which draws the very same predictions.
"""

from collections.abc import Sequence

import numpy as np

from launch.experiment import Experiment
from launch.pricing import Pricing
from nas.predictor import Prediction
from nas.ranking import cross_predict
from nas.strategies.chamnet import rows
from nas.trial import Trial

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
