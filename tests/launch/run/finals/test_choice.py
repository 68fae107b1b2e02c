"""Which point of a front becomes the winner."""

from typing import Any

import pytest

from launch.run.finals.choice import choose_point, value_of
from nas.costs import LimitError

OBJECTIVES = ("error", "macs")


def point(error: float, macs: float, **more: float) -> dict[str, Any]:
    return {
        "metrics": {"error": error},
        "resources": {
            "macs": {"unit": "MACs", "predicted": macs + 1, "measured": macs},
            "params": {"unit": "parameters", "predicted": more.get("params", 7.0), "measured": None},
        },
        "finals": [
            {"origin": "predicted, baseline published", "metrics": {"error": 0.4}, "measured": {"macs": 5e6}},
            {"origin": "design best", "metrics": {"error": 0.1}, "measured": {"macs": 1e6}},
        ],
    }


FRONT = [point(0.1, 9e6), point(0.2, 4e6), point(0.25, 2e6), point(0.6, 1e6)]


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        ((), 2),
        (("macs <= 4 MMACs",), 1),
        (("macs <= 0.5 * baseline",), 2),
        (("error <= 0.5 * published",), 1),
        (("error <= 0.3",), 2),
        (("error <= 0.3", "macs <= 3M"), 2),
        (("params <= 8",), 2),
    ],
)
def test_the_least_of_what_the_choice_does_not_speak_of(texts: tuple[str, ...], place: int) -> None:
    found = choose_point(FRONT, OBJECTIVES, texts)
    assert (found.place, found.is_met) == (place, True)


def test_where_no_point_meets_the_choice_the_nearest_is_taken_and_said() -> None:
    found = choose_point(FRONT, OBJECTIVES, ("macs <= 0.5M", "error <= 0.9"))
    assert (found.place, found.is_met) == (3, False)


def test_what_is_measured_counts_before_what_is_predicted() -> None:
    assert [value_of(FRONT[0], name) for name in ("error", "macs", "params")] == [0.1, 9e6, 7.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency_ms.cpu <= 3", "no known resource"),
        ("macs <= 0.5 * design", "is neither a unit .* nor a reference architecture"),
        ("macs", "has no comparison"),
    ],
)
def test_a_choice_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        choose_point(FRONT, OBJECTIVES, (text,))
