"""How well does each predictor rank, find the best and know its error, on architectures that somebody else trained?

    python -m benchmarks.predictor_quality [--seeds 30] [--targets TABLE:COLUMN ...] [--predictors KEY ...]
        [--numeric none] [--no-structures]

Each seed draws 50, 100 and 200 labelled rows of a table at random and predicts all the others; every predictor gets
the same rows. Features are those of `nas bench`: decisions as names and, where they may be numbers, as numbers, among
which each predictor chooses by cross-validation on the labels (`--numeric none` has names alone); how they are wired,
where that is written down (nasbench201; `--no-structures` leaves it out); and the logarithms of the parameters and
multiply-accumulates. A line is the mean over the seeds, half of a 95 % interval beside tau: Kendall
tau on the unseen rows; the same among those whose cost lies in the 15 % below the table's median, as if that were the
limit; the regret left after also training the ten predicted best (the table's best less the best known, in the column's
unit); the shares of unseen rows inside the 50, 80 and 95 % intervals; seconds per fit (set OPENBLAS_NUM_THREADS=1 and
OMP_NUM_THREADS=1 for one core).

The default targets judge; nothing was chosen by looking at them. What is tuned, is tuned on transnas_macro:class_scene,
transnas_macro:class_object and transnas_macro:jigsaw; what a cell's paths tell, on the columns ep12_* of nasbench201.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from benchmarks._tables import DATA, STRUCTURES
from launch.bench.question import Arena, Goal, Question, prepare
from launch.terminal import table
from nas.plugins import PREDICTORS
from nas.search import Predictor, coverage, kendall_tau
from search_spaces.table import read_results

TARGETS = (
    "transnas_macro:normal",
    "transnas_macro:autoencoder",
    "transnas_macro:segmentsemantic",
    "nasbench_macro:acc_seed0",
    "nasbench201:val_c10",
    "nasbench201:val_c100",
    "nasbench201:val_in16",
    "nasbench_mr:seg_miou",
)
TOP_K = 10
COSTS = ("mmacs", "macs", "gflops", "params")
NEAR_SHARE = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One predictor on one draw of labels."""

    tau: float
    near: float
    regret: float
    inside_50: float
    inside_80: float
    inside_95: float
    fit_seconds: float


def read(target: str, folder: Path, numeric: str | None, *, structures: bool) -> tuple[Arena, Float[np.ndarray, " n"]]:
    """The table with that target, which is to be maximised, and its rows' costs."""
    name, _, column = target.partition(":")
    path = folder / f"{name}.csv.gz"
    if not path.is_file():
        raise SystemExit(f"there is no table {path}; give the tables' folder as --data FOLDER")
    results, structure = read_results(path), STRUCTURES.get(name) if structures else None
    question = Question(objectives=(Goal(column=column, maximise=True),), numeric=numeric, structure=structure)
    arena = prepare(results, question)
    return arena, results.numbers(next(name for name in COSTS if name in results.cells))


def outcome(
    predictor: Predictor,
    X: Float[np.ndarray, "n f"],
    y: Float[np.ndarray, "n"],
    cost: Float[np.ndarray, "n"],
    *,
    labels: int,
    seed: int,
) -> Outcome:
    """Fit to `labels` rows at random, and judge on the rest."""
    order = np.random.default_rng((seed, labels)).permutation(len(y))
    known, unseen = order[:labels], order[labels:]
    start = time.perf_counter()
    fitted = predictor.fit(X[known], y[known])
    seconds = time.perf_counter() - start
    prediction = fitted.predict(X[unseen])
    trained = np.concatenate([known, unseen[np.argsort(prediction.mean, kind="stable")[:TOP_K]]])
    inside = [coverage(prediction, y[unseen], level=level) for level in (0.5, 0.8, 0.95)]
    limit = np.median(cost)
    near = (cost[unseen] <= limit) & (cost[unseen] >= NEAR_SHARE * limit)
    return Outcome(
        tau=kendall_tau(prediction.mean, y[unseen]),
        near=kendall_tau(prediction.mean[near], y[unseen][near]),
        regret=float(y[trained].min() - y.min()),
        inside_50=inside[0],
        inside_80=inside[1],
        inside_95=inside[2],
        fit_seconds=seconds,
    )


def line(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """The means over the seeds, as cells."""
    values = np.array([astuple(one) for one in outcomes])
    tau, near, regret, *inside, seconds = values.mean(axis=0)
    half_width = 1.96 * values[:, 0].std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    cells = [
        f"{tau:.3f} ±{half_width:.3f}",
        f"{near:.3f}",
        f"{regret:.4g}",
        " / ".join(f"{100 * share:.0f}" for share in inside),
    ]
    return [name, *cells, f"{seconds:.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30, help="draws of labels (30)")
    parser.add_argument("--targets", nargs="+", default=TARGETS, metavar="TABLE:COLUMN", help="higher must be better")
    parser.add_argument("--predictors", nargs="+", default=PREDICTORS.keys(), metavar="KEY", help="a key or a file")
    parser.add_argument("--labels", nargs="+", type=int, default=(50, 100, 200), help="labelled rows (50 100 200)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the tables")
    parser.add_argument("--numeric", metavar="x_COL,..|all|none", help="as in `nas bench`")
    parser.add_argument("--no-structures", dest="structures", action="store_false", help="of tables' decisions")
    options = parser.parse_args()
    predictors = {key: PREDICTORS.load(key) for key in options.predictors}
    for target in options.targets:
        arena, cost = read(target, options.data, options.numeric, structures=options.structures)
        measured = np.isfinite(arena.values[:, 0])
        X, y, cost = arena.encoded[measured], arena.values[measured, 0], cost[measured]
        for labels in options.labels:
            header = [f"{target}, {labels} labels", "tau", "near limit", f"regret@{TOP_K}", "inside 50/80/95", "fit s"]
            rows = [
                line(key, [outcome(predictor, X, y, cost, labels=labels, seed=seed) for seed in range(options.seeds)])
                for key, predictor in ((key, arena.choosing(one)) for key, one in predictors.items())
            ]
            print(table(header, rows), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
