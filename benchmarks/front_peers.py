"""How soon does a search for a front find it, on tables of trained architectures, beside what people use today?

    python -m benchmarks.front_peers [--seeds 10] [--jobs 2] [--out runs/front_peers.jsonl] [--predictor gp]
        [--targets "nasbench201 val_c10 mmacs" ..] [--strategies front,random,..] [--data FOLDER]
        [--no-structures]

The loop of `nas search --objective error --objective macs` (`nas.search.loop` with the strategy `front`, costs exact),
Optuna's TPE and NSGA-II, pymoo's NSGA-II and random, 100 trainings each over the same seeds, on four tables. For each
target it prints the table of `nas bench` (the share of the true front's hypervolume that is missing after 25, 50 and
100 trainings, with 95 % intervals) and the bar: at least the best peer's hypervolume after 50 and after 100 trainings,
with half as many. The best peer is chosen anew at each. With `--out` it continues where it was stopped. A seed on one
table takes some 15 seconds of a core, so in full it is some ten minutes of one.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks._tables import DATA, STRUCTURES, replayed, table_there
from launch.bench.comparison import Comparison, Standing, compare
from launch.bench.comparison.text import text
from launch.bench.question import Arena, Question, goal, prepare
from launch.bench.replay import Course, check, defaults, is_peer
from launch.terminal import table
from nas.plugins import PREDICTORS
from search_spaces.table import read_results

NUM_TRIALS = 100
BARS = ((25, 50), (50, 100))
"""Our trainings, and the peer's that they are to match."""
NEEDED = 3
"""Targets of four on which both bars are to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A table, the column to maximise and the cost to minimise."""

    table: str
    objective: str
    cost: str

    @property
    def name(self) -> str:
        return f"{self.table} {self.objective} {self.cost}"


TARGETS = (
    Target(table="transnas_macro", objective="segmentsemantic", cost="mmacs"),
    Target(table="nasbench_macro", objective="acc_seed0", cost="macs"),
    Target(table="nasbench201", objective="val_c10", cost="mmacs"),
    Target(table="nasbench_mr", objective="seg_miou", cost="gflops"),
)


def main() -> None:
    options = _options()
    held = {}
    for target in options.targets:
        path = table_there(options.data, target.table, target.name)
        if path is None:
            continue
        objectives = (goal(target.objective, minimise=False), goal(target.cost, minimise=True))
        structure = STRUCTURES.get(target.table) if options.structures else None
        arena = prepare(read_results(path), Question(objectives=objectives, structure=structure))
        comparison = _compared(arena, options)
        print(f"\n## {target.name}\n\n{text(comparison)}\n")
        held[target.name] = _report(target, comparison)
    print(f"\nboth bars hold on {sum(held.values())} of {len(held)} tables; wanted: {NEEDED} of {len(TARGETS)}")


def _compared(arena: Arena, options: argparse.Namespace) -> Comparison:
    course = Course(num_trials=NUM_TRIALS, workers=1, lag=0, predictor=options.predictor)
    check(options.strategies, arena.task(PREDICTORS.load(course.predictor), np.random.default_rng(0)))
    runs = [(name, seed) for seed in range(options.seeds) for name in options.strategies]
    return compare(arena, course, replayed(arena, course, runs, jobs=options.jobs, out=options.out))


def _report(target: Target, comparison: Comparison) -> bool:
    """Print the bars of every strategy of ours, and a line for machines; whether the first one's hold."""
    peers = [standing for standing in comparison.standings if is_peer(standing.name)]
    ours = [standing for standing in comparison.standings if not is_peer(standing.name)]
    if not peers or not ours:
        return False
    rows = [[one.name, *(_bar(one, peers, *bar) for bar in BARS)] for one in ours]
    print(
        table(
            ["missing hypervolume", *(f"after {mine}, the best peer's after {theirs}" for mine, theirs in BARS)], rows
        )
    )
    record = {s.name: {str(n): asdict(s.at(n)) for n in (25, 50, 100)} for s in comparison.standings}
    print(json.dumps({"target": target.name, "missing": record}), flush=True)
    return all(_holds(ours[0], peers, *bar) for bar in BARS)


def _bar(ours: Standing, peers: Sequence[Standing], mine: int, theirs: int) -> str:
    best = _best(peers, theirs)
    verdict = "holds" if _holds(ours, peers, mine, theirs) else "MISSED"
    return f"{ours.at(mine).mean:.4f}, {best.at(theirs).mean:.4f} ({best.name}) {verdict}"


def _holds(ours: Standing, peers: Sequence[Standing], mine: int, theirs: int) -> bool:
    return ours.at(mine).mean <= _best(peers, theirs).at(theirs).mean


def _best(peers: Sequence[Standing], num_trained: int) -> Standing:
    return min(peers, key=lambda standing: standing.at(num_trained).mean)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path)
    parser.add_argument("--predictor", default="gp")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the tables")
    parser.add_argument("--no-structures", dest="structures", action="store_false", help="of tables' decisions")
    parser.add_argument("--strategies", type=lambda names: tuple(names.split(",")), default=defaults(2))
    parser.add_argument("--targets", type=_target, nargs="+", default=TARGETS, metavar="'TABLE COLUMN COST'")
    return parser.parse_args()


def _target(name: str) -> Target:
    try:
        return Target(**dict(zip(("table", "objective", "cost"), name.split(), strict=True)))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"write 'TABLE COLUMN COST', such as {TARGETS[0].name!r}, got {name!r}"
        ) from None


if __name__ == "__main__":
    main()
