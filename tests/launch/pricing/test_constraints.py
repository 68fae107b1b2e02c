"""Constraints of the record: at most 0 where a limit is kept, as it is written."""

from dataclasses import replace

import pytest

from launch.pricing import Pricing, price, quality_limit, shown
from nas.record import Trial
from nas.resources import macs, params
from tests.experiments.tiny import SPACE

PUBLISHED, SMALL = SPACE.reference("published"), (0,) * SPACE.num_decisions
TRIAL = Trial(
    phase="search", ticket=0, architecture=SMALL, fidelity=1, origin="design", state="complete", metrics={"error": 0.4}
)


@pytest.fixture(scope="module")
def pricing() -> Pricing:
    return price(SPACE, [*macs.RESOURCES, *params.RESOURCES], baseline="published")


def test_excess_is_a_share_of_the_bound_without_any_margin(pricing: Pricing) -> None:
    kept = replace(pricing, margins={"macs": 0.5})
    limits = [kept.limit("macs <= 0.8 * baseline"), kept.limit("params >= 2 * baseline")]
    found = shown(kept, limits, None, ["params"])
    assert list(found.excess(PUBLISHED)) == [pytest.approx(0.25), pytest.approx(0.5)]
    assert found.excess(SMALL)[0] < 0 < found.excess(SMALL)[1]
    assert found.costs(PUBLISHED) == {"params": pricing.costs(PUBLISHED)["params"]}
    assert list(found.trained_excess(TRIAL, [])) == []


def test_a_limit_on_a_metric_waits_for_the_network_that_it_is_measured_by(pricing: Pricing) -> None:
    found = shown(pricing, [], quality_limit("error <= 1.1 * baseline", "error", pricing), [])
    baseline = replace(TRIAL, ticket=1, architecture=PUBLISHED, metrics={"error": 0.2})
    assert list(found.trained_excess(TRIAL, [TRIAL])) == []
    assert list(found.trained_excess(TRIAL, [replace(baseline, fidelity=5)])) == [], "trained for longer"
    assert list(found.trained_excess(TRIAL, [baseline])) == [pytest.approx(0.4 / 0.22 - 1)]
    assert list(found.trained_excess(baseline, [])) == [pytest.approx(1 / 1.1 - 1)]
    plain = shown(pricing, [], quality_limit("error <= 0.5", "error", pricing), [])
    assert list(plain.trained_excess(TRIAL, [])) == [pytest.approx(-0.2)]
