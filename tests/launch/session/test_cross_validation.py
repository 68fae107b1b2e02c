"""Which trials lie near a limit, and what is said of them."""

import numpy as np

from launch.pricing import price
from launch.session import near_limit
from launch.terminal import quality_text
from nas.record import Trial
from nas.resources import macs, params
from nas.search import PredictorQuality
from tests.experiments.tiny import SPACE

QUALITY = PredictorQuality(
    num_points=40, kendall_tau=0.8, spearman=0.9, rmse=0.01, top_k=10, top_k_regret=0.0,
    coverage_50=0.5, coverage_80=0.8, coverage_95=0.95, num_near_limit=12, tau_near_limit=0.25,
)  # fmt: skip


def test_they_cost_at_least_85_percent_of_what_an_upper_limit_allows() -> None:
    pricing = price(SPACE, [*macs.RESOURCES, *params.RESOURCES], baseline="published")
    rows = SPACE.sample(40, np.random.default_rng(0))
    trials = [
        Trial(phase="search", ticket=i, architecture=tuple(row), fidelity=1, origin="design", state="complete")
        for i, row in enumerate(rows.tolist())
    ]
    costs, counts = (
        np.array([pricing.costs(trial.architecture)[name] for trial in trials]) for name in ("macs", "params")
    )
    by_macs, by_both = ["macs <= 800k"], ["macs <= 800k", "params <= 8000", "macs >= 100k"]
    near = near_limit(pricing, [pricing.limit(text) for text in by_macs], trials)
    np.testing.assert_array_equal(near, costs >= 0.85 * 800e3)
    near = near_limit(pricing, [pricing.limit(text) for text in by_both], trials)
    np.testing.assert_array_equal(near, (costs >= 0.85 * 800e3) | (counts >= 0.85 * 8000))
    assert 0 < near.sum() < 40
    assert not near_limit(pricing, [], trials).any() and len(near_limit(pricing, [], [])) == 0


def test_the_sentence_tells_both_orders() -> None:
    assert "Kendall tau 0.800 (0.250 among the 12 near a limit), RMSE" in quality_text(QUALITY)
