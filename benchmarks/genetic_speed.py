"""How many architectures a second does the genetic search score, operators included, beside pymoo and Optuna?

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.genetic_speed [--repeats 5]

On the reference space. First the front of predicted error and macs (`benchmarks._front_problem`), every search in turn
in each repeat: evaluations a second, and as a multiple of pymoo's fastest setting and of its documented one. Then one
objective, a Gaussian process of 200 points that reads the plain encoding, or the features that a search really has
(with the logarithms of macs and params), free or under a limit. Intervals are 95 %, over the repeats. It takes about
two minutes.
"""

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int8
from scipy import stats

from benchmarks._front_problem import (
    AS_DOCUMENTED,
    Search,
    error_and_macs,
    fitted_error,
    measure,
    optuna_search,
    ours,
    pymoo_searches,
    reference_pricing,
)
from launch.pricing import Pricing
from launch.terminal import table
from nas.genetic import Found, Objectives, minimise
from search_spaces.tiefenrausch import SPACE

LIMIT = "macs <= 2.5901e9"
NUM_SEEDS = 512


def fronts(pricing: Pricing, objectives: Objectives, repeats: int) -> None:
    searches: dict[str, tuple[Search, int]] = {
        "ours, population 300": (ours(pricing, 300), 20_000),
        "ours, population 1024": (ours(pricing, 1024), 100_000),
        **{name: (search, 20_000) for name, search in pymoo_searches().items()},
        "Optuna": (optuna_search, 1_000),
    }
    rates = {name: np.zeros(repeats) for name in searches}
    for repeat in range(repeats):
        for name, (search, num_evaluations) in searches.items():
            rates[name][repeat] = measure(search, objectives, num_evaluations, repeat).rate
    fastest = np.max([rate for name, rate in rates.items() if name.startswith("pymoo")], axis=0)
    rows = [
        [
            name,
            f"{searches[name][1]:,}",
            interval(rate, ",.0f"),
            *(interval(rate / other, ".1f") for other in (fastest, rates[AS_DOCUMENTED])),
        ]
        for name, rate in rates.items()
    ]
    heads = ["evaluations", "a second", "times pymoo's fastest", "times pymoo as documented"]
    print(table(["front of error and macs", *heads], rows))


def one_objective(pricing: Pricing, repeats: int) -> None:
    rows = []
    for name, search in searches(pricing):
        search()
        rates = np.array([rate(search) for _ in range(repeats)])
        rows.append([name, interval(rates, ",.0f")])
    print(table(["one objective, population 4096", "scored a second"], rows))


def searches(pricing: Pricing) -> Iterator[tuple[str, Callable[[], Found]]]:
    """The one-objective questions by name."""
    limit = pricing.limit(LIMIT)
    starts = {
        "free": (pricing.problem([]), SPACE.sample(NUM_SEEDS, np.random.default_rng(0))),
        LIMIT: (
            pricing.problem([limit]),
            pricing.feasible([limit], seed=0).sample(NUM_SEEDS, np.random.default_rng(0)),
        ),
    }
    for seen, features in (("encoding", SPACE.encode), ("levels too", pricing.features)):
        fitted = fitted_error(features, np.random.default_rng(0))

        def mean(rows: Int8[np.ndarray, "n d"], fitted=fitted, features=features) -> Float[np.ndarray, "n"]:
            return fitted.predict_mean(features(rows))

        def bound(rows: Int8[np.ndarray, "n d"], fitted=fitted, features=features) -> Float[np.ndarray, "n"]:
            prediction = fitted.predict(features(rows))
            return prediction.mean - prediction.std

        for limited, (problem, initial) in starts.items():
            for objective, score in (("mean", mean), ("mean - std", bound)):
                yield (
                    f"{objective} from {seen}, {limited}",
                    lambda score=score, problem=problem, initial=initial: minimise(
                        score, problem, initial=initial, rng=np.random.default_rng(1), top_k=10
                    ),
                )


def rate(search: Callable[[], Found]) -> float:
    """Scored architectures a CPU second."""
    start = time.process_time()
    found = search()
    return found.num_scored / (time.process_time() - start)


def interval(values: Float[np.ndarray, "r"], form: str) -> str:
    """Mean and 95 % interval of the mean."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    low, mean, high = (format(value, form) for value in (values.mean() - half, values.mean(), values.mean() + half))
    return f"{mean} ({low} to {high})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement (5)")
    repeats = parser.parse_args().repeats
    pricing = reference_pricing()
    fitted = fitted_error(SPACE.encode, np.random.default_rng(0))
    fronts(pricing, error_and_macs(fitted, pricing), repeats)
    print()
    one_objective(pricing, repeats)


if __name__ == "__main__":
    main()
