"""Does a search learn what fails, and lose nothing where failures come by luck?

    python -m benchmarks.failures [--seeds 10] [--jobs 2] [--strategies chamnet,forest,..] [--data FOLDER]

Tables of trained architectures in which trainings are made to fail, 100 trainings a search, every strategy over the
same seeds in the same run:

    by a rule   the 70 % of the rows with the most parameters, as if they did not fit into memory; the predictor is told
                no count of parameters, it sees the decisions alone
    by luck     30 % of the rows, drawn once

For each it prints failed trainings and regret among the rows that complete, with 95 % intervals over the seeds. The bar
by a rule is half of random search's failures; by luck, no more failures than random search within the intervals.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from benchmarks._tables import DATA, replayed, table_there
from launch.bench.comparison import Estimate, estimate, loss_curve
from launch.bench.question import Arena, Question, goal, prepare
from launch.bench.replay import Course, Replay
from launch.terminal import table
from search_spaces.table import Results, read_results

NUM_TRIALS = 100
RULE_SHARE, LUCK_SHARE = 0.7, 0.3
STRATEGIES = ("chamnet", "forest", "optuna_tpe", "random")
MILESTONES = (25, 50, 100)
BAR = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A column to maximise, and the one that tells what does not fit into memory."""

    table: str
    objective: str
    size: str


TARGETS = (
    Target(table="nasbench201", objective="val_c10", size="params"),
    Target(table="nasbench_macro", objective="acc_seed0", size="params"),
    Target(table="transnas_macro", objective="segmentsemantic", size="params"),
    Target(table="nasbench_mr", objective="seg_miou", size="params_m"),
)


def main() -> None:
    options = _options()
    for target in TARGETS:
        path = table_there(options.data, target.table, target.table)
        if path is None:
            continue
        results = read_results(path)
        for how, failing in _failing(results, target).items():
            arena = _arena(results, target, failing)
            _report(f"{target.table} {target.objective}, {how}", arena, _replayed(arena, options), options)


def _failing(results: Results, target: Target) -> dict[str, Bool[np.ndarray, " n"]]:
    size, luck = results.numbers(target.size), np.random.default_rng(0)
    return {
        "by a rule": size > np.nanquantile(size, 1 - RULE_SHARE),
        "by luck": luck.random(len(size)) < LUCK_SHARE,
    }


def _arena(results: Results, target: Target, failing: Bool[np.ndarray, " n"]) -> Arena:
    question = Question(objectives=(goal(target.objective, minimise=False),), statistics=())
    arena = prepare(results, question)
    return replace(arena, values=np.where(failing[:, None], np.nan, arena.values))


def _replayed(arena: Arena, options: argparse.Namespace) -> dict[str, list[Replay]]:
    course = Course(num_trials=NUM_TRIALS, workers=1, lag=0, predictor=options.predictor)
    runs = [(name, seed) for name in options.strategies for seed in range(options.seeds)]
    replays = replayed(arena, course, runs, jobs=options.jobs, out=None)
    return {name: [one for one in replays if one.strategy == name] for name in options.strategies}


def _report(title: str, arena: Arena, replays: dict[str, list[Replay]], options: argparse.Namespace) -> None:
    num_failed = {name: _num_failed(arena, ones) for name, ones in replays.items()}
    rows = []
    for name, ones in replays.items():
        curves = np.stack([loss_curve(arena, one, NUM_TRIALS) for one in ones])
        regrets = [_shown(estimate(curves[:, n - 1])) for n in MILESTONES]
        took = np.mean([one.proposal_ms for one in ones])
        rows.append([name, _shown(estimate(num_failed[name])), *regrets, f"{took:.0f}"])
    header = [f"failed of {NUM_TRIALS}", *(f"regret after {n}" for n in MILESTONES), "ms a proposal"]
    print(f"\n## {title}, {options.seeds} seeds\n\n{table(['strategy', *header], rows)}")
    if "random" in num_failed:
        _judge(num_failed)


def _judge(num_failed: dict[str, Float[np.ndarray, " K"]]) -> None:
    at_random = float(num_failed["random"].mean())
    for name, found in num_failed.items():
        if name != "random":
            print(
                f"{name}: {found.mean() / at_random:.2f} of random search's failures (bar by a rule: {BAR})", flush=True
            )


def _num_failed(arena: Arena, replays: Sequence[Replay]) -> Float[np.ndarray, " K"]:
    return np.array([np.isnan(arena.values[list(one.places), 0]).sum() for one in replays], dtype=np.float64)


def _shown(found: Estimate | None) -> str:
    return "-" if found is None else f"{found.mean:.3g} [{found.low:.3g}, {found.high:.3g}]"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--predictor", default="gp")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the tables")
    parser.add_argument("--strategies", type=lambda text: tuple(text.split(",")), default=STRATEGIES)
    return parser.parse_args()


if __name__ == "__main__":
    main()
