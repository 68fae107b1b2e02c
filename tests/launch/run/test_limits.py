"""What is refused before anything is measured or trained."""

import pytest

from launch.run.limits import check_limits
from nas.costs import LimitError
from nas.feasible import InfeasibleError
from tests.experiments import tiny
from tests.experiments.tiny import SPACE

EXPERIMENT = tiny.experiment()


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("mac <= 1e9", r"did you mean 'macs'\?; known: error, latency_ms\.fake, macs, params"),
        ("latency_ms.phone <= 3", r"no known resource; did you mean 'latency_ms\.fake'"),
        ("latency_ms.fake <= 2 + 2", r"'2 \+ 2' is not allowed"),
        ("latency_ms.fake <= 3 MB", "cannot be in 'MB'; use ns, us, ms, s"),
        ("latency_ms.fake <= 0.5 * mobilenet", "has no reference architecture 'mobilenet'; known: published"),
        ("macs <= 0.5 * mobilenet", "has no reference architecture 'mobilenet'; known: published"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_without_measuring(limit: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        check_limits(EXPERIMENT, [limit])


def test_a_limit_that_nothing_meets_is_refused_with_the_smallest_cost() -> None:
    smallest = SPACE.lower((0,) * SPACE.num_decisions)
    with pytest.raises(InfeasibleError, match=f"{smallest.macs:,}"):
        check_limits(EXPERIMENT, ["params <= 1e9", "macs <= 1"])


def test_sensible_limits_pass() -> None:
    check_limits(EXPERIMENT, ["macs <= 0.5 * baseline", "latency_ms.fake <= 0.5 * published", "params >= 1000"])
