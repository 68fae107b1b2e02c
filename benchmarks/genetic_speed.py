"""How many architectures a second does the genetic search score, operators included?

    python -m benchmarks.genetic_speed [--repeats 5]

A space like the reference space (12 width choices of 12 options, 16 expansion choices of 3 to 6), a Gaussian process
fitted to 200 of its architectures as objective, and an additive cost from random tables of pairs of decisions, limited
to its median or minimised beside the prediction. Prints the median and range over the repeats; set one BLAS thread
(OPENBLAS_NUM_THREADS=1) to measure one core. It takes about ten seconds.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int8

from nas.genetic import Found, Problem, front, minimise
from nas.predictor import Fitted
from predictors.gp import PREDICTOR

NUM_OPTIONS = np.array([12] * 12 + [3] * 5 + [4] * 3 + [5] * 4 + [6] * 4)
NUM_TRAINING = 200
NUM_PAIRS = 30
"""A `tiefenrausch` stage's cost depends on its input's width, its own width and its expansion: about 30 pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTables:
    """An additive cost: for each listed pair of decisions, one table entry."""

    left: Int[np.ndarray, "p"]
    right: Int[np.ndarray, "p"]
    tables: Float[np.ndarray, "p a b"]

    def cost(self, rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        total = np.zeros(len(rows))
        columns = np.ascontiguousarray(rows.T, dtype=np.intp)
        width = self.tables.shape[2]
        for left, right, table in zip(self.left, self.right, self.tables, strict=True):
            total += table.ravel().take(columns[left] * width + columns[right])
        return total


def sample(num_rows: int, rng: np.random.Generator) -> Int8[np.ndarray, "n d"]:
    return rng.integers(NUM_OPTIONS, size=(num_rows, len(NUM_OPTIONS))).astype(np.int8)


def features(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Every option scaled to [0, 1]."""
    return rows * (1.0 / (NUM_OPTIONS - 1)).astype(np.float32)


def random_tables(rng: np.random.Generator) -> PairTables:
    """A chain through all decisions, closed by random pairs; costs between 0 and 1."""
    num_decisions = len(NUM_OPTIONS)
    left = np.concatenate(
        [np.arange(num_decisions - 1), rng.integers(num_decisions, size=NUM_PAIRS - num_decisions + 1)]
    )
    right = np.concatenate(
        [np.arange(1, num_decisions), rng.integers(num_decisions, size=NUM_PAIRS - num_decisions + 1)]
    )
    return PairTables(left=left, right=right, tables=rng.random((NUM_PAIRS, NUM_OPTIONS.max(), NUM_OPTIONS.max())))


def fitted_process(rng: np.random.Generator) -> Fitted:
    """200 points of a curved additive error with some noise."""
    X = features(sample(NUM_TRAINING, rng)).astype(np.float64)
    y = -np.log(0.2 + X) @ rng.gamma(1.0, size=len(NUM_OPTIONS)) + 0.1 * rng.standard_normal(NUM_TRAINING)
    return PREDICTOR.fit(X, y)


def searches(rng: np.random.Generator) -> Mapping[str, Callable[[], Found]]:
    """The questions by name. A peer goes in as one more entry that returns a `Found`."""
    fitted, tables, initial = fitted_process(rng), random_tables(rng), sample(1000, rng)
    limit = float(np.median(tables.cost(initial)))
    ordered = np.ones(len(NUM_OPTIONS), bool)
    limited = Problem(
        num_options=NUM_OPTIONS, ordered=ordered, constraints=lambda rows: tables.cost(rows)[:, None] - limit
    )
    free = Problem(num_options=NUM_OPTIONS, ordered=ordered)

    def mean(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        return fitted.predict_mean(features(rows))

    def lower_bound(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
        prediction = fitted.predict(features(rows))
        bound: Float[np.ndarray, " n"] = prediction.mean - prediction.std
        return bound

    def mean_and_cost(rows: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
        return np.column_stack([mean(rows), tables.cost(rows)])

    def generator() -> np.random.Generator:
        return np.random.default_rng(1)

    return {
        "minimise mean, one limit": lambda: minimise(mean, limited, initial=initial, rng=generator(), top_k=10),
        "minimise mean - std, one limit": lambda: minimise(
            lower_bound, limited, initial=initial, rng=generator(), top_k=10
        ),
        "front of mean and cost": lambda: front(mean_and_cost, free, initial=initial, rng=generator()),
    }


def rate(search: Callable[[], Found]) -> float:
    """Scored architectures a second."""
    start = time.perf_counter()
    found = search()
    return found.num_scored / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="runs of each search (5)")
    repeats = parser.parse_args().repeats
    print(f"{'search':32} {'median/s':>12} {'slowest/s':>12} {'fastest/s':>12}")
    for name, search in searches(np.random.default_rng(0)).items():
        rates = [rate(search) for _ in range(repeats)]
        print(f"{name:32} {statistics.median(rates):12,.0f} {min(rates):12,.0f} {max(rates):12,.0f}")


if __name__ == "__main__":
    main()
