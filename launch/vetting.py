"""Before finalists are trained for long: do they meet their latency limits on the device itself?

Timing a network takes seconds, training it for long takes hours. A candidate that runs over a limit although it was
predicted to stay within it makes room for the next best.
"""

from collections.abc import Callable, Mapping, Sequence

from nas.limits import Limit
from nas.trial import Proposal

Timer = Callable[[Sequence[Proposal]], Sequence[Mapping[str, float]]]
"""Measured resources of each proposal by name: what devices at hand can time."""


def vet(first: Sequence[Proposal], spare: Sequence[Proposal], limits: Sequence[Limit], timer: Timer) -> list[Proposal]:
    """As many as `first` that meet the limits as measured, `first` before `spare`; fewer if the spare ones run out.

    Resources that the timer does not know are taken as met: they are counted exactly. If nothing meets the limits,
    `first` as it is: the search then ends with the nearest, and says so.
    """
    passed: list[Proposal] = []
    waiting, rest = list(first), list(spare)
    while waiting:
        measured = timer(waiting)
        passed += [one for one, found in zip(waiting, measured, strict=True) if _meets(found, limits)]
        missing = len(first) - len(passed)
        waiting, rest = rest[:missing], rest[missing:]
    return passed or list(first)


def _meets(found: Mapping[str, float], limits: Sequence[Limit]) -> bool:
    return all(
        found[limit.resource] <= limit.bound if limit.relation == "<=" else found[limit.resource] >= limit.bound
        for limit in limits
        if limit.resource in found
    )
