"""Held-out predictions are those that the run's record judges; sentences claim no more than the figures bear."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau

import launch.run
from launch.folder import RunFolder
from launch.report import judged
from launch.report.facts import read_facts
from launch.report.heldout import Folds, chance_tau, held_out, judgement
from nas.ranking import PredictorQuality, cross_validate, quality
from predictors import ridge

GOOD = PredictorQuality(
    num_points=40, kendall_tau=0.8, spearman=0.9, rmse=0.01, top_k=10, top_k_regret=0.0,
    coverage_50=0.5, coverage_80=0.8, coverage_95=0.95,
)  # fmt: skip


def folds(seed: int) -> Folds:
    return Folds(num=10, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("num_points", [2, 7, 25])
def test_held_out_predictions_are_those_of_cross_validation(num_points: int) -> None:
    rng = np.random.default_rng(num_points)
    X, y = rng.normal(size=(num_points, 3)), rng.normal(size=num_points)
    expected = cross_validate(ridge.PREDICTOR, X, y, folds=10, rng=np.random.default_rng(1))
    assert quality(held_out(ridge.PREDICTOR, X, y, folds(1)), y) == expected


def test_the_picture_shows_the_predictions_that_the_record_judges(finished: RunFolder) -> None:
    facts = read_facts(finished)
    assert (judged.NUM_FOLDS, judged.JUDGE_STREAM) == (launch.run.FOLDS, launch.run.STREAMS["judge"])
    prediction = judged._held_out(facts)
    assert prediction is not None and facts.winner is not None
    y = np.array([trial.metrics["error"] for trial in facts.complete])
    assert quality(prediction, y) == PredictorQuality(**facts.winner["predictor"])


def test_one_point_cannot_be_held_out() -> None:
    with pytest.raises(ValueError, match="at least 2 points, got 1; wait for another trial"):
        held_out(ridge.PREDICTOR, np.zeros((1, 2)), np.zeros(1), folds(0))


def test_chance_tau_is_what_random_rankings_reach() -> None:
    rng = np.random.default_rng(0)
    taus = [abs(kendalltau(np.arange(30), rng.permutation(30)).statistic) for _ in range(2000)]
    assert np.quantile(taus, 0.95) == pytest.approx(chance_tau(30), abs=0.02)
    assert chance_tau(3) == 1.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "about 90% of the time"),
        ({"num_points": 8}, "8 points are too few to judge a predictor"),
        ({"kendall_tau": 0.1}, "cannot be told from chance"),
        ({"kendall_tau": 0.4}, "moderate"),
        ({"coverage_80": 0.5, "coverage_95": 0.7}, "Its 80% and 95% intervals hold clearly fewer trials"),
        ({"coverage_50": 0.9}, "Its 50% intervals hold clearly more trials"),
        ({"coverage_50": float("nan")}, "could not be checked"),
    ],
)
def test_sentences_follow_the_figures(change: dict[str, float], said: str) -> None:
    assert said in " ".join(judgement(replace(GOOD, **change)))  # type: ignore[arg-type]  # the keys are its fields
