"""What does successive halving save, where a training of 12 epochs tells something of one of 200?

    python -m benchmarks.halving [--seeds 30] [--jobs 2] [--out runs/halving.jsonl] [--eta 4] [--predictor gp]

NAS-Bench-201, its three data sets, every strategy over the same seeds in the same run. Regret is that of the best
architecture trained for 200 epochs, in points of validation accuracy after 200 epochs; x is epochs spent, those of
short trainings among them. ChamNet's search and random search train everything in full, halving (ours) and ASHA
(random architectures, promoted by rank) from 12 epochs up. For each data set it prints

    mean regret with its 95 % interval after what 10, 25, 50 and 100 full trainings cost
    epochs that halving needs to reach the mean regret of ChamNet's search after 50 and after 100 full trainings, as a
    share of the epochs which that took, with the 95 % interval of a bootstrap over both strategies' seeds

The bar is half. A halving run ends there (after 10,000 epochs): a share beyond is printed as "more than 0.50".
Nothing was chosen on this table: see docs/bench.md. It takes about a quarter of an hour of one core.
"""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from benchmarks._tables import DATA, replayed, table_there
from launch.bench.comparison import estimates, loss_curve
from launch.bench.question import Arena, Question, goal, ladder, prepare
from launch.bench.replay import Course
from launch.terminal import number, table
from search_spaces.table import Results, read_results

TABLE = "nasbench201"
DATA_SETS = ("c10", "c100", "in16")
LOW, FULL = 12, 200
NUM_TRIALS = {"chamnet": 100, "halving": 50, "random": 100, "asha": 100}
"""Budgets in full trainings."""
MILESTONES = (10, 25, 50, 100)
TARGETS = (50, 100)
BAR = 0.5
NUM_RESAMPLES = 2000


def main() -> None:
    options = _options()
    path = table_there(DATA, TABLE, "all")
    if path is None:
        return
    results = read_results(path)
    for name in options.data:
        arena = _arena(results, name, options.eta)
        curves = {strategy: _curves(arena, strategy, options) for strategy in NUM_TRIALS}
        _report(name, curves, options.seeds)


def _arena(results: Results, name: str, eta: float) -> Arena:
    question = Question(
        objectives=(goal(f"val_{name}", minimise=False),),
        ladder=ladder((f"{LOW}=ep12_val_{name}", f"{FULL}=val_{name}"), eta=eta),
    )
    return prepare(results, question)


def _curves(arena: Arena, strategy: str, options: argparse.Namespace) -> Float[np.ndarray, "K T"]:
    """Regret by seed after what 1 .. T full trainings cost."""
    num_trials = NUM_TRIALS[strategy]
    course = Course(num_trials=num_trials, workers=1, lag=0, predictor=options.predictor)
    runs = [(strategy, seed) for seed in range(options.seeds)]
    replays = replayed(arena, course, runs, jobs=options.jobs, out=options.out, doing=strategy)
    return np.stack([loss_curve(arena, one, num_trials) for one in replays])


def _report(name: str, curves: Mapping[str, Float[np.ndarray, "K T"]], num_seeds: int) -> None:
    print(f"\n## val_{name}: regret after epochs, mean and 95 % interval over {num_seeds} seeds\n")
    rows = [[strategy, *(_regret(curve, n) for n in MILESTONES)] for strategy, curve in curves.items()]
    print(table(["strategy", *(f"{n * FULL:,}" for n in MILESTONES)], rows))
    for num_full in TARGETS:
        shares = _share(curves["halving"], curves["chamnet"], num_full)
        longest = NUM_TRIALS["halving"] / num_full
        share, low, high = (_text(one, longest) for one in shares)
        verdict = "holds" if shares[0] <= BAR else "MISSED"
        bar = float(curves["chamnet"][:, num_full - 1].mean())
        print(
            f"halving reaches chamnet's {bar:.4f} after {num_full * FULL:,} epochs with {share} of them "
            f"[{low}, {high}]; bar {BAR}: {verdict}"
        )
    means = {strategy: np.round(curve.mean(axis=0), 5).tolist() for strategy, curve in curves.items()}
    print(json.dumps({"target": f"val_{name}", "epochs_per_step": FULL, "mean_regret": means}), flush=True)


def _regret(curve: Float[np.ndarray, "K T"], num_full: int) -> str:
    if num_full > curve.shape[1]:
        return "-"
    mean, low, high = (number(float(f"{value:.3g}")) for value in estimates(curve)[:, num_full - 1])
    return f"{mean} [{low}, {high}]"


def _share(
    halving: Float[np.ndarray, "K H"], full: Float[np.ndarray, "K T"], num_full: int
) -> tuple[float, float, float]:
    """Epochs to the full search's mean regret after `num_full` trainings over those trainings' epochs; its interval."""
    rng = np.random.default_rng(0)
    draws = [
        _reached(_resampled(halving, rng), float(_resampled(full, rng)[num_full - 1])) for _ in range(NUM_RESAMPLES)
    ]
    low, high = np.quantile(draws, [0.025, 0.975], method="nearest")
    share = _reached(halving.mean(axis=0), float(full.mean(axis=0)[num_full - 1]))
    return share / num_full, float(low) / num_full, float(high) / num_full


def _resampled(curves: Float[np.ndarray, "K T"], rng: np.random.Generator) -> Float[np.ndarray, " T"]:
    return np.asarray(curves[rng.integers(len(curves), size=len(curves))].mean(axis=0))


def _reached(curve: Float[np.ndarray, " T"], bar: float) -> float:
    """Full trainings' worth after which a curve is no worse than the bar; infinite if never."""
    below = np.flatnonzero(curve <= bar)
    return float(below[0] + 1) if len(below) else np.inf


def _text(share: float, longest: float) -> str:
    return f"{share:.2f}" if np.isfinite(share) else f"more than {min(longest, 1.0):.2f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path)
    parser.add_argument("--eta", type=float, default=4.0)
    parser.add_argument("--predictor", default="gp")
    parser.add_argument("--data", nargs="+", choices=DATA_SETS, default=DATA_SETS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
