"""Which cheap score of a depth network ranks as its long training does, and what does it cost?

    python -m benchmarks.cheap_rungs [TABLE.csv.gz] [--record FILE.jsonl] [--steps 1500] [--tune 0 20 60]
        [--seeds 0 1 2 3] [--spread] [--most 1.0] [--train-most 1.0] [--scores FILE.jsonl]
        [--parent STEPS]

Ranks the networks of `benchmarks.depth_table` (which `benchmarks.depth_noise` and `benchmarks.depth_ranking` explain)
against the mean of their longest trainings:

    alone      trained alone for 60 and for 180 steps: error, absolute relative error, loss
    curve      the loss of 180 steps, extrapolated to the longest by a falling power of the step
    shared     one set of weights trained for --steps steps, each on one network drawn uniformly (--spread: evenly over
               the cost) among those of .15 to 1, or --train-most, of the slim baseline's cost (`nas.supernet`);
               statistics of batch norms taken anew for each network; then --tune more steps of its own
    inherited  with --parent, in place of shared: the space's largest network trained for so many steps, of which each
               network takes the most important channels; then as above
    costs      multiply-accumulates and parameters alone

For each it prints Kendall's tau over all networks, or those of at most --most of the slim baseline's cost, within bands
of equal cost, and beyond the cost, and the core-seconds for all of them, everything that is shared included. The bar:
tau .6 within 300 core-seconds for 60 networks. Then, for shared weights, what the search's predictor makes of some of
the longest trainings, of the shared scores of all networks, and of both, on the networks that were not trained.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import torch
from jaxtyping import Float

from benchmarks._depth_trainings import NUM_WINDOWS, pictures
from benchmarks._inheritance import most_important_first
from benchmarks.depth_ranking import TAUS, architectures_of, taus
from benchmarks.depth_table import HIGH, LOW, SCHEDULE, STEPS
from launch.experiments.demo import SPACE
from launch.pricing import price
from launch.terminal import table
from nas.depth.training import Recipe
from nas.depth.training.shared import calibration, train_shared
from nas.depth.training.training import evaluate, train
from nas.lowering.torch_module import fold
from nas.record import Trial
from nas.resources import macs, params
from nas.search import Rungs, fit_to_trials, kendall_tau
from nas.space import Architecture
from nas.strategies.halving import full_predictor
from nas.supernet.shared_weights import SharedWeights, fresh, recalibrate
from predictors import gp
from search_spaces.table import Results, read_results

MEASURES = ("error", "abs_rel", "loss")
NUM_SCORED = 256
"""Validation pictures, as many as the search's evaluator takes."""
NUM_TRAINED = (4, 8)
TUNE_LR_SHARE = 0.25
"""Of the recipe's peak rate, for the steps of a network's own after the shared ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A cheap score of every network, lower is better, and the core-seconds that all of them took."""

    name: str
    values: Float[np.ndarray, " n"]
    seconds: float


def main() -> None:
    torch.set_num_threads(1)
    options = _options()
    results = read_results(options.table)
    truth, cost = results.numbers(f"error_{STEPS[-1]}_mean"), results.numbers("macs")
    kept = np.flatnonzero(cost <= options.most * SPACE.lower(SPACE.reference("slim")).macs)
    rows = [row for i, row in enumerate(architectures_of(results)) if i in kept]
    scores = [*_costs(results), *_alone(results, options.record, len(rows))]
    print(f"{len(rows)} networks", flush=True)
    _show([replace(one, values=one.values[kept]) for one in scores], truth[kept], cost[kept])
    labels = results.numbers(f"error_{STEPS[-1]}")[kept]
    for seed in options.seeds:
        shared = _shared(rows, options, seed)
        _show(shared, truth[kept], cost[kept])
        if options.parent is None:
            _keep(options, seed, rows, shared[:2])
        _show_predicted(rows, shared[0], labels, truth[kept], options.draws)


def _keep(options: argparse.Namespace, seed: int, rows: list[Architecture], shared: list[Score]) -> None:
    """For `benchmarks.search_cost`: the scores of the shortest tuning, error and absolute relative error."""
    error, abs_rel = (one.values.tolist() for one in shared)
    with options.scores.open("a") as file:
        for row, *found in zip(rows, error, abs_rel, strict=True):
            line = {"steps": options.steps, "seed": seed, "architecture": row, "error": found[0], "abs_rel": found[1]}
            file.write(json.dumps(line) + "\n")


def _show(scores: list[Score], truth: Float[np.ndarray, " n"], cost: Float[np.ndarray, " n"]) -> None:
    lines = [[one.name, *taus(one.values, truth, cost), f"{one.seconds:.0f}"] for one in scores]
    print(table(["score", *TAUS, "core-seconds"], lines), flush=True)


def _costs(results: Results) -> list[Score]:
    return [Score(name=name, values=-results.numbers(name), seconds=0.0) for name in ("macs", "params")]


def _show_predicted(
    rows: list[Architecture],
    cheap: Score,
    labels: Float[np.ndarray, " n"],
    truth: Float[np.ndarray, " n"],
    num_draws: int,
) -> None:
    """Tau of the predictions for networks that were not trained, means over draws of those that were."""
    pricing = price(SPACE, (*macs.RESOURCES, *params.RESOURCES), baseline="slim")
    predictor = pricing.choosing(gp.PREDICTOR)
    scored = [_trial(row, 0, value) for row, value in zip(rows, cheap.values, strict=True)]
    rungs, lines = Rungs(fidelities=(0, STEPS[-1]), eta=4.0), []
    for number in NUM_TRAINED:
        taus = list[tuple[float, ...]]()
        for draw in range(num_draws):
            order = np.random.default_rng((draw, number)).permutation(len(rows))
            seen, unseen = order[:number], order[number:]
            trained = [_trial(rows[i], STEPS[-1], labels[i]) for i in seen]
            informed = full_predictor(predictor, rungs, pricing.features, [*scored, *trained], "error")
            means = [
                fit_to_trials(one, pricing.features, trained, "error").predict_mean(
                    pricing.features(np.array([rows[i] for i in unseen], dtype=np.int8))
                )
                for one in (predictor, informed)
            ]
            taus.append(tuple(kendall_tau(found, truth[unseen]) for found in (*means, cheap.values[unseen])))
        alone, both, scores = np.array(taus).T
        gain, half = (both - alone).mean(), 1.96 * (both - alone).std() / num_draws**0.5
        lines.append(
            [str(number), *(f"{column.mean():.2f}" for column in (alone, scores, both)), f"{gain:+.2f} +- {half:.2f}"]
        )
    print(table(["trained", "trainings alone", "scores alone", "both", "gain over trainings alone"], lines), flush=True)


def _trial(row: Architecture, fidelity: int, error: float) -> Trial:
    return Trial(
        phase="search", ticket=0, architecture=row, fidelity=fidelity, origin="", state="complete",
        metrics={"error": float(error)},
    )  # fmt: skip


def _alone(results: Results, record: Path, num_networks: int) -> list[Score]:
    seconds = _seconds(record, num_networks)
    scores = [
        Score(name=f"alone, {steps} steps, {name}", values=results.numbers(f"{name}_{steps}"), seconds=seconds[steps])
        for steps in STEPS[:-1]
        for name in MEASURES
    ]
    curves = [np.array(text.split(), dtype=np.float64) for text in by_row(results, f"curve_{STEPS[1]}")]
    ahead = np.array([extrapolated(curve, STEPS[-1] / STEPS[1]) for curve in curves])
    return [*scores, Score(name=f"curve of {STEPS[1]} steps", values=ahead, seconds=seconds[STEPS[1]])]


def _seconds(record: Path, num_networks: int) -> Mapping[int, float]:
    """What trainings of each length took for all networks, with one seed each."""
    ended = [one for one in map(json.loads, record.read_text().splitlines()) if "core_seconds" in one]
    return {
        steps: num_networks * float(np.mean([one["core_seconds"] for one in ended if one["setting"]["steps"] == steps]))
        for steps in STEPS
    }


def by_row(results: Results, column: str) -> list[str]:
    """A column's texts by architecture."""
    texts = dict(zip(results.place.tolist(), results.cells[column], strict=True))
    return [texts[i] for i in range(len(results.architectures))]


def extrapolated(curve: Float[np.ndarray, " w"], times: float) -> float:
    """The loss after so many times the steps, by a + b t^-c fitted to the later three quarters of a curve."""
    t, later = np.arange(1, NUM_WINDOWS + 1) / NUM_WINDOWS, slice(NUM_WINDOWS // 4, None)

    def residual(known: Float[np.ndarray, " 3"]) -> Float[np.ndarray, " v"]:
        return np.asarray(known[0] + known[1] * t[later] ** -known[2] - curve[later])

    bounds = ([0.0, 0.0, 0.05], [np.inf, np.inf, 2.0])
    a, b, c = scipy.optimize.least_squares(residual, (0.5 * curve[-1], 0.5 * curve[-1], 0.5), bounds=bounds).x
    return float(a + b * times**-c)


def _shared(rows: list[Architecture], options: argparse.Namespace, seed: int) -> list[Score]:
    data = pictures(SCHEDULE[STEPS[1]], None, 1)
    recipe = Recipe(steps=options.steps, batch_size=options.batch_size, peak_lr=options.peak_lr)
    pricing = price(SPACE, macs.RESOURCES, baseline="slim")
    bounds = (f"macs <= {options.train_most} * baseline", f"macs >= {LOW} * baseline")
    feasible = pricing.feasible([pricing.limit(text) for text in bounds], seed=0)
    draw = feasible.sample_spread if options.spread else feasible.sample
    weights, began = fresh(SPACE, seed=seed), time.process_time()
    name, architectures = f"shared {options.steps} steps", draw(options.steps, np.random.default_rng((seed, 0)))
    if options.parent is not None:
        recipe, name = replace(recipe, steps=options.parent), f"inherited of {options.parent} steps"
        architectures = np.tile(np.int8([len(choice.options) - 1 for choice in SPACE.choices]), (options.parent, 1))
    losses = train_shared(weights, architectures, data.train, recipe, seed=seed)
    if options.parent is not None:
        largest = SPACE.lower(architectures[0].tolist())
        weights = replace(weights, tensors=most_important_first(largest, weights.tensors))
    spent = time.process_time() - began
    print(f"\nseed {seed}: {recipe}; {spent:.0f} s, loss {losses[: len(losses) // 10].mean():.3f} -> "
          f"{losses[-len(losses) // 10 :].mean():.3f}", flush=True)  # fmt: skip
    scores = []
    for tune in options.tune:
        began = time.process_time()
        found = [_scored(weights, row, data, replace(recipe, steps=max(1, tune)), tune, seed) for row in rows]
        seconds = spent + time.process_time() - began
        for measure in found[0]:
            values = np.array([one[measure] for one in found])
            scores.append(Score(name=f"{name}, {tune} of its own, {measure}", values=values, seconds=seconds))
    return scores


def _scored(
    weights: SharedWeights, row: Architecture, data: Any, recipe: Recipe, tune: int, seed: int
) -> dict[str, float]:
    module, found = weights.network(row), {}
    if tune:
        tuned = replace(recipe, peak_lr=TUNE_LR_SHARE * recipe.peak_lr)
        found["loss"] = float(train(module, data.train, tuned, seed=seed).losses[-max(1, tune // 4) :].mean())
    recalibrate(module, calibration(data.train, seed=seed), lambda network, batch: network(batch))
    some = np.linspace(0, len(data.validation) - 1, NUM_SCORED).round().astype(int)
    metrics = evaluate(fold(module), data.validation.take(some))
    return found | {"error": metrics.error, "abs_rel": metrics.abs_rel}


def _options() -> argparse.Namespace:
    folder = Path(__file__).parent / "results"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", default=folder / "depth_table.csv.gz")
    parser.add_argument("--record", type=Path, default=folder / "depth_table.jsonl")
    parser.add_argument("--scores", type=Path, default=folder / "shared_scores.jsonl")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--parent", type=int, metavar="STEPS", help="train the largest network alone, and inherit")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--peak-lr", type=float, default=4e-3)
    parser.add_argument("--tune", type=int, nargs="+", default=[0, 20, 60])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--draws", type=int, default=40, help="of the networks that are trained")
    parser.add_argument("--spread", action="store_true", help="networks drawn evenly over the cost")
    parser.add_argument("--most", type=float, default=HIGH, help="share of the slim baseline's cost that is looked at")
    parser.add_argument("--train-most", type=float, default=HIGH, help="the same of what trains the shared weights")
    return parser.parse_args()


if __name__ == "__main__":
    main()
