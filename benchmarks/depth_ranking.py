"""How well can depth networks be ranked: by costs, by short trainings, by predictors from few labels, and at most?

    python -m benchmarks.depth_ranking [TABLE.csv.gz] [--measure error] [--draws 20] [--decisions]
        [--known N] [--predictors KEY ..]

Reads the table of `benchmarks.depth_table`. What is ranked is the mean over a row's seeds of its longest training;
everything is Kendall's tau, over all rows, within bands of equal cost (pairs whose multiply-accumulates differ by less
than a tenth), and beyond the cost (of what is left when a line in its logarithm is taken off either). It prints

    for each length   the noise of a seed, the spread between networks, at equal cost too (rest after a parabola in the
                      logarithm of the cost), and the highest tau that these allow
    between lengths   the order after short trainings against the order after the longest, seed 0 against the others
    without training  multiply-accumulates alone, parameters alone
    predictors        from 12, 24 and 48 random labels (seed 0, longest training), on the other rows: mean and interval
                      over draws; by levels as a search sees networks, with --decisions by decisions and total costs;
                      with --known the labels are of the table's first N rows alone, and the rows after them are
                      ranked: nothing was chosen on rows after the 62nd
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from benchmarks.depth_noise import signal
from benchmarks.depth_table import SEEDS, STEPS
from launch.bench.comparison import estimate
from launch.experiments.demo import SPACE
from launch.pricing import price
from launch.terminal import table
from nas.plugins import PREDICTORS
from nas.resources import macs, params
from nas.search import kendall_tau
from nas.space import Architecture
from search_spaces.table import PREFIX, Results, read_results

TABLE = Path(__file__).parent / "results/depth_table.csv.gz"
NUM_LABELS = (12, 24, 48)
TAUS = ("tau", "at equal cost", "beyond cost")
Drawn = tuple[Int[np.ndarray, " l"], Int[np.ndarray, " u"]]
BAND = 0.1
"""Of the cost, within which two networks count as equally dear."""


def main() -> None:
    options = _options()
    results = read_results(options.table)
    truth, cost = results.numbers(f"{options.measure}_{STEPS[-1]}_mean"), results.numbers("macs")
    _noise(results, options.measure, np.log(cost))
    rows = [[name, *taus(values, truth, cost)] for name, values in _scores(results, options.measure).items()]
    print(f"\n{table([f'ranked by ({len(truth)} networks)', *TAUS], rows)}")
    _predictors(results, options, truth, cost)


def _noise(results: Results, measure: str, log_cost: Float[np.ndarray, " n"]) -> None:
    rows = []
    for steps in STEPS:
        values = np.column_stack([results.numbers(_column(measure, steps, seed)) for seed in SEEDS])
        whole = np.isfinite(values).all(axis=1)
        trend = np.polyval(np.polyfit(log_cost[whole], values[whole].mean(axis=1), 2), log_cost[whole])
        for name, some in (("all", values[whole]), ("cost taken off", values[whole] - trend[:, None])):
            found = signal(some)
            figures = (found.noise, found.spread, found.ratio, found.ceiling)
            rows.append([f"{steps} steps, {name}", *(f"{figure:.4f}" for figure in figures)])
    print(table([f"{measure}, {len(SEEDS)} seeds", "noise", "spread", "F", "highest tau of one seed"], rows))


def _column(measure: str, steps: int, seed: int) -> str:
    return f"{measure}_{steps}" + (f"_seed{seed}" if seed else "")


def _scores(results: Results, measure: str) -> Mapping[str, Float[np.ndarray, " n"]]:
    measures = dict.fromkeys((measure, "error", "abs_rel", "si_log_rmse", "loss"))
    short = {
        f"{name} after {steps} steps": results.numbers(f"{name}_{steps}") for steps in STEPS[:-1] for name in measures
    }
    return {"multiply-accumulates": -results.numbers("macs"), "parameters": -results.numbers("params"), **short}


def taus(scores: Float[np.ndarray, " n"], truth: Float[np.ndarray, " n"], cost: Float[np.ndarray, " n"]) -> list[str]:
    """In the order of `TAUS`."""
    kept = np.isfinite(scores) & np.isfinite(truth)
    scores, truth, cost = scores[kept], truth[kept], cost[kept]
    found = (
        kendall_tau(scores, truth),
        _tau_of_pairs(scores, truth, _alike(cost)),
        kendall_tau(_beyond(cost, scores), _beyond(cost, truth)),
    )
    return [f"{tau:.2f}" for tau in found]


def _beyond(cost: Float[np.ndarray, " n"], values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """What is left of the values when a line in the logarithm of the cost is taken off."""
    logs = np.log(cost)
    return np.asarray(values - np.polyval(np.polyfit(logs, values, 1), logs))


def _alike(cost: Float[np.ndarray, " n"]) -> Bool[np.ndarray, "n n"]:
    return np.abs(np.log(cost[:, None] / cost)) < BAND


def _tau_of_pairs(
    scores: Float[np.ndarray, " n"], truth: Float[np.ndarray, " n"], alike: Bool[np.ndarray, "n n"]
) -> float:
    """Concordant less discordant pairs among those that are alike in cost, as a share of them."""
    signs = np.sign(scores[:, None] - scores) * np.sign(truth[:, None] - truth)
    pairs = np.triu(alike, 1)
    return float(signs[pairs].mean()) if pairs.any() else float("nan")


def _predictors(
    results: Results, options: argparse.Namespace, truth: Float[np.ndarray, " n"], cost: Float[np.ndarray, " n"]
) -> None:
    pricing = price(SPACE, (*macs.RESOURCES, *params.RESOURCES), baseline="slim")
    population = np.array(architectures_of(results), dtype=np.int8)
    predictors, X = {key: PREDICTORS.load(key) for key in options.predictors}, pricing.design_features(population)
    if not options.decisions:
        predictors, X = {key: pricing.choosing(one) for key, one in predictors.items()}, pricing.features(population)
    y = results.numbers(f"{options.measure}_{STEPS[-1]}")
    draws = {n: [_drawn(results, options.known, n, draw) for draw in range(options.draws)] for n in NUM_LABELS}
    header = ["predictor", *(f"{n} labels{what}" for n in NUM_LABELS for what in ("", ", equal cost"))]
    found = [[key, *_by_labels(one.fit, X, y, truth, cost, draws)] for key, one in predictors.items()]
    print(f"\n{table(header, found)}")


def _drawn(results: Results, known: int | None, num_labels: int, draw: int) -> Drawn:
    """Rows that give labels, and rows to be ranked."""
    rng = np.random.default_rng((draw, num_labels))
    if known is None:
        order = rng.permutation(len(results.architectures))
        return order[:num_labels], order[num_labels:]
    return rng.permutation(results.place[:known])[:num_labels], results.place[known:]


def architectures_of(results: Results) -> list[Architecture]:
    """The table's rows as architectures of the demo's space; the table may order decisions and options otherwise."""
    found = []
    for row in results.architectures.tolist():
        options = zip(results.choices, row, strict=True)
        found.append(
            SPACE.architecture(
                {choice.name.removeprefix(PREFIX): int(choice.options[option]) for choice, option in options}
            )
        )
    return found


def _by_labels(
    fit: Callable[..., object],
    X: Float[np.ndarray, "n f"],
    y: Float[np.ndarray, " n"],
    truth: Float[np.ndarray, " n"],
    cost: Float[np.ndarray, " n"],
    draws: Mapping[int, Sequence[Drawn]],
) -> list[str]:
    cells = []
    for num_labels in NUM_LABELS:
        taus = []
        for seen, unseen in draws[num_labels]:
            mean = fit(X[seen], y[seen]).predict_mean(X[unseen])  # type: ignore[attr-defined]
            pairs = _tau_of_pairs(mean, truth[unseen], _alike(cost[unseen]))
            taus.append((kendall_tau(mean, truth[unseen]), pairs))
        for column in np.array(taus).T:
            told = estimate(column)
            cells.append("-" if told is None else f"{told.mean:.2f} [{told.low:.2f}, {told.high:.2f}]")
    return cells


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", default=TABLE)
    parser.add_argument(
        "--measure", default="error", help="error, abs_rel, si_log_rmse, test_error, test_abs_rel or loss"
    )
    parser.add_argument("--known", type=int, metavar="N", help="labels of the first N rows, ranks of the others")
    parser.add_argument("--predictors", nargs="+", default=PREDICTORS.keys(), metavar="KEY")
    parser.add_argument("--decisions", action="store_true", help="what predictors saw before there were levels")
    parser.add_argument("--draws", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
