"""Chooses the finalists: the best by prediction and by trial that meet the limits on the device itself, too.

Timing a network takes seconds, training it for long takes hours. A candidate that runs over a limit although it was
predicted to stay within it makes room for the next best. If so many do that candidates run out, the device is slower
than when its table was made, and they are chosen anew with that much more margin.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from launch.experiment import Experiment
from launch.pricing import Pricing, within
from launch.run.finals.measure import Step, latencies
from launch.session import RunFolder
from nas.costs import Limit
from nas.feasible import FeasibleSet
from nas.genetic import Problem
from nas.record import Proposal, Trial
from nas.search import Aims, Candidate, Fits, FrontCandidate, Goal, best_candidates, front_candidates
from nas.space import Architecture

SPARE = 4
"""Candidates for each finalist, should some run over a latency limit."""
CHOICES = 3
"""How often they are chosen, each time with the margin that the timings so far ask for."""
LEAST_WIDER = 0.01  # below, choosing again would only give what has been timed

Timer = Callable[[Sequence[Proposal]], Sequence[Mapping[str, float]]]
"""Measured resources of each proposal by name: what devices at hand can time."""
Timings = dict[Architecture, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalists:
    """How a search chooses them. `seed`: of the genetic search among predictions; `say` and `step` are told of long
    steps.
    """

    experiment: Experiment
    folder: RunFolder
    pricing: Pricing
    limits: tuple[Limit, ...]
    feasible: FeasibleSet
    goal: Goal | None
    aims: Aims | None
    seed: tuple[int, ...]
    say: Callable[[str], None]
    step: Step

    def choose(self, complete: Sequence[Trial], fits: Fits) -> list[Proposal]:
        """As many as the experiment wants; fewer if no more meet the limits.

        If nothing meets them, the first choice as it is: the search then ends with the nearest, and says so.

        Raises:
          TimingError: a device at hand failed or dropped out.
        """
        number, timings = self.experiment.num_finalists, Timings()
        offers = self._offers(complete, fits, timings)
        first = next(offers)
        if not any(limit.resource in self.pricing.margins for limit in self.limits):
            return first

        def timer(proposals: Sequence[Proposal]) -> list[Mapping[str, float]]:
            measured = self._time([one.architecture for one in proposals])
            timings.update(measured)
            return [measured[one.architecture] for one in proposals]

        return vet(number, chain([first], offers), self.limits, timer) or first

    def _offers(self, complete: Sequence[Trial], fits: Fits, timings: Timings) -> Iterator[list[Proposal]]:
        """Candidates in the order in which they are wanted, each once; later choices know the earlier ones' timings."""
        pricing, feasible, offered = self.pricing, self.feasible, set[Architecture]()
        for choice in range(CHOICES):
            if choice:
                wider = self._wider(pricing, timings)
                if wider is None:
                    return
                pricing, feasible = wider
            for number in (self.experiment.num_finalists, SPARE * self.experiment.num_finalists):
                found = self._candidates(number, complete, fits, pricing, feasible)
                yield [one for one in found if one.architecture not in offered]
                offered |= {one.architecture for one in found}

    def _wider(self, pricing: Pricing, timings: Timings) -> tuple[Pricing, FeasibleSet] | None:
        """With the margins that the timings ask for; None if these are no wider, or nothing meets the limits then."""
        margins = self._margins(timings)
        if margins == pricing.margins:
            return None
        wider = within(replace(pricing, margins=margins), self.limits, self.seed[0])
        if all(margin <= pricing.margins[name] + LEAST_WIDER for name, margin in wider.pricing.margins.items()):
            return None
        shown = ", ".join(f"{name} {margin:.0%}" for name, margin in wider.pricing.margins.items())
        self.say(f"measured latencies exceed the predicted ones; choosing again with a margin of {shown}")
        return wider.pricing, wider.feasible

    def _margins(self, timings: Timings) -> dict[str, float]:
        """By resource: the table's own, or what the timings need, the one that exceeds its prediction most."""
        margins = dict(self.pricing.margins)
        for architecture, measured in timings.items():
            predicted = self.pricing.costs(architecture)
            for name in margins.keys() & measured.keys():
                margins[name] = max(margins[name], measured[name] / predicted[name] - 1)
        return margins

    def _candidates(
        self, number: int, complete: Sequence[Trial], fits: Fits, pricing: Pricing, feasible: FeasibleSet
    ) -> list[Proposal]:
        place = _Place(pricing=pricing, feasible=feasible, problem=pricing.problem(self.limits))
        rng = np.random.default_rng(self.seed)
        found: Sequence[Candidate | FrontCandidate] = (
            self._best(number, complete, fits, place, rng)
            if self.aims is None
            else front_candidates(
                number,
                aims=self.aims,
                fits=fits,
                features=pricing.features,
                complete=complete,
                sample=feasible.sample,
                problem=place.problem,
                rng=rng,
            )
        )
        return [Proposal(architecture=one.architecture, origin=one.origin) for one in found]

    def _best(
        self, number: int, complete: Sequence[Trial], fits: Fits, place: "_Place", rng: np.random.Generator
    ) -> list[Candidate]:
        return best_candidates(
            number,
            fitted=fits[self.experiment.objective],
            features=place.pricing.features,
            complete=complete,
            objective=self.experiment.objective,
            sample=place.feasible.sample,
            problem=place.problem,
            rng=rng,
            goal=self.goal,
        )

    def _time(self, architectures: Sequence[Architecture]) -> dict[Architecture, Mapping[str, float]]:
        """Latencies as measured now; what an earlier command measured here is not measured again."""
        known = earlier_timings(self.folder)
        new = [row for row in architectures if row not in known]
        if new:
            self.say(f"timing {len(new)} candidates whole, before they are trained for long")
            found = latencies(self.experiment.space, self.experiment.devices, new, self.limits, self.step)
            known |= dict(zip(new, found, strict=True))
            self.folder.write_json(self.folder.timings, {str(row): times for row, times in known.items()})
        return {row: known[row] for row in architectures}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where finalists are sought, with the margins that are kept."""

    pricing: Pricing
    feasible: FeasibleSet
    problem: Problem


def earlier_timings(folder: RunFolder) -> Timings:
    """Whole networks that this run has timed so far."""
    if not folder.timings.exists():
        return {}
    kept = folder.read_json(folder.timings)
    return {tuple(ast.literal_eval(row)): times for row, times in kept.items()}


def vet(number: int, offers: Iterable[Sequence[Proposal]], limits: Sequence[Limit], timer: Timer) -> list[Proposal]:
    """The first `number` of what is offered that meet the limits as measured; fewer if the offers end.

    No more is timed, and no more offers are asked for, than it takes. Resources that the timer does not know are taken
    as met: they are counted exactly.
    """
    passed: list[Proposal] = []
    for offer in offers:
        waiting = list(offer)
        while waiting and len(passed) < number:
            missing = number - len(passed)
            trying, waiting = waiting[:missing], waiting[missing:]
            measured = timer(trying)
            passed += [one for one, found in zip(trying, measured, strict=True) if _meets(found, limits)]
        if len(passed) == number:
            break
    return passed


def _meets(found: Mapping[str, float], limits: Sequence[Limit]) -> bool:
    return all(
        found[limit.resource] <= limit.bound if limit.relation == "<=" else found[limit.resource] >= limit.bound
        for limit in limits
        if limit.resource in found
    )
