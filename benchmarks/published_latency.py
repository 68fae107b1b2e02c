"""Does a sum over operators predict the latencies that others measured on real devices?

    python -m benchmarks.published_latency [--labels 300] [--data FOLDER]

The additive model is what a latency table is: a constant and one figure for each (place, operator), here fitted by
least squares to the first 300 architectures of nasbench201 on each of its six devices (HELP, HW-NAS-Bench). It
predicts all other architectures, beside a random forest on the same one-hot codes, beside the multiply-accumulates
(Spearman only), and beside the best that any sum can do: the same fit to all rows, predicted ones included. An
interval holds 95 % of what 300 resamples of the predicted rows give; the fitted rows stay the same. MAPE is the mean
of |predicted / measured - 1|. Nothing was tuned. Takes a minute on one core.

Two devices (eyeriss, fpga) are models and exactly additive. The two phones fit better when operators whose result is
never read are left out, as if their runtimes dropped them, which a sum over all operators cannot know; the model
"unread dropped" is the additive one on cells whose unread edges are set to none. That was found by looking at these
very rows, and nobody has looked into the runtimes: it explains the rows, it did not foretell them.
In 2 % of the cells no path leads from input to output; the phones run many of them in 0.01 ms in place of 25, so a
relative error means nothing there. "linked" is the MAPE without them.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int8
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestRegressor

from benchmarks._tables import DATA
from launch.terminal import table
from search_spaces.table import Results, features, read_results

TABLE = "nasbench201.csv.gz"
PREFIX = "latency_ms_"
NUM_RESAMPLES = 300
NUM_TREES = 300
DECIMALS = 9  # of a predicted millisecond: equal sums must tie, whatever their rounding

Model = Callable[[Float[np.ndarray, "n f"]], Float[np.ndarray, " n"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How predictions agree with measurements: each the value on all rows, and its interval over resamples."""

    spearman: tuple[float, float, float]
    mape: tuple[float, float, float]
    linked_mape: tuple[float, float, float]


def additive(X: Float[np.ndarray, "n f"], y: Float[np.ndarray, " n"]) -> Model:
    """Least squares with a constant; of the many equal solutions (each place's codes add up to 1), the smallest."""
    solution = np.linalg.lstsq(_with_constant(X), y, rcond=None)[0]
    return lambda rows: np.asarray(_with_constant(rows) @ solution)


def forest(X: Float[np.ndarray, "n f"], y: Float[np.ndarray, " n"]) -> Model:
    fitted = RandomForestRegressor(n_estimators=NUM_TREES, random_state=0).fit(X, y)
    return lambda rows: np.asarray(fitted.predict(rows))


def score(
    predicted: Float[np.ndarray, " n"],
    measured: Float[np.ndarray, " n"],
    linked: Bool[np.ndarray, " n"],
    rng: np.random.Generator,
) -> Score:
    predicted = np.round(predicted, DECIMALS)
    samples = [np.arange(len(measured)), *rng.integers(len(measured), size=(NUM_RESAMPLES, len(measured)))]
    errors = np.abs(predicted / measured - 1)
    return Score(
        spearman=_interval([spearmanr(predicted[rows], measured[rows]).statistic for rows in samples]),
        mape=_interval([errors[rows].mean() for rows in samples]),
        linked_mape=_interval([errors[rows][linked[rows]].mean() for rows in samples]),
    )


def read_nodes(results: Results) -> Bool[np.ndarray, "n 4"]:
    """Which of a cell's nodes its output depends on: x_e01 .. x_e23 are the edges between them, option 0 is none."""
    read = np.zeros((len(results.architectures), 4), dtype=bool)
    read[:, -1] = True
    for i, source, target in sorted(_edges(results), key=lambda edge: -edge[2]):  # a node before the edges into it
        read[:, source] |= (results.architectures[:, i] != _none(results, i)) & read[:, target]
    return read


def without_unread(results: Results) -> Int8[np.ndarray, "n d"]:
    """The architectures with none on every edge into a node that nothing reads."""
    architectures, read = results.architectures.copy(), read_nodes(results)
    for i, _, target in _edges(results):
        architectures[~read[:, target], i] = _none(results, i)
    return architectures


def _edges(results: Results) -> list[tuple[int, int, int]]:
    """(decision, source, target) of each edge."""
    return [(i, int(choice.name[3]), int(choice.name[4])) for i, choice in enumerate(results.choices)]


def _none(results: Results, decision: int) -> int:
    return results.choices[decision].options.index(0)


def compare(results: Results, column: str, num_labels: int) -> list[list[str]]:
    """A line of the table for each model on one device."""
    measured = results.numbers(column)
    nothing = np.zeros((len(measured), 0))
    X = features(results.choices, results.architectures, nothing)
    X_read = features(results.choices, without_unread(results), nothing)
    known = np.unique(results.place[:num_labels])
    unseen = np.setdiff1d(np.flatnonzero(np.isfinite(measured)), known)
    predictions = {
        "additive": additive(X[known], measured[known])(X[unseen]),
        "forest": forest(X[known], measured[known])(X[unseen]),
        "unread dropped": additive(X_read[known], measured[known])(X_read[unseen]),
        "MACs": results.numbers("mmacs")[unseen],
        "sum, all rows": additive(X, measured)(X[unseen]),
    }
    linked, device = read_nodes(results)[unseen, 0], column.removeprefix(PREFIX)
    scores = {
        name: score(values, measured[unseen], linked, np.random.default_rng(0)) for name, values in predictions.items()
    }
    return [[device, name, *_cells(one, is_latency=name != "MACs")] for name, one in scores.items()]


def _with_constant(X: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n g"]:
    return np.concatenate([np.ones((len(X), 1)), X], axis=1)


def _interval(values: Sequence[float]) -> tuple[float, float, float]:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(low), float(high)


def _cells(one: Score, *, is_latency: bool) -> list[str]:
    errors = [_shown(figures, "{:.2%}") if is_latency else "" for figures in (one.mape, one.linked_mape)]
    return [_shown(one.spearman, "{:.4f}"), *errors]


def _shown(figures: tuple[float, float, float], form: str) -> str:
    value, low, high = (form.format(figure) for figure in figures)
    return f"{value} [{low}, {high}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, default=300, help="rows, from the file's first, to fit to (300)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the tables")
    options = parser.parse_args()
    path = options.data / TABLE
    if not path.is_file():
        raise SystemExit(f"skipped: there is no table {path}; give the tables' folder as --data FOLDER")
    results = read_results(path)
    columns = [column for column in results.cells if column.startswith(PREFIX)]
    rows = [row for column in columns for row in compare(results, column, options.labels)]
    print(table(["device", "model", "Spearman", "MAPE", "linked"], rows))


if __name__ == "__main__":
    main()
