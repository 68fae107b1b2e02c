"""Several objectives at once: metrics that training measures, and costs that are known exactly without it.

n, m      architectures, objectives; every objective is minimised, each column in its own unit
mean      Float[n, m]   of a metric what is predicted, of a cost the cost itself
std       Float[n, m]   of a metric the prediction's, of a cost 0: it is exact, and never predicted
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective
from nas.record import Trial, rows
from nas.search.goal import QualityLimit
from nas.search.predictor import Features, Fitted

Fits = Mapping[str, Fitted]
"""A fitted predictor of each trained metric, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """What a search minimises at once, and a limit on one of its metrics.

    Attributes:
      names: the objectives, in the order of every array's columns.
      costs: those among them that are known without training.
      quality: None where no metric is limited.
    """

    names: tuple[str, ...]
    costs: Mapping[str, Objective] = field(default_factory=dict)
    quality: QualityLimit | None = None

    @property
    def trained(self) -> tuple[str, ...]:
        """The metrics among the objectives."""
        return tuple(name for name in self.names if name not in self.costs)

    def measured(self, complete: Sequence[Trial]) -> Float[np.ndarray, "n m"]:
        """Of complete trials, metrics as measured beside costs."""
        population = rows(complete)
        columns = [
            self.costs[name](population)
            if name in self.costs
            else np.array([trial.metrics[name] for trial in complete], dtype=float)
            for name in self.names
        ]
        return np.stack(columns, axis=1)

    def means(self, fits: Fits, features: Features, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n m"]:
        """`predicted` without its deviations, and cheaper."""
        X = features(population)
        columns = [
            self.costs[name](population) if name in self.costs else fits[name].predict_mean(X) for name in self.names
        ]
        return np.stack(columns, axis=1)

    def predicted(
        self, fits: Fits, features: Features, population: Int8[np.ndarray, "n d"]
    ) -> tuple[Float[np.ndarray, "n m"], Float[np.ndarray, "n m"]]:
        """Mean and standard deviation."""
        X, shape = features(population), (len(population), len(self.names))
        mean, std = np.zeros(shape), np.zeros(shape)
        for i, name in enumerate(self.names):
            if name in self.costs:
                mean[:, i] = self.costs[name](population)
            else:
                prediction = fits[name].predict(X)
                mean[:, i], std[:, i] = prediction.mean, prediction.std
        return mean, std

    def bounds(self, fits: Fits, features: Features) -> Float[np.ndarray, " m"]:
        """What the limit asks of each objective, as the predictor sees its reference; infinite where it is silent."""
        bounds = np.full(len(self.names), np.inf)
        if self.quality is not None:
            place = self.names.index(self.quality.metric)
            bounds[place] = self.quality.predicted_bound(fits[self.quality.metric], features)
        return bounds
