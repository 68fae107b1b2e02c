"""Prices architectures of a space and reads limits on them: names and texts on one side, arrays on the other.

A latency table predicts with an error of its own. A limit on it is searched with that error's margin kept, so that the
winner still meets the limit when it is measured; the limit itself, as reported and as checked, is not changed.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int8

from nas.costs import (
    AnyResource,
    AnyTable,
    CostTable,
    LevelTable,
    Limit,
    LimitError,
    PeakTable,
    check_reach,
    level_table,
    parse_limit,
    tabulate,
)
from nas.feasible import Bound, FeasibleSet, certify, extremes, reach
from nas.genetic import Constraints, Problem
from nas.latency import LatencyTable, doubts_text
from nas.search import Predictor
from nas.space import Architecture, Space
from nas.space.variants import EntangledError
from predictors.coding import Coding, choosing


@dataclass(frozen=True, kw_only=True)
class Pricing:
    """Cost tables of all resources of a run on its space.

    Attributes:
      tables: by resource name.
      margins: by resource name, the share of a limit that is kept free because the resource is itself a prediction.
      baseline: the reference architecture that "baseline" stands for.
      doubts: by resource name, why no limit may rest on its table, as a sentence.
    """

    space: Space
    tables: Mapping[str, AnyTable]
    margins: Mapping[str, float]
    baseline: str | None
    doubts: Mapping[str, str] = field(default_factory=dict)
    _spans: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)

    def costs(self, architecture: Architecture) -> dict[str, float]:
        """Every resource's cost of one architecture, each in its unit."""
        row = np.array([architecture], dtype=np.int8)
        return {name: float(table.cost(row)[0]) for name, table in self.tables.items()}

    def unit(self, resource: str) -> str:
        return self.tables[resource].resource.unit

    def limit(self, text: str) -> Limit:
        """Read a limit on this space's resources.

        Raises:
          LimitError: see `nas.costs.parse_limit`; or the resource's table is unfit for limits.
        """
        units = {name: self.unit(name) for name in self.tables}
        limit = parse_limit(text, units=units, reference_cost=self._reference_cost)
        check_trusted(limit, self.doubts)
        return limit

    def reference(self, name: str) -> Architecture:
        """The space's architecture of that name; "baseline" is the experiment's.

        Raises:
          SpaceError: there is none.
        """
        return self.space.reference(self.baseline if name == "baseline" and self.baseline is not None else name)

    def bounds(self, limits: Sequence[Limit]) -> tuple[Bound, ...]:
        """The limits in numbers, margins kept."""
        return tuple(
            Bound(
                name=limit.resource,
                unit=self.unit(limit.resource),
                cost=self.tables[limit.resource],
                relation=limit.relation,
                value=self._with_margin(limit),
                text=limit.text,
                margin=self.margins.get(limit.resource, 0.0),
            )
            for limit in limits
        )

    def feasible(self, limits: Sequence[Limit], seed: int) -> FeasibleSet:
        """The part of the space that meets the limits.

        Raises:
          InfeasibleError: there is none.
          LimitError: a limit makes no difference, because every architecture meets it.
        """
        bounds = self.bounds(limits)
        feasible = certify(self.space.num_options, bounds, np.random.default_rng((seed, 0)))
        for limit in limits:
            self._check_reach(limit)
        return feasible

    def _check_reach(self, limit: Limit) -> None:
        """Refuse a limit that cannot fail, not even within the margin of a prediction."""
        table, margin = self.tables[limit.resource], self._margin(limit)
        if isinstance(table, CostTable | PeakTable):  # of a meter over whole networks nobody knows the range
            with suppress(EntangledError):  # the same
                low, high = reach(self.space.num_options, table)
                check_reach(limit, low / margin, high * margin)

    def problem(self, limits: Sequence[Limit]) -> Problem:
        """The space and the limits as the genetic search takes them."""
        ordered = np.array([choice.is_numeric for choice in self.space.choices])
        bounds = self.bounds(limits)
        return Problem(
            num_options=self.space.num_options, ordered=ordered, constraints=_constraints(bounds) if bounds else None
        )

    def design_features(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n s"]:
        """What a design fills: the encoded decisions, and each count's logarithm scaled to [0, 1] over the space."""
        columns = [self._scaled_log(name, population) for name in ("macs", "params") if name in self.tables]
        return np.concatenate([self.space.encode(population), *columns], axis=1)

    def features(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n f"]:
        """What predictors see: `design_features`, then the network level by level (`nas.costs.levels`)."""
        return np.concatenate([self.design_features(population), self._levels.features(population)], axis=1)

    def choosing(self, predictor: Predictor) -> Predictor:
        """The predictor as it learns from `features`: from levels, and from numeric decisions too once they add to it.

        What a decision of names stands for no level tells, so that it is always seen.
        """
        lengths = [1 if choice.is_numeric else len(choice.options) for choice in self.space.choices]
        starts = itertools.accumulate(lengths, initial=0)
        columns = [start for start, choice in zip(starts, self.space.choices, strict=False) if choice.is_numeric]
        codings = (
            Coding(name="levels", columns=()),
            Coding(name="levels and decisions", columns=tuple(columns)),
        )
        return choosing(predictor, codings) if columns else predictor

    @cached_property
    def _levels(self) -> LevelTable:
        """Tabulated when a predictor first asks: many commands never do."""
        return level_table(self.space)

    def _scaled_log(self, name: str, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 1"]:
        table = self.tables[name]
        if name not in self._spans:
            assert isinstance(table, CostTable), f"{name} is a sum over operators"
            span = extremes(self.space.num_options, table)
            self._spans[name] = (np.log(span.low), np.log(span.high))
        low, high = self._spans[name]
        scaled: Float[np.ndarray, " n"] = (np.log(table.cost(population)) - low) / ((high - low) or 1.0)
        return scaled[:, None]

    def _with_margin(self, limit: Limit) -> float:
        margin = self._margin(limit)
        return limit.bound / margin if limit.relation == "<=" else limit.bound * margin

    def _margin(self, limit: Limit) -> float:
        return 1 + self.margins.get(limit.resource, 0.0)

    def _reference_cost(self, reference: str, resource: str) -> float:
        return self.costs(self.reference(reference))[resource]


def price(
    space: Space,
    resources: Sequence[AnyResource],
    latency: Sequence[LatencyTable] = (),
    *,
    baseline: str | None = None,
) -> Pricing:
    """Tabulate resources and latency tables on a space.

    Raises:
      TableError: a latency table lacks an operator of the space.
      ValueError: two resources have one name.
    """
    everything = [*resources, *(table.resource() for table in latency)]
    _check_distinct([resource.name for resource in everything])
    tables = tabulate(space, everything)
    return Pricing(
        space=space,
        tables={table.resource.name: table for table in tables},
        margins={table.resource().name: table.margin for table in latency},
        baseline=baseline,
        doubts=doubts_of(latency),
    )


def doubts_of(tables: Iterable[LatencyTable]) -> dict[str, str]:
    """By resource name, why no limit may rest on a latency table; those that are fit are left out.

    A table that was timed here, which has intervals, is not refused: where its machine was too noisy, a search says
    that nothing can be verified, and goes on (`launch.session.verification`).
    """
    texts = {table.resource().name: doubts_text(table) for table in tables if not table.intervals}
    return {name: text for name, text in texts.items() if text}


def check_trusted(limit: Limit, doubts: Mapping[str, str]) -> None:
    """Refuse a limit on a latency table that is unfit for limits.

    Raises:
      LimitError: it is; the message tells why, and the cure.
    """
    if limit.resource in doubts:
        raise LimitError(f"limit {limit.text!r} cannot be kept: {doubts[limit.resource]}")


def _check_distinct(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"every resource needs a name of its own, got {name!r} twice; rename one or leave it out")


def _constraints(bounds: Sequence[Bound]) -> Constraints:
    def violations(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        signs = [1.0 if bound.relation == "<=" else -1.0 for bound in bounds]
        excess = [sign * (bound.cost.cost(population) - bound.value) for sign, bound in zip(signs, bounds, strict=True)]
        return np.stack(excess, axis=1)

    return violations
