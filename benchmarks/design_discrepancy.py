"""Does the space-filling design fill the space better than uniform draws of the feasible set do?

    python -m benchmarks.design_discrepancy

On the reference space under "macs <= 2.5901e9": mean centred L2 discrepancy of all pairs of features (the decisions,
and the logarithm of macs), each column replaced by its quantile in the design's own target, half uniform and half even
over the cost range. Lower is better; median over seeds, with the least and the most.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int8

from launch.pricing import price
from launch.terminal import table
from nas.feasible import FeasibleSet, discrepancy, space_filling
from nas.resources import macs
from search_spaces.tiefenrausch import SPACE

LIMIT = "macs <= 2.5901e9"
NUM_SEEDS = 10
NUM_TARGET = 20_000


def main() -> None:
    pricing = price(SPACE, macs.RESOURCES)
    feasible = pricing.feasible([pricing.limit(LIMIT)], seed=0)
    target = pricing.design_features(_mixture(feasible, NUM_TARGET, np.random.default_rng((0, 99))))

    def filled(n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
        return space_filling(feasible, n, features=pricing.design_features, rng=rng)

    methods = {
        "space-filling design": filled,
        "independent draws of its target": lambda n, rng: _mixture(feasible, n, rng),
        "uniform feasible draws": feasible.sample,
    }
    rows = []
    for n in (16, 64, 128):
        for name, draw in methods.items():
            found = [_measure(draw, n, seed, pricing.design_features, target) for seed in range(NUM_SEEDS)]
            rows.append([f"{name}, n = {n}", *(f"{f(found):.5f}" for f in (np.median, np.min, np.max))])
    print(table([f"discrepancy over {NUM_SEEDS} seeds, {LIMIT}", "median", "least", "most"], rows))


def _mixture(feasible: FeasibleSet, n: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
    return np.concatenate([feasible.sample(n - n // 2, rng), feasible.sample_spread(n // 2, rng)])


def _measure(
    draw: Callable[[int, np.random.Generator], Int8[np.ndarray, "n d"]],
    n: int,
    seed: int,
    features: Callable[[Int8[np.ndarray, "n d"]], Float[np.ndarray, "n f"]],
    target: Float[np.ndarray, "m f"],
) -> float:
    return discrepancy(features(draw(n, np.random.default_rng((seed, 1)))), target)


if __name__ == "__main__":
    main()
