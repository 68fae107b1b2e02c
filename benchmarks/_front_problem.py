"""One problem of two objectives over the reference space, and searches for its front: ours, pymoo's and Optuna's.

Both objectives are minimised: an error that a Gaussian process of 200 points predicts, and macs by the cost table.
Every search is given the same function and stopped after the same number of evaluations, and everything that it
evaluated counts, whether or not it kept it. Time is the process's own (CPU seconds), so that a busy machine disturbs
little; set one BLAS thread (OPENBLAS_NUM_THREADS=1). pymoo is an extra: `pip install chamnas[peers]`.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import optuna
from jaxtyping import Float, Int8
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.crossover import Crossover
from pymoo.core.problem import Problem as PymooProblem
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.crossover.ux import UX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.optimize import minimize as pymoo_minimize

from launch.pricing import Pricing, price
from nas.genetic import Objectives, front, front_mask
from nas.resources import macs, params
from nas.search import Fitted
from predictors.gp import PREDICTOR
from search_spaces.tiefenrausch import SPACE

NUM_TRAINING = 200
FOREVER = 10**9


class Spent(Exception):
    """The budget of evaluations is used up."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """Objectives that keep what they give, up to `limit` rows, and raise `Spent` when those are done."""

    objectives: Objectives
    limit: int
    values: list[Float[np.ndarray, "n 2"]] = field(default_factory=list)
    used: int = 0

    def __call__(self, rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
        values = self.objectives(rows)
        self.values.append(values[: self.limit - self.used])
        self.used += len(self.values[-1])
        if self.used >= self.limit:
            raise Spent
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The front of everything evaluated, and evaluations a CPU second, operators included."""

    front: Float[np.ndarray, "n 2"]
    rate: float


Search = Callable[[Budget, int], None]
"""A search for the front that goes on until its budget is spent, and a seed."""


def reference_pricing() -> Pricing:
    return price(SPACE, (*macs.RESOURCES, *params.RESOURCES))


def fitted_error(
    features: Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n f"]], rng: np.random.Generator
) -> Fitted:
    """Fitted to 200 random architectures, whose error falls with every decision, less and less, and has noise."""
    rows = SPACE.sample(NUM_TRAINING, rng)
    X = SPACE.encode(rows)
    y = -np.log(0.2 + X) @ rng.gamma(1.0, size=X.shape[1]) + 0.1 * rng.standard_normal(NUM_TRAINING)
    return PREDICTOR.fit(features(rows), y)


def error_and_macs(fitted: Fitted, pricing: Pricing) -> Objectives:
    """Predicted error from the plain encoding, and macs in units of 10^9."""
    table = pricing.tables["macs"]

    def objectives(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
        return np.column_stack([fitted.predict_mean(SPACE.encode(rows)), table.cost(rows) / 1e9])

    return objectives


def measure(search: Search, objectives: Objectives, num_evaluations: int, seed: int) -> Run:
    budget = Budget(objectives=objectives, limit=num_evaluations)
    start = time.process_time()
    with suppress(Spent):
        search(budget, seed)
    seconds = time.process_time() - start
    values = np.concatenate(budget.values)
    return Run(front=values[front_mask(values)], rate=len(values) / seconds)


def ours(pricing: Pricing, population: int) -> Search:
    """`nas.genetic.front` from as many random architectures as the population holds."""

    def search(budget: Budget, seed: int) -> None:
        rng = np.random.default_rng(seed)
        initial = SPACE.sample(population, rng)
        front(budget, pricing.problem([]), initial=initial, rng=rng, population=population, generations=FOREVER)

    return search


AS_DOCUMENTED = "pymoo 200, SBX, distinct"


def pymoo_searches(populations: tuple[int, ...] = (200, 1000)) -> Mapping[str, Search]:
    """NSGA-II as pymoo's guide sets it up for integers, also with uniform crossover; with and without duplicates."""
    searches = {}
    for population in populations:
        for name, crossover in _pymoo_crossovers():
            for distinct in (True, False):
                searches[f"pymoo {population}, {name}, {'distinct' if distinct else 'repeats'}"] = _pymoo(
                    population, crossover, distinct
                )
    return searches


def optuna_search(budget: Budget, seed: int) -> None:
    """Optuna's NSGA-II in memory, one integer parameter for each decision."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(directions=["minimize"] * 2, sampler=optuna.samplers.NSGAIISampler(seed=seed))
    while True:
        trial = study.ask()
        row = [trial.suggest_int(choice.name, 0, len(choice.options) - 1) for choice in SPACE.choices]
        study.tell(trial, budget(np.array([row], dtype=np.int8))[0].tolist())


def _pymoo_crossovers() -> Iterator[tuple[str, Crossover]]:
    yield "SBX", SBX(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair())
    yield "uniform", UX(prob=1.0)


def _pymoo(population: int, crossover: Crossover, distinct: bool) -> Search:
    def search(budget: Budget, seed: int) -> None:
        algorithm = NSGA2(
            pop_size=population,
            sampling=IntegerRandomSampling(),
            crossover=crossover,
            mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
            eliminate_duplicates=distinct,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pymoo_minimize(_Vectorised(budget), algorithm, ("n_gen", FOREVER), seed=seed)

    return search


class _Vectorised(PymooProblem):  # type: ignore[misc]  # pymoo ships no types
    """The problem as pymoo takes it: a whole population at once."""

    def __init__(self, objectives: Objectives) -> None:
        super().__init__(n_var=len(SPACE.num_options), n_obj=2, xl=0, xu=SPACE.num_options - 1, vtype=int)
        self.objectives = objectives

    def _evaluate(self, x: np.ndarray, out: dict[str, np.ndarray], *args: object, **kwargs: object) -> None:
        out["F"] = self.objectives(x.astype(np.int8))
