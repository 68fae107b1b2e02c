"""What does it cost to find the best of many depth networks, against training every one of them?

    python -m benchmarks.search_cost [TABLE.csv.gz] [--scores FILE.jsonl] [--most 0.6] [--draws 40] [--share 0.7]

Replays the table of `benchmarks.depth_table`, and scores by shared weights that `benchmarks.cheap_rungs` has kept. The
candidates of a draw are a random share of the networks of at most --most of the slim baseline's cost. Who trains every
one for the longest takes the best by validation. The ways below order them by something cheaper and train the first
ones, one after the other; after each, the answer is the best of those by validation (seed 0). Steps are counted, of
shared weights too; a score by these counts as a dozen.

    random        in any order
    costs         the dearest first
    short         by a training of 60 or of 180 steps
    curve         by the loss of 180 steps, extrapolated
    halving       the better third of those of 60 steps for 180, then by these
    shared        by the score of shared weights
    trained       as a search without them: some spread over the cost, then what its predictor promises most of
    learned       as the search: what its predictor promises most of, from the scores and the trainings so far

It prints the regret after so many steps (mean test error over seeds of the answer, less that of who trained all) with
95 % intervals over the draws, and for each way the steps from which on it is at most --same, as a share of training
all. The bar: a twentieth.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from benchmarks.cheap_rungs import by_row, extrapolated
from benchmarks.depth_ranking import architectures_of
from benchmarks.depth_table import SEEDS, STEPS
from launch.experiments.demo import SPACE
from launch.pricing import price
from launch.terminal import table
from nas.resources import macs, params
from nas.search import Predictor
from nas.strategies._rungs import Rung, informed
from predictors import gp
from search_spaces.table import Results, read_results

BRIEF, MIDDLE, LONG = STEPS
SCORE_STEPS = 12
"""What a score by shared weights takes, in a network's own steps."""
ETA = 3
SHOWN = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
"""Shares of the steps that training all takes."""
BAR = 0.05
OPENING = 4
"""Trainings over the range of the cost before the predictor of trainings alone is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Networks with what is known of them; `shared` by the seed of the shared weights, `predictor` of `features`."""

    features: Float[np.ndarray, "n f"]
    cost: Float[np.ndarray, " n"]
    brief: Float[np.ndarray, " n"]
    middle: Float[np.ndarray, " n"]
    curve: Float[np.ndarray, " n"]
    validation: Float[np.ndarray, " n"]
    test: Float[np.ndarray, " n"]
    shared: Mapping[int, Float[np.ndarray, " n"]]
    shared_steps: int
    predictor: Predictor

    def among(self, places: Int[np.ndarray, " m"]) -> "Candidates":
        return Candidates(
            **{
                name: getattr(self, name)[places]
                for name in ("features", "cost", "brief", "middle", "curve", "validation", "test")
            },
            shared={seed: scores[places] for seed, scores in self.shared.items()},
            shared_steps=self.shared_steps,
            predictor=self.predictor,
        )


Order = Iterator[int]
Way = Callable[[Candidates, np.random.Generator], tuple[int, Order]]
"""Of candidates, the steps that are spent before the first is trained, and which one is trained next."""


def main() -> None:
    options = _options()
    everything = _candidates(read_results(options.table), options)
    number = round(options.share * len(everything.cost))
    curves = {name: np.zeros((options.draws, len(SHOWN))) for name in WAYS}
    reached = {name: np.ones(options.draws) for name in WAYS}
    for draw in range(options.draws):
        rng = np.random.default_rng(draw)
        some = everything.among(rng.permutation(len(everything.cost))[:number])
        best = some.test[int(np.argmin(some.validation))]
        for name, way in WAYS.items():
            steps, regret = _course(some, *way(some, rng), best)
            share = steps / (LONG * number)
            curves[name][draw] = [regret[max(0, int(np.searchsorted(share, one, side="right")) - 1)] for one in SHOWN]
            late = np.flatnonzero(regret > options.same)
            reached[name][draw] = share[late[-1] + 1] if len(late) and late[-1] + 1 < len(share) else share[0]
    _report(curves, reached, number, options.same)


def _course(
    some: Candidates, before: int, order: Order, best: float
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Steps and regret after each training."""
    trained, steps, regret = list[int](), list[float](), list[float]()
    for place in order:
        trained.append(place)
        steps.append(before + LONG * len(trained))
        regret.append(some.test[min(trained, key=lambda i: some.validation[i])] - best)
    return np.array(steps), np.array(regret)


def _in_order(values: Float[np.ndarray, " n"]) -> Order:
    return iter(np.argsort(values, kind="stable").tolist())


def _random(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return 0, iter(rng.permutation(len(some.cost)).tolist())


def _by_cost(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return 0, _in_order(-some.cost)


def _by_brief(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return BRIEF * len(some.cost), _in_order(some.brief)


def _by_middle(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return MIDDLE * len(some.cost), _in_order(some.middle)


def _by_curve(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return MIDDLE * len(some.cost), _in_order(some.curve)


def _halving(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    left = np.argsort(some.brief, kind="stable")[: max(1, len(some.cost) // ETA)]
    ordered = left[np.argsort(some.middle[left], kind="stable")]
    rest = np.setdiff1d(np.argsort(some.brief, kind="stable"), left, assume_unique=True)
    return BRIEF * len(some.cost) + MIDDLE * len(left), iter([*ordered.tolist(), *rest.tolist()])


def _by_shared(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return _shared_steps(some), _in_order(_scores(some, rng))


def _learned(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return _shared_steps(some), _by_predictor(some, _scores(some, rng))


def _trained(some: Candidates, rng: np.random.Generator) -> tuple[int, Order]:
    return 0, _by_trainings(some)


def _by_trainings(some: Candidates) -> Order:
    by_cost = np.argsort(-some.cost, kind="stable")
    opening = by_cost[np.unique(np.linspace(0, len(by_cost) - 1, OPENING).round().astype(int))]
    return _best_first(some, some.predictor, opening.tolist())


def _by_predictor(some: Candidates, scores: Float[np.ndarray, " n"]) -> Order:
    predictor = informed(some.predictor, [Rung(X=some.features, y=scores)], by_scores=True)
    return _best_first(some, predictor, [int(np.argmin(scores))])


def _best_first(some: Candidates, predictor: Predictor, trained: list[int]) -> Order:
    """The first trainings, then always what they promise most of."""
    yield from trained
    while len(trained) < len(some.cost):
        found = predictor.fit(some.features[trained], some.validation[trained]).predict_mean(some.features)
        left = np.setdiff1d(np.arange(len(some.cost)), trained)
        trained = [*trained, int(left[np.argmin(found[left])])]
        yield trained[-1]


def _scores(some: Candidates, rng: np.random.Generator) -> Float[np.ndarray, " n"]:
    return some.shared[int(rng.choice(sorted(some.shared)))]


def _shared_steps(some: Candidates) -> int:
    return some.shared_steps + SCORE_STEPS * len(some.cost)


WAYS: Mapping[str, Way] = {
    "random": _random,
    "costs": _by_cost,
    f"short, {BRIEF}": _by_brief,
    f"short, {MIDDLE}": _by_middle,
    "curve": _by_curve,
    "halving": _halving,
    "shared": _by_shared,
    "trained": _trained,
    "learned": _learned,
}


def _candidates(results: Results, options: argparse.Namespace) -> Candidates:
    rows = architectures_of(results)
    pricing = price(SPACE, (*macs.RESOURCES, *params.RESOURCES), baseline="slim")
    lines = list(map(json.loads, options.scores.read_text().splitlines()))
    steps = lines[-1]["steps"]
    scores: dict[int, dict[tuple[int, ...], float]] = {}
    for line in lines:
        if line["steps"] == steps:
            scores.setdefault(line["seed"], {})[tuple(line["architecture"])] = line["error"]
    cost = results.numbers("macs")
    most = options.most * SPACE.lower(SPACE.reference("slim")).macs
    longest = results.numbers(f"error_{LONG}")
    places = [
        i
        for i, row in enumerate(rows)
        if cost[i] <= most and np.isfinite(longest[i]) and all(row in known for known in scores.values())
    ]
    everything = Candidates(
        features=pricing.features(np.array(rows, dtype=np.int8)),
        cost=cost,
        brief=results.numbers(f"error_{BRIEF}"),
        middle=results.numbers(f"error_{MIDDLE}"),
        curve=np.array([extrapolated(np.array(text.split(), dtype=np.float64), LONG / MIDDLE) for text in
                        by_row(results, f"curve_{MIDDLE}")]),
        validation=longest,
        test=_mean_test(results),
        shared={seed: np.array([known.get(row, np.nan) for row in rows]) for seed, known in scores.items()},
        shared_steps=steps,
        predictor=pricing.choosing(gp.PREDICTOR),
    )  # fmt: skip
    return everything.among(np.array(places))


def _mean_test(results: Results) -> Float[np.ndarray, " n"]:
    """Over the seeds that a row has."""
    columns = [f"test_error_{LONG}{f'_seed{seed}' if seed else ''}" for seed in SEEDS]
    return np.asarray(np.nanmean([results.numbers(column) for column in columns], axis=0))


def _report(
    curves: Mapping[str, Float[np.ndarray, "d k"]],
    reached: Mapping[str, Float[np.ndarray, " d"]],
    number: int,
    same: float,
) -> None:
    print(f"{number} candidates a draw; training all takes {LONG * number:,} steps")
    header = ["regret after", *(f"{share:.0%}" for share in SHOWN), f"steps until {same:g}, of all"]
    lines = [
        [name, *(_interval(column) for column in curves[name].T), f"{np.median(reached[name]):.2f}"] for name in curves
    ]
    print(table(header, lines))
    for name in ("shared", "learned"):
        middle = float(np.median(reached[name]))
        print(f"{name}: {middle:.2f} of the steps of training all (bar {BAR}) {'holds' if middle <= BAR else 'MISSED'}")


def _interval(values: Float[np.ndarray, " d"]) -> str:
    half = 1.96 * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():.4f} ±{half:.4f}"


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    folder = Path(__file__).parent / "results"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", default=folder / "depth_table.csv.gz")
    parser.add_argument("--scores", type=Path, default=folder / "shared_scores.jsonl")
    parser.add_argument("--most", type=float, default=0.6, help="share of the slim baseline's cost that is looked at")
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--share", type=float, default=0.7, help="of the networks, drawn as candidates")
    parser.add_argument("--same", type=float, default=0.003, help="regret that counts as none: half a seed's noise")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
