"""Several objectives: metrics are predicted, costs are exact."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nas.record import rows
from nas.search import Fitted, QualityLimit, fit_to_trials
from nas.search.aims import Aims
from predictors import ridge
from tests.nas.strategies.small import COST_WEIGHTS, FEASIBLE, both, features, history

AIMS = Aims(names=("error", "cost"), costs={"cost": lambda population: population @ COST_WEIGHTS})


def fits() -> Mapping[str, Fitted]:
    return {"error": fit_to_trials(ridge.PREDICTOR, features, history(20)[0], "error")}


def test_costs_are_exact_and_metrics_predicted_column_by_column() -> None:
    mean, std = AIMS.predicted(fits(), features, FEASIBLE)
    np.testing.assert_allclose(mean, both(FEASIBLE), atol=0.01)
    np.testing.assert_array_equal(mean[:, 1], both(FEASIBLE)[:, 1])
    assert (std[:, 0] > 0).all() and (std[:, 1] == 0).all()
    np.testing.assert_array_equal(AIMS.means(fits(), features, FEASIBLE), mean)
    assert AIMS.trained == ("error",)


def test_trials_need_not_carry_a_cost() -> None:
    complete = history(20)[0]
    bare = [replace(trial, metrics={"error": trial.metrics["error"]}) for trial in complete]
    np.testing.assert_allclose(AIMS.measured(bare), both(rows(bare)))


def test_a_limit_bounds_its_metric_and_nothing_else() -> None:
    def bounds(reference: tuple[int, ...] | None, amount: float) -> list[float]:
        limit = QualityLimit(metric="error", amount=amount, reference=reference, text="")
        return Aims(names=AIMS.names, costs=AIMS.costs, quality=limit).bounds(fits(), features).tolist()

    assert bounds(None, 0.8) == [0.8, np.inf]
    reference = tuple(FEASIBLE[-1].tolist())
    expected = 1.1 * fits()["error"].predict_mean(features(FEASIBLE[-1:]))[0]
    assert bounds(reference, 1.1) == [expected, np.inf]
    assert AIMS.bounds(fits(), features).tolist() == [np.inf, np.inf]
