"""A table of depth networks, each trained alone for several lengths: what searches on depth are judged on.

    python -m benchmarks.depth_table [--jobs 2] [--record FILE] [--latency TABLE.json ..]
        [--out benchmarks/results/depth_table.csv.gz] [--stop-after MINUTES]

Networks of the demo's space with .15 to 1 of the slim baseline's multiply-accumulates, trained for 60, 180 and 720
steps; some with three seeds. They are uniform draws, draws spread evenly over the cost, the baseline, the published
network with narrower widths as one scales it by hand, and the ones with the most and the fewest parameters at a cost:
where networks of one cost differ most. There are so many pictures that no training sees one twice, so the loss on the
way is one on unseen pictures; the longest has half the learning rate, which lowers the noise between seeds.

It goes on where it was stopped and writes the table anew each time. A few further seeds come after every eight rows,
so that a table that is not finished shows the noise too. Any verb that reads tables reads it:

    nas bench benchmarks/results/depth_table.csv.gz --objective error_720:min --strategies chamnet,forest,random

The committed one has the latency of a two-core machine, by a table of

    nas profile launch.experiments.demo --device onnx --operators 600 --out TABLE.json

Columns beside the decisions: `macs`, `params`, `latency_ms_DEVICE` by the tables given with --latency, `origin`; then
METRIC_STEPS of seed 0 (error = 1 - delta1, abs_rel, si_log_rmse on validation maps; test_error, test_abs_rel on test
maps; loss, the mean of the last tenth of the steps), METRIC_STEPS_seedN of the others, METRIC_STEPS_mean over all seeds
that a row has, and curve_STEPS, the loss over 24 equal parts of seed 0's training.
"""

import argparse
import csv
import gzip
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._depth_trainings import Setting, Training, trained
from launch.experiments.demo import SPACE
from launch.pricing import Pricing, price
from nas.genetic import minimise
from nas.latency import read
from nas.resources import macs, params
from nas.space import Architecture, Option
from search_spaces import tiefenrausch
from search_spaces.table import PREFIX

STEPS = (60, 180, 720)
NUM_IMAGES = 9600
PEAK_LR = {60: 8e-3, 180: 8e-3, 720: 4e-3}
SCHEDULE = {
    steps: Setting(name=f"{steps}", steps=steps, peak_lr=PEAK_LR[steps], num_images=NUM_IMAGES) for steps in STEPS
}
NUM_DRAWN = 42
"""Of uniform draws, and of draws spread evenly over the cost."""
LOW, HIGH = 0.15, 1.0
"""Of the slim baseline's multiply-accumulates."""
SCALES = (0.2, 0.24, 0.28, 0.32, 0.36, 0.4, 0.43, 0.46, 0.48, 0.52)
"""Of the published widths: what one does by hand."""
EXTREMES = (0.25, 0.4)
"""Of the slim baseline's multiply-accumulates: where the most and the fewest parameters are looked for."""
EXTREMES_BAND = 0.94
"""Of the same share: the least that they may cost."""
NUM_REPEATED = 24
SEEDS = (0, 1, 2)
ROUND = 8
"""Rows whose first seeds are trained before two rows get their further ones."""
NUM_INITIAL = 512
CHUNK = 16
"""Trainings between two writings of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    architecture: Architecture
    origin: str
    seeds: tuple[int, ...]


def main() -> None:
    options = _options()
    pricing = price(
        SPACE, (*macs.RESOURCES, *params.RESOURCES), [read(path) for path in options.latency], baseline="slim"
    )
    rows = chosen(pricing)
    results, ends = dict[str, Any](), time.monotonic() + 60 * options.stop_after
    wanted = list(_trainings(rows))
    for start in range(0, len(wanted), CHUNK):
        results |= trained(wanted[start : start + CHUNK], options.record, jobs=options.jobs)
        _write(options.out, rows, results, pricing)
        if time.monotonic() > ends:
            print(f"stopped after {start + CHUNK} of {len(wanted)} trainings; the same command goes on from there")
            return
    print(f"{options.out}: {len(rows)} networks, {len(wanted)} trainings")


def chosen(pricing: Pricing) -> list[Row]:
    """The networks, the repeated ones first and spread over the cost, in the order in which they are trained."""
    feasible = pricing.feasible(
        [pricing.limit(f"macs <= {HIGH} * baseline"), pricing.limit(f"macs >= {LOW} * baseline")], seed=0
    )
    uniform, spread = (
        feasible.sample(NUM_DRAWN, np.random.default_rng(0)),
        feasible.sample_spread(NUM_DRAWN, np.random.default_rng(1)),
    )
    found = {SPACE.reference("slim"): "slim"}
    for share in EXTREMES:
        found |= dict(
            zip(extremes(pricing, share), (f"most params at {share}", f"fewest params at {share}"), strict=True)
        )
    for scale in SCALES:
        found.setdefault(scaled(scale), f"published, widths x {scale}")
    mixed = zip_longest(map(tuple, spread.tolist()), map(tuple, uniform.tolist()))
    for even, random in mixed:
        found.setdefault(even, "spread")
        found.setdefault(random, "uniform")
    return [
        Row(architecture=architecture, origin=origin, seeds=SEEDS if place < NUM_REPEATED else SEEDS[:1])
        for place, (architecture, origin) in enumerate(found.items())
    ]


def extremes(pricing: Pricing, share: float) -> tuple[Architecture, Architecture]:
    """The most and the fewest parameters at a share of the baseline's multiply-accumulates."""
    limits = [
        pricing.limit(f"macs <= {share} * baseline"),
        pricing.limit(f"macs >= {EXTREMES_BAND * share} * baseline"),
    ]
    initial = pricing.feasible(limits, seed=0).sample(NUM_INITIAL, np.random.default_rng(2))
    count = pricing.tables["params"].cost

    def furthest(sign: int) -> Architecture:
        found = minimise(
            lambda population: sign * count(population),
            pricing.problem(limits),
            initial=initial,
            rng=np.random.default_rng(3),
        )
        return tuple(found.architectures[0].tolist())

    return furthest(-1), furthest(1)


def scaled(scale: float) -> Architecture:
    """The published network with its widths times `scale`, rounded to the space's steps."""
    published, step = tiefenrausch.SPACE.references["published"], tiefenrausch.WIDTHS[0]
    decisions: dict[str, Option] = {
        name: max(step, round(int(value) * scale / step) * step) if name.endswith(".width") else value
        for name, value in published.items()
    }
    return SPACE.architecture(decisions)


def _trainings(rows: Sequence[Row]) -> Iterator[Training]:
    """First seeds in the order of the rows; after every `ROUND` rows two rows get their further seeds."""
    firsts = [rows[start : start + ROUND] for start in range(0, len(rows), ROUND)]
    again = [row for row in rows if len(row.seeds) > 1]
    others = [again[start : start + 2] for start in range(0, len(again), 2)]
    for some, older in zip_longest(firsts, others, fillvalue=()):
        yield from _of_seeds(some, first=True)
        yield from _of_seeds(older, first=False)


def _of_seeds(rows: Sequence[Row], *, first: bool) -> Iterator[Training]:
    for row in rows:
        for seed in row.seeds[:1] if first else row.seeds[1:]:
            for steps in STEPS:
                yield Training(setting=SCHEDULE[steps], architecture=row.architecture, seed=seed)


def _write(path: Path, rows: Sequence[Row], results: Mapping[str, Any], pricing: Pricing) -> None:
    whole = [record for row in rows if (record := _record(row, results, pricing)) is not None]
    header = list(dict.fromkeys(name for record in whole for name in record))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(whole)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def _record(row: Row, results: Mapping[str, Any], pricing: Pricing) -> dict[str, Any] | None:
    """A row of the table; None while a training of its first seed is missing."""
    runs = {
        steps: [
            results.get(Training(setting=SCHEDULE[steps], architecture=row.architecture, seed=seed).key)
            for seed in row.seeds
        ]
        for steps in STEPS
    }
    if any(ones[0] is None for ones in runs.values()):
        return None
    decisions = {f"{PREFIX}{name}": value for name, value in SPACE.decisions(row.architecture).items()}
    costs = {name.replace(".", "_"): value for name, value in pricing.costs(row.architecture).items()}
    record = {**decisions, **costs, "origin": row.origin}
    for steps, ones in runs.items():
        record |= _measured(steps, [_metrics(one) for one in ones])
        record[f"curve_{steps}"] = " ".join(map(str, (ones[0] or {}).get("curve", ())))
    return record


def _metrics(result: Mapping[str, Any] | None) -> dict[str, float]:
    """None of what is not trained yet, or failed."""
    if result is None or "failure" in result:
        return {}
    validation = {name: result["validation"][name] for name in ("error", "abs_rel", "si_log_rmse")}
    test = {f"test_{name}": result["test"][name] for name in ("error", "abs_rel")}
    return {**validation, **test, "loss": round(result["loss"], 6)}


def _measured(steps: int, by_seed: Sequence[Mapping[str, float]]) -> dict[str, float | str]:
    """The columns of one length; empty cells where a training failed."""
    columns: dict[str, float | str] = {}
    for name in ("error", "abs_rel", "si_log_rmse", "test_error", "test_abs_rel", "loss"):
        values = [one[name] for one in by_seed if name in one]
        columns[f"{name}_{steps}"] = by_seed[0].get(name, "")
        columns |= {f"{name}_{steps}_seed{seed}": one.get(name, "") for seed, one in enumerate(by_seed) if seed}
        columns[f"{name}_{steps}_mean"] = round(float(np.mean(values)), 6) if values else ""
    return columns


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--record",
        type=Path,
        default=Path(__file__).parent / "results/depth_table.jsonl",
        help="goes on with what it holds",
    )
    parser.add_argument("--latency", type=Path, nargs="*", default=[], help="latency tables of the demo's space")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/depth_table.csv.gz")
    parser.add_argument("--stop-after", type=float, default=float("inf"), metavar="MINUTES")
    return parser.parse_args()


if __name__ == "__main__":
    main()
