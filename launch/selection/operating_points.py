"""Operating points of a run: the predicted best under each bound of a sweep, from what the run has learned.

What is sought is the objective; where the objective itself is swept, the least of the cost that the run minimises.
Nothing is trained. The run's own limits hold beside the sweep, but for one on what is swept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int8

from launch.pricing import Pricing, Sweep, Within, grid, read_sweep
from launch.session.session import Session
from nas.costs import Limit, LimitError, parse_limit, resource_name
from nas.feasible import InfeasibleError, ScarceError
from nas.genetic import Objective
from nas.record import Trial, rows
from nas.search import Fitted, along_sweep, best_within, fit_to_trials
from nas.space import Architecture

STREAM = 7
"""Of the run's seed; other steps of a search use others."""
NUM_DRAWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """The best under the bounds of one point.

    Attributes:
      bounds: by name, each in its unit.
      architecture: None where nothing meets them; `reason` then says why.
      mean, std: of the objective, as predicted; NaN without an architecture.
      trial: the search trial that has trained it, None if none has.
      best_trained: of the search's complete trials within the bounds, as measured; None if there is none.
    """

    bounds: Mapping[str, float]
    architecture: Architecture | None = None
    mean: float = float("nan")
    std: float = float("nan")
    trial: Trial | None = None
    best_trained: Trial | None = None
    reason: str = ""


def read_sweeps(texts: Sequence[str], pricing: Pricing, objective: str) -> list[Sweep]:
    """Read sweeps of resources, and of the objective from above.

    Raises:
      LimitError: see `launch.pricing.read_sweep`.
    """

    def read(text: str) -> Limit:
        if resource_name(text) != objective:
            return pricing.limit(text)
        limit = parse_limit(text, units={objective: ""}, reference_cost=_no_reference)
        if limit.relation != "<=":
            raise LimitError(f"{text!r}: a search lowers {objective}, so it is swept from above only; use <=")
        return limit

    return [read_sweep(text, read) for text in texts]


def _no_reference(reference: str, name: str) -> float:
    raise LimitError(f"{name} of {reference} is known once it is trained; write a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a run: the best at every point of the sweeps' grid, under limits on costs that hold at each."""

    session: Session
    space: Within
    limits: Sequence[Limit]
    sweeps: Sequence[Sweep]
    complete: Sequence[Trial]
    fitted: Fitted
    rng: np.random.Generator

    def points(self) -> list[OperatingPoint]:
        """The answer, a point for each combination of bounds.

        Raises:
          LimitError: the run minimises no cost where its objective is swept.
        """
        start = along_sweep(
            target=self._target(),
            swept=self._swept(),
            problem=self._pricing.problem(self.limits),
            sample=self.space.feasible.sample,
            known=rows(self.complete),
            rng=self.rng,
        )
        return [self._point(bounds, start) for bounds in grid(self.sweeps)]

    def again(self, named: Sequence[OperatingPoint]) -> list[OperatingPoint]:
        """Points that were named before, with what has been trained by now."""
        return [
            replace(point, trial=self._trial(point.architecture), best_trained=self._best_trained(self._bounds(point)))
            for point in named
        ]

    @property
    def _pricing(self) -> Pricing:
        return self.space.pricing

    def _mean(self, population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        return self.fitted.predict_mean(self._pricing.features(population))

    def _target(self) -> Objective:
        objective = self.session.objective
        if all(sweep.name != objective for sweep in self.sweeps):
            return self._mean
        costs = self.session.experiment.costs
        if not costs:
            raise LimitError(
                f"sweeping {objective} asks for the cheapest network that is so good, and this run minimises no cost; "
                "sweep a resource such as macs"
            )
        return self._pricing.tables[costs[0]].cost

    def _swept(self) -> list[Objective]:
        """What each sweep bounds, so that less is better."""
        return [self._signed(sweep) for sweep in self.sweeps]

    def _signed(self, sweep: Sweep) -> Objective:
        score = self._mean if sweep.name == self.session.objective else self._pricing.tables[sweep.name].cost
        return score if sweep.relation == "<=" else lambda population: -score(population)

    def _limit(self, sweep: Sweep, bound: float) -> Limit:
        return Limit(resource=sweep.name, relation=sweep.relation, bound=bound, text=f"{sweep.name} {bound:g}")

    def _kept(self, sweep: Sweep, bound: float) -> float:
        """The bound with its margin kept, signed as what is swept."""
        if sweep.name == self.session.objective:
            value = bound
        else:
            (kept,) = self._pricing.bounds([self._limit(sweep, bound)])
            value = kept.value
        return value if sweep.relation == "<=" else -value

    def _point(self, bounds: Sequence[float], start: Int8[np.ndarray, "n d"]) -> OperatingPoint:
        point = OperatingPoint(bounds=dict(zip([sweep.name for sweep in self.sweeps], bounds, strict=True)))
        kept = self._bounds(point)
        found, reason = self._best(kept, start), ""
        if found is None:
            drawn, reason = self._drawn(bounds)
            found = None if drawn is None else self._best(kept, drawn)
        if found is None:
            return replace(point, reason=reason or "none of the architectures that were looked at")
        prediction = self.fitted.predict(self._pricing.features(np.array([found], dtype=np.int8)))
        return replace(
            point,
            architecture=found,
            mean=float(prediction.mean[0]),
            std=float(prediction.std[0]),
            trial=self._trial(found),
            best_trained=self._best_trained(kept),
        )

    def _bounds(self, point: OperatingPoint) -> Float[np.ndarray, " k"]:
        """A point's bounds with their margins kept, in the order of the sweeps."""
        return np.array([self._kept(sweep, point.bounds[sweep.name]) for sweep in self.sweeps])

    def _trial(self, architecture: Architecture | None) -> Trial | None:
        return next((trial for trial in self.complete if trial.architecture == architecture), None)

    def _best(self, kept: Float[np.ndarray, " k"], start: Int8[np.ndarray, "n d"]) -> Architecture | None:
        return best_within(
            kept,
            start=start,
            target=self._target(),
            swept=self._swept(),
            problem=self._pricing.problem(self.limits),
            rng=self.rng,
        )

    def _drawn(self, bounds: Sequence[float]) -> tuple[Int8[np.ndarray, "n d"] | None, str]:
        """Draws from what meets the bounds on costs, where the search along the sweep found nothing; or why not."""
        costs = [pair for pair in zip(self.sweeps, bounds, strict=True) if pair[0].name != self.session.objective]
        try:
            feasible = self._pricing.feasible(
                [*self.limits, *(self._limit(sweep, bound) for sweep, bound in costs)], self.session.seed
            )
            return feasible.sample(NUM_DRAWS, self.rng), ""
        except (InfeasibleError, ScarceError) as error:
            return None, str(error)

    def _best_trained(self, kept: Float[np.ndarray, " k"]) -> Trial | None:
        """By the objective as measured, or by the cost where the objective is swept."""
        population, objective = rows(self.complete), self.session.objective
        measured = np.array([trial.metrics[objective] for trial in self.complete])
        inside = self._pricing.problem(self.limits).is_feasible(population)
        for sweep, score, bound in zip(self.sweeps, self._swept(), kept.tolist(), strict=True):
            inside &= (measured if sweep.name == objective else score(population)) <= bound
        if not inside.any():
            return None
        is_swept = any(sweep.name == objective for sweep in self.sweeps)
        worth = self._target()(population) if is_swept else measured
        return self.complete[int(np.argmin(np.where(inside, worth, np.inf)))]


def question(session: Session, space: Within, limits: Sequence[Limit], sweeps: Sequence[Sweep]) -> Question:
    """The question to a run, with the predictor fitted to what it has trained.

    Raises:
      ValueError: the run has no complete trial yet.
    """
    complete = [trial for trial in session.full_trials() if trial.state == "complete"]
    if not complete:
        raise ValueError(f"{session.folder.path} has no complete trial yet; let the search run first")
    predictor = session.informed(space.pricing).experiment.predictor
    return Question(
        session=session,
        space=space,
        limits=limits,
        sweeps=sweeps,
        complete=complete,
        fitted=fit_to_trials(predictor, space.pricing.features, complete, session.objective),
        rng=np.random.default_rng((session.seed, STREAM)),
    )
