"""Who runs over a latency limit as measured makes room for the next best."""

from collections.abc import Iterator, Mapping, Sequence

from launch.run.finals.finalists import Timer, vet
from nas.costs import Limit
from nas.record import Proposal

LIMITS = (
    Limit(resource="latency_ms.cpu", relation="<=", bound=10.0, text=""),
    Limit(resource="latency_ms.gpu", relation=">=", bound=1.0, text=""),
    Limit(resource="macs", relation="<=", bound=1.0, text=""),
)


def candidates(*numbers: int) -> list[Proposal]:
    return [Proposal(architecture=(number,), origin="predicted") for number in numbers]


def timer(cpu: Mapping[int, float], asked: list[int], gpu: float = 2.0) -> Timer:
    def time(proposals: Sequence[Proposal]) -> list[dict[str, float]]:
        numbers = [one.architecture[0] for one in proposals]
        asked.extend(numbers)
        return [{"latency_ms.cpu": cpu.get(number, 9.0), "latency_ms.gpu": gpu} for number in numbers]

    return time


def test_those_that_meet_their_limits_stay_and_nothing_more_is_timed_or_asked_for() -> None:
    asked: list[int] = []

    def offers() -> Iterator[list[Proposal]]:
        yield candidates(1, 2)
        raise AssertionError("no more is needed")

    assert vet(2, offers(), LIMITS, timer({}, asked)) == candidates(1, 2)
    assert asked == [1, 2]


def test_the_next_best_take_the_places_of_those_that_do_not() -> None:
    asked: list[int] = []
    times = {1: 10.1, 3: 11.0, 5: 10.0}
    assert vet(2, [candidates(1, 2), candidates(3, 4, 5)], LIMITS, timer(times, asked)) == candidates(2, 4)
    assert asked == [1, 2, 3, 4]
    assert vet(2, [candidates(1, 3), candidates(5)], LIMITS, timer(times, asked)) == candidates(5)


def test_limits_from_below_count_too() -> None:
    asked: list[int] = []
    assert vet(1, [candidates(1), [], candidates(2)], LIMITS, timer({}, asked, gpu=0.5)) == []
    assert asked == [1, 2]
