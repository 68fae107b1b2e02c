"""Scores by shared weights and trainings in one fit: what the finals' predictor makes of both."""

import numpy as np
import pytest
from jaxtyping import Float

from nas.record import Trial
from nas.search import FitsUnequalNoise, Rungs, coverage
from nas.strategies._rungs import Informed, Rung, informed
from nas.strategies.halving import full_predictor
from predictors import gp, ridge

NOISE = 0.006


def truth(X: Float[np.ndarray, "n f"]) -> Float[np.ndarray, " n"]:
    """An error as trainings have it on average."""
    return np.asarray(0.35 - 0.06 * np.log(0.3 + X) @ np.linspace(0.0, 0.3, X.shape[1]))


def scores(X: Float[np.ndarray, "n f"], rng: np.random.Generator) -> Float[np.ndarray, " n"]:
    """In another place, half as far apart, and not quite in the same order."""
    return np.asarray(0.45 + 0.5 * (truth(X) - 0.35) + 0.002 * rng.standard_normal(len(X)))


@pytest.mark.parametrize("number", [5, 10])
def test_scores_stand_in_the_place_of_trainings_and_what_is_predicted_may_be_believed(number: int) -> None:
    assert isinstance(gp.PREDICTOR, FitsUnequalNoise)
    covered, missed = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X = rng.integers(0, 6, (60, 12)) / 5.0
        seen, unseen = X[:number], X[40:]
        below = [Rung(X=X[:40], y=scores(X[:40], rng))]
        y, fresh = (truth(some) + NOISE * rng.standard_normal(len(some)) for some in (seen, unseen))
        predictions = [
            informed(gp.PREDICTOR, below, by_scores=told).fit(seen, y).predict(unseen) for told in (True, False)
        ]
        covered.append([coverage(one, fresh, level=0.95) for one in predictions])
        missed.append([np.abs(one.mean - fresh).mean() for one in predictions])
    told, plain = np.mean(covered, axis=0)
    assert told > 0.85 and told > plain
    assert np.mean(missed, axis=0)[0] < 2 * NOISE


def test_a_predictor_that_knows_one_noise_only_fits_them_alike() -> None:
    rng = np.random.default_rng(0)
    X = rng.random((20, 4))
    fitted = informed(ridge.PREDICTOR, [Rung(X=X, y=scores(X, rng))], by_scores=True).fit(X[:4], truth(X[:4]))
    assert np.abs(fitted.predict_mean(X) - truth(X)).mean() < 0.02


def test_without_a_score_nothing_is_taken_for_one() -> None:
    trained = [
        Trial(phase="search", ticket=i, architecture=(i,), fidelity=5, origin="", state="complete",
              metrics={"error": 0.1 * i})
        for i in range(4)
    ]  # fmt: skip
    rungs = Rungs(fidelities=(0, 5, 9), eta=2.0)
    found = full_predictor(gp.PREDICTOR, rungs, lambda rows: rows / 4.0, trained, "error")
    assert isinstance(found, Informed) and not found.by_scores
