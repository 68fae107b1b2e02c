"""Does our search find better architectures than what people use today, on tables of trained ones?

    python -m benchmarks.search_quality [--seeds 30] [--jobs 2] [--out runs/search_quality.jsonl]
        [--targets "transnas_macro normal" ..] [--strategies chamnet,forest,..] [--predictor gp] [--seeds-slow 10]
        [--data FOLDER] [--no-structures]

Eight targets, 200 trainings each, every strategy over the same seeds in the same run. For each target it prints

    the table of `nas bench`: mean regret after 25, 50, 100 and 200 trainings with 95 % intervals, rank, judge's regret
    (a) our mean regret over the best peer's after 50 and after 100 trainings; the bar is 0.5
    (b) trainings that our mean needs to reach the best peer's mean at 200; the bar is 60
    the predictor's Kendall tau on the rows not seen, after 50, 100 and 200 random labels

The best peer is chosen anew at each milestone: the one with the least mean there. Nothing was tuned on the first seven;
that widths and depths are learnt better as numbers was seen on the eighth (docs/bench.md).

Where somebody has written down how a table's decisions are wired (nasbench201), all that learn from features see it;
`--no-structures` leaves that out. With `--out` it continues where it was stopped; lines of older code in the file are
not used.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from benchmarks._tables import DATA, STRUCTURES, replayed, table_there
from launch.bench.comparison import Comparison, Estimate, Standing, compare, estimate, ratio
from launch.bench.comparison.text import notes, text
from launch.bench.question import Arena, Question, goal, prepare
from launch.bench.replay import Course, check, defaults, finished, is_peer
from launch.terminal import table
from nas.plugins import PREDICTORS
from nas.search import kendall_tau
from search_spaces.table import read_results

NUM_TRIALS = 200
RATIO_AT, RATIO_BAR = (50, 100), 0.5
REACH_BAR = 60
NUM_LABELS = (50, 100, 200)
SLOW = ("optuna_gp",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A column to maximise and, where another one judges, that one."""

    table: str
    objective: str
    judge: str | None = None

    @property
    def name(self) -> str:
        return f"{self.table} {self.objective}"


TARGETS = (
    Target(table="transnas_macro", objective="normal"),
    Target(table="transnas_macro", objective="autoencoder"),
    Target(table="transnas_macro", objective="segmentsemantic"),
    Target(table="nasbench_macro", objective="acc_seed0", judge="acc_mean"),
    Target(table="nasbench201", objective="val_c10", judge="test_c10"),
    Target(table="nasbench201", objective="val_c100", judge="test_c100"),
    Target(table="nasbench201", objective="val_in16", judge="test_in16"),
    Target(table="nasbench_mr", objective="seg_miou"),
)


def main() -> None:
    options = _options()
    for target in options.targets:
        path = table_there(options.data, target.table, target.name)
        if path is None:
            continue
        judge = None if target.judge is None else goal(target.judge, minimise=False)
        objective = goal(target.objective, minimise=False)
        structure = STRUCTURES.get(target.table) if options.structures else None
        question = Question(objectives=(objective,), judge=judge, structure=structure)
        arena = prepare(read_results(path), question)
        comparison = _compared(arena, options)
        _report(target, comparison, _taus(arena, options))


def _compared(arena: Arena, options: argparse.Namespace) -> Comparison:
    course = Course(num_trials=NUM_TRIALS, workers=1, lag=0, predictor=options.predictor)
    check(options.strategies, arena.task(PREDICTORS.load(course.predictor), np.random.default_rng(0)))
    seeds = {
        name: min(options.seeds, options.seeds_slow) if name in SLOW else options.seeds for name in options.strategies
    }
    runs = [(name, seed) for seed in range(options.seeds) for name in options.strategies if seed < seeds[name]]
    return compare(arena, course, replayed(arena, course, runs, jobs=options.jobs, out=options.out))


def _taus(arena: Arena, options: argparse.Namespace) -> dict[int, Estimate | None]:
    """By the number of labels, over the seeds."""
    calls = [(arena, options.predictor, num_labels, seed) for num_labels in NUM_LABELS for seed in range(options.seeds)]
    found = np.empty(len(calls))
    for place, tau in finished(_tau, calls, options.jobs):
        found[place] = tau
    return dict(zip(NUM_LABELS, map(estimate, found.reshape(len(NUM_LABELS), -1)), strict=True))


def _tau(arena: Arena, predictor: str, num_labels: int, seed: int) -> float:
    """Kendall's tau on every row but the random labelled ones."""
    values, encoded = arena.values[:, 0], arena.encoded
    order = np.random.default_rng((seed, num_labels)).permutation(np.flatnonzero(np.isfinite(values)))
    seen, unseen = order[:num_labels], order[num_labels:]
    fitted = arena.choosing(PREDICTORS.load(predictor)).fit(encoded[seen], values[seen])
    return kendall_tau(fitted.predict_mean(encoded[unseen]), values[unseen])


def _report(target: Target, comparison: Comparison, taus: dict[int, Estimate | None]) -> None:
    print(f"\n## {target.name}\n\n{text(comparison)}\n")
    ours = [standing for standing in comparison.standings if not is_peer(standing.name)]
    if comparison.best_peer is not None and ours:
        rows = [_bars(comparison, standing) for standing in ours]
        header = ["ours over best peer", *(f"(a) ratio at {n}, bar {RATIO_BAR}" for n in RATIO_AT)]
        print(table([*header, f"(b) trained to reach {comparison.best_peer.name}'s 200, bar {REACH_BAR}"], rows))
    tau = ", ".join(f"{n}: {_interval(found)}" for n, found in taus.items())
    print(f"\npredictor {comparison.course.predictor}, Kendall tau on unseen rows by random labels: {tau}")
    for note in notes(comparison):
        print(f"note: {note}")
    print(json.dumps(_record(target, comparison, ours, taus)), flush=True)


def _bars(comparison: Comparison, ours: Standing) -> list[str]:
    cells = [ours.name]
    for num_trained in RATIO_AT:
        peer = _best_peer_at(comparison, num_trained)
        found = _ratio(ours, peer, num_trained)
        verdict = "holds" if found.mean <= RATIO_BAR else "MISSED"
        cells.append(f"{_interval(found)} ({peer.name}) {verdict}")
    arrived = comparison.reached(ours)
    return [*cells, f"{arrived or 'never'} {'holds' if arrived is not None and arrived <= REACH_BAR else 'MISSED'}"]


def _best_peer_at(comparison: Comparison, num_trained: int) -> Standing:
    peers = [standing for standing in comparison.standings if is_peer(standing.name)]
    return min(peers, key=lambda standing: standing.at(num_trained).mean)


def _ratio(ours: Standing, peer: Standing, num_trained: int) -> Estimate:
    def losses(standing: Standing) -> Float[np.ndarray, " K"]:
        return standing.losses[:, num_trained - 1]

    return ratio(losses(ours), losses(peer), np.random.default_rng(0))


def _record(
    target: Target, comparison: Comparison, ours: Sequence[Standing], taus: dict[int, Estimate | None]
) -> dict[str, Any]:
    """One line for machines."""
    peers = {n: _best_peer_at(comparison, n) for n in RATIO_AT} if comparison.best_peer else {}
    return {
        "target": target.name,
        "regret": {s.name: {str(n): asdict(s.at(n)) for n in comparison.milestones} for s in comparison.standings},
        "ratio": {s.name: {str(n): _finite(_ratio(s, peer, n)) for n, peer in peers.items()} for s in ours},
        "reached": {s.name: comparison.reached(s) for s in ours},
        "tau": {str(n): None if found is None else asdict(found) for n, found in taus.items()},
    }


def _finite(found: Estimate) -> dict[str, float | None]:
    """The estimate for JSON, which knows no infinity."""
    return {name: value if np.isfinite(value) else None for name, value in asdict(found).items()}


def _interval(found: Estimate | None) -> str:
    return "-" if found is None else f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--seeds-slow", type=int, default=10, help=f"of {', '.join(SLOW)}, if it takes part")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path)
    parser.add_argument("--predictor", default="gp")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the tables")
    parser.add_argument("--no-structures", dest="structures", action="store_false", help="of tables' decisions")
    parser.add_argument("--strategies", type=lambda text: tuple(text.split(",")), default=defaults(1))
    parser.add_argument("--targets", type=_target, nargs="+", default=TARGETS, metavar="'TABLE COLUMN'")
    return parser.parse_args()


def _target(name: str) -> Target:
    """One of the eight, or any other column of a table, which is for development."""
    known = {target.name: target for target in TARGETS}
    try:
        return known.get(name) or Target(**dict(zip(("table", "objective"), name.split(), strict=True)))
    except ValueError:
        raise argparse.ArgumentTypeError(f"write 'TABLE COLUMN', such as {TARGETS[0].name!r}, got {name!r}") from None


if __name__ == "__main__":
    main()
