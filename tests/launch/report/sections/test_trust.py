"""Held-out predictions are those that the run's record judges; sentences claim no more than the figures bear."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau

from launch.report.facts.facts import read_facts
from launch.report.sections import predictor
from launch.report.sections.trust import chance_tau, judgement
from launch.session import RunFolder, near_limit
from nas.search import PredictorQuality, quality

GOOD = PredictorQuality(
    num_points=40, kendall_tau=0.8, spearman=0.9, rmse=0.01, top_k=10, top_k_regret=0.0,
    coverage_50=0.5, coverage_80=0.8, coverage_95=0.95,
)  # fmt: skip


def test_the_picture_shows_the_predictions_that_the_record_judges(finished: RunFolder) -> None:
    facts = read_facts(finished)
    prediction = predictor.unseen(facts)
    assert prediction is not None and facts.winner is not None
    y = np.array([trial.metrics["error"] for trial in facts.complete])
    near = near_limit(facts.pricing, facts.binding, facts.complete)
    recorded = {name: value for name, value in facts.winner["predictor"].items() if name != "choice"}
    assert quality(prediction, y, near=near) == PredictorQuality(**recorded)


def test_what_a_predictor_has_chosen_to_learn_from_is_told(finished: RunFolder) -> None:
    facts = read_facts(finished)
    assert facts.winner is not None and facts.winner["predictor"]["choice"].startswith("levels: 11 points")
    told = predictor.judged(facts, None)
    assert not isinstance(told, str) and f"It has chosen {facts.winner['predictor']['choice']}." in told.sentences


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
