"""How many trainings should a search spend on its opening, and should these lie near the limit?

    python -m benchmarks.opening [--seeds 16] [--targets TABLE:COLUMN[:COST] ...] [--openings all 4 8 12 8>0.7]
        [--jobs 2] [--data FOLDER]

Replays our search with other openings than its own, 75 trainings each, on columns on which things may be chosen. An
opening is written as the most trainings that it may have (a decision has one, and 6 are the least unless fewer are
said), "all" for no bound; behind ">" the share of the limit that each of its architectures must cost. With a COST the
search is under a limit at the table's median of that column; openings with ">" are for these alone.

Prints mean regrets in the column's unit after 15, 25, 50 and 75 trainings, and behind each the difference from the
first opening, paired by seed, in its standard errors: below -2 is better, above 2 worse.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from benchmarks._tables import DATA, replayed, table_there
from launch.bench.comparison import loss_curve
from launch.bench.question import Arena, Question, goal, prepare
from launch.bench.replay import Course
from launch.terminal import table
from nas.search import Predictor, Task
from search_spaces.table import read_results

NUM_TRIALS = 75
MILESTONES = (15, 25, 50, 75)
TARGETS = (
    "nasbench_mr:seg_4x_miou",
    "nasbench201:ep12_val_c10",
    "nasbench201:ep12_val_c100",
    "transnas_macro:class_scene",
    "transnas_macro:jigsaw",
    "nasbench_mr:seg_4x_miou:gflops",
    "nasbench201:ep12_val_c10:mmacs",
    "nasbench201:ep12_val_c100:mmacs",
    "transnas_macro:class_scene:mmacs",
    "transnas_macro:jigsaw:mmacs",
)
OPENINGS = ("all", "4", "8", "12", "8>0.7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Arena):
    """An arena whose tasks have another opening.

    Attributes:
      most: trainings of the opening, where there are as many decisions.
      share: of the limit, which each must cost at least; 0 for none.
      cost: of each row of the table; zeros without a limit.
    """

    most: int
    share: float
    cost: Float[np.ndarray, " n"]

    def task(self, predictor: Predictor, rng: np.random.Generator) -> Task:
        """The arena's, with this opening."""
        cost = self.cost[self.allowed]
        candidates = self.candidates[cost >= self.share * cost.max()]
        return replace(Arena.task(self, predictor, rng), opening=self.opening(candidates, rng, most=self.most))


def main() -> None:
    options = _options()
    for target in options.targets:
        name, column, *limited = target.split(":")
        path = table_there(options.data, name, target)
        if path is None:
            continue
        results = read_results(path)
        cost = results.numbers(limited[0]) if limited else np.zeros(len(results.architectures))
        limits = tuple(f"{one} <= {np.median(cost)}" for one in limited)
        arena = prepare(results, Question(objectives=(goal(column, minimise=False),), limits=limits))
        openings = [opening for opening in options.openings if limited or ">" not in opening]
        losses = [_losses(arena, opening, cost, options) for opening in openings]
        rows = [[opening, *_cells(one, losses[0])] for opening, one in zip(openings, losses, strict=True)]
        print(table([target, *(f"after {n}" for n in MILESTONES)], rows), end="\n\n", flush=True)


def _losses(
    arena: Arena, opening: str, cost: Float[np.ndarray, " n"], options: argparse.Namespace
) -> Float[np.ndarray, "s t"]:
    """Regret by seed and training."""
    most, _, share = opening.partition(">")
    parts = {field.name: getattr(arena, field.name) for field in fields(Arena)}
    bound = len(arena.rows) if most == "all" else int(most)
    opened = Opened(**parts, most=bound, share=float(share or 0), cost=cost)
    course = Course(num_trials=NUM_TRIALS, workers=1, lag=0, predictor="gp")
    runs = [("chamnet", seed) for seed in range(options.seeds)]
    replays = replayed(opened, course, runs, jobs=options.jobs, out=None, doing=f"after an opening of {opening}")
    return np.stack([loss_curve(opened, one, NUM_TRIALS) for one in replays])


def _cells(losses: Float[np.ndarray, "s t"], first: Float[np.ndarray, "s t"]) -> Sequence[str]:
    places = np.array(MILESTONES) - 1
    more = (losses - first)[:, places]
    errors = more.std(axis=0, ddof=1) / np.sqrt(len(more))
    told = np.divide(more.mean(axis=0), errors, out=np.zeros(len(places)), where=errors > 0)
    return [f"{mean:.4g} ({one:+.1f})" for mean, one in zip(losses[:, places].mean(axis=0), told, strict=True)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--targets", nargs="+", default=TARGETS, metavar="TABLE:COLUMN[:COST]")
    parser.add_argument("--openings", nargs="+", default=OPENINGS)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the tables")
    return parser.parse_args()


if __name__ == "__main__":
    main()
