"""How good is what the genetic search finds: beside pymoo after as many evaluations, and beside the exact optimum?

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.genetic_quality [--seeds 5] [--only fronts|exact]

On the reference space. Fronts of predicted error and macs (`benchmarks._front_problem`): hypervolume of everything
evaluated, as a share of the largest seen, after 20,000 and 100,000 evaluations; pymoo is given its best setting for
each. Then the least additive error under a limit on macs, over 30 random surrogates of each kind, beside the optimum
that `nas.feasible.exact` proves: how often it is reached, and the gap where it is not, in standard deviations of the
error over the feasible set. Intervals are 95 %. It takes about seven minutes, most of them pymoo's.
"""

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from benchmarks._front_problem import (
    Run,
    error_and_macs,
    fitted_error,
    measure,
    ours,
    pymoo_searches,
    reference_pricing,
)
from benchmarks.genetic_speed import LIMIT, interval
from launch.pricing import Pricing
from launch.terminal import table
from nas.costs import CostTable, Factor, Resource
from nas.feasible import minimise_sum
from nas.genetic import hypervolume, minimise
from search_spaces.tiefenrausch import SPACE

BUDGETS = {20_000: 300, 100_000: 1024}
"""Evaluations, and the population that ours is given for them."""
NUM_SURROGATES = 30
SETTINGS = ((1024, 40), (4096, 50))
"""Population and generations: of the strategies, and the default."""
Surrogate = Callable[[np.random.Generator, Pricing], tuple[Factor, ...]]


def fronts(pricing: Pricing, num_seeds: int) -> None:
    objectives = error_and_macs(fitted_error(SPACE.encode, np.random.default_rng(0)), pricing)
    reference = objectives(SPACE.sample(10_000, np.random.default_rng(1))).max(axis=0)
    rows = []
    for num_evaluations, population in BUDGETS.items():
        searches = {f"ours, population {population}": ours(pricing, population), **pymoo_searches()}
        volumes = {
            name: np.array(
                [_volume(measure(search, objectives, num_evaluations, seed), reference) for seed in range(num_seeds)]
            )
            for name, search in searches.items()
        }
        first, *peers = volumes
        best = max(peers, key=lambda name: volumes[name].mean())
        most = max(values.max() for values in volumes.values())
        for name, values in volumes.items():
            rows.append([f"{num_evaluations:,}", name, interval(values / most, ".5f")])
        rows.append([f"{num_evaluations:,}", f"ours / {best}", interval(volumes[first] / volumes[best], ".5f")])
    print(table(["evaluations", "search", "hypervolume"], rows))


def _volume(run: Run, reference: Float[np.ndarray, "2"]) -> float:
    return hypervolume(run.front[(run.front <= reference).all(axis=1)], reference)


def exact(pricing: Pricing) -> None:
    rows = []
    for name, surrogate in SURROGATES.items():
        found = [_beside_the_optimum(surrogate, seed, pricing) for seed in range(NUM_SURROGATES)]
        rows.append(
            [name, "exact", f"{NUM_SURROGATES}", "0", interval(np.array([seconds for seconds, _ in found]), ".2f")]
        )
        for i, (population, generations) in enumerate(SETTINGS):
            gaps = np.array([gap[i][0] for _, gap in found])
            seconds = np.array([gap[i][1] for _, gap in found])
            rows.append(
                [
                    name,
                    f"genetic, {population} x {generations}",
                    f"{np.sum(gaps < 1e-9)}",
                    f"{gaps.max():.3f}",
                    interval(seconds, ".2f"),
                ]
            )
    print(table([f"additive error, {LIMIT}", "search", f"optimal of {NUM_SURROGATES}", "largest gap", "seconds"], rows))


def per_decision(rng: np.random.Generator, pricing: Pricing) -> tuple[Factor, ...]:
    """A random table for each decision."""
    return tuple(Factor(scope=(i,), values=rng.standard_normal(n)) for i, n in enumerate(SPACE.num_options))


def diminishing(rng: np.random.Generator, pricing: Pricing) -> tuple[Factor, ...]:
    """Each decision lowers the error, less and less: then the limit binds."""
    return tuple(
        Factor(scope=(i,), values=-rng.gamma(1.0) * np.log(0.2 + np.linspace(0, 1, n)))
        for i, n in enumerate(SPACE.num_options)
    )


def per_stage(rng: np.random.Generator, pricing: Pricing) -> tuple[Factor, ...]:
    """A random table for each of the groups of decisions that macs depend on: as rugged as can be."""
    cost = pricing.tables["macs"]
    assert isinstance(cost, CostTable)
    return tuple(Factor(scope=f.scope, values=rng.standard_normal(f.values.shape)) for f in cost.factors)


SURROGATES: Mapping[str, Surrogate] = {
    "a random table per decision": per_decision,
    "a diminishing gain per decision": diminishing,
    "a random table per stage": per_stage,
}


def _beside_the_optimum(surrogate: Surrogate, seed: int, pricing: Pricing) -> tuple[float, list[tuple[float, float]]]:
    """CPU seconds of the exact solver; for each setting the gap, and the CPU seconds."""
    rng, limit = np.random.default_rng((seed, 0)), pricing.limit(LIMIT)
    factors = surrogate(rng, pricing)
    error = CostTable(resource=Resource(name="error", unit="1", measure=lambda op: 0.0), factors=factors)
    start = time.process_time()
    best = minimise_sum(SPACE.num_options, factors, pricing.bounds([limit]))
    seconds = time.process_time() - start
    assert best.is_optimal
    initial = pricing.feasible([limit], seed=seed).sample(1000, rng)
    spread, found = float(error.cost(initial).std()), []
    for population, generations in SETTINGS:
        start = time.process_time()
        reached = minimise(
            error.cost, pricing.problem([limit]), initial=initial[:512], rng=rng,
            population=population, generations=generations,
        )  # fmt: skip
        found.append(((reached.values[0] - best.value) / spread, time.process_time() - start))
    return seconds, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="of each search for a front (5)")
    parser.add_argument("--only", choices=("fronts", "exact"), help="one of the two questions")
    arguments = parser.parse_args()
    pricing = reference_pricing()
    if arguments.only != "exact":
        fronts(pricing, arguments.seeds)
    if arguments.only != "fronts":
        exact(pricing)


if __name__ == "__main__":
    main()
