"""Does the demo's search find a network that is as good as the baseline for much less, again and again?

    python -m benchmarks.demo_quality [--seeds 10] [--out runs/demo_quality] [--record FILE] [--searches FILE]
        [--jobs 2] [--objective macs --limit "error <= 1.02 * baseline"]

Runs the demo's command once for each seed, each in a folder of its own below --out, where a run that is there goes on;
--jobs of them at once, with a share of the cores each, but the first alone, which times the machine. What they propose
does not depend on it. --searches keeps what they found: a search that it has is not run again.

Then trains alike, for as long as a final and under three seeds that no search has used: every winner, the slim
baseline, and the published network with narrower widths. It prints a line for each search, test figures as means over
the seeds:

    share of the baseline's multiply-accumulates and of its latency as measured
    test delta1 less the baseline's, paired by seed, with its 95 % interval
    what the design alone would have given (of its architectures the one that the predictor promises most of, a final of
    every search, where it meets the limits), and the cheapest hand-scaled network that is as good as the winner, as
    shares of the winner's cost

The bars, each in 8 of 10 searches: as good as the baseline within the noise of the seeds at no more than .6 of its
multiply-accumulates and .8 of its latency; cheaper than the design's answer; cheaper than the hand-scaled one.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from benchmarks._depth_trainings import Setting, Training, trained
from benchmarks.depth_table import SCALES, scaled
from launch.experiments import demo
from launch.session import RunFolder
from launch.terminal import table
from nas.space import Architecture

BY_HAND = 0.75
"""Of the baseline's cost: a winner may cost .6, and the dearest hand-scaled network is to be dearer than that."""
SEEN = "levels"
"""What predictors see; searches that saw something else are not taken for these."""
SEEDS = (1000, 1001, 1002)
"""Of the trainings that judge; a search has trained its finals under seeds from its own on."""
LAG_OF_WORKER = 2
"""What `nas search` takes where it has all cores."""
MACS_BAR, LATENCY_BAR, SEARCHES_BAR = 0.6, 0.8, 0.8
HALF_WIDTH = 4.303 / len(SEEDS) ** 0.5
"""Of a 95 % interval by Student's t with two degrees of freedom, in standard deviations between the seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What one search found.

    Attributes:
      latency: the winner's share of the baseline's; None where neither was timed.
      design: the design's answer; None where it violates a limit.
    """

    seed: int
    winner: Architecture | None
    latency: float | None
    design: Architecture | None


def main() -> None:
    options = _options()
    cores = os.cpu_count() or 1
    first = _search(0, options, cores)
    with ThreadPoolExecutor(options.jobs) as pool:
        rest = pool.map(lambda seed: _search(seed, options, max(1, cores // options.jobs)), range(1, options.seeds))
        searches = [first, *rest]
    baseline = demo.SPACE.reference("slim")
    by_hand = [row for row in dict.fromkeys(map(scaled, SCALES)) if _macs(row) <= BY_HAND * _macs(baseline)]
    wanted = [baseline, *by_hand, *(one.winner for one in searches if one.winner is not None)]
    setting = Setting(
        name=f"final {demo.experiment().final_fidelity}",
        steps=demo.experiment().final_fidelity,
        batch_size=demo.BATCH_SIZE,
        peak_lr=demo.PEAK_LR,
        num_images=demo.NUM_IMAGES,
    )
    quality = _quality(setting, list(dict.fromkeys(wanted)), options)
    _report(searches, quality, baseline, by_hand)


def _search(seed: int, options: argparse.Namespace, workers: int) -> Search:
    """As kept, or by the command."""
    if (kept := _kept(options)).get(seed):
        return kept[seed]
    folder = RunFolder(path=options.out / f"seed{seed}")
    command = [sys.executable, "-m", "launch", "search", "demo", "--out", str(folder.path), "--seed", str(seed)]
    command += ["--workers", str(workers), "--lag", str(LAG_OF_WORKER * (os.cpu_count() or 1))]
    command += ["--objective", options.objective] if options.objective else []
    command += [word for limit in options.limit for word in ("--limit", limit)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # status 1: a limit is violated, which is data
    if not folder.winner.exists():  # it was stopped; the next command goes on with it, or tells what is wrong
        return Search(seed=seed, winner=None, latency=None, design=None)
    record = folder.read_json(folder.winner)
    found = Search(
        seed=seed,
        winner=tuple(record["architecture"]),
        latency=_latency(record),
        design=next(
            (
                tuple(one["architecture"])
                for one in record["finals"]
                if "design best" in one["origin"] and one["meets_limits"]
            ),
            None,
        ),
    )
    with options.searches.open("a") as file:
        file.write(json.dumps({"asked": _asked(options), "origin": record["origin"], **asdict(found)}) + "\n")
    return found


def _kept(options: argparse.Namespace) -> dict[int, Search]:
    """By seed, of searches that were asked the same."""
    lines = options.searches.read_text().splitlines() if options.searches.exists() else []
    records = [record for record in map(json.loads, lines) if record["asked"] == _asked(options)]
    return {
        one["seed"]: Search(
            seed=one["seed"],
            winner=tuple(one["winner"]),
            latency=one["latency"],
            design=tuple(one["design"]) if one["design"] else None,
        )
        for one in records
    }


def _asked(options: argparse.Namespace) -> dict[str, Any]:
    experiment = demo.experiment()
    return {
        "limits": options.limit or list(experiment.limits),
        "minimise": options.objective or experiment.minimise,
        "trials": experiment.num_trials,
        "fidelities": [*experiment.rungs, experiment.fidelity, experiment.final_fidelity],
        "shared_steps": experiment.shared_steps,
        "images": demo.NUM_IMAGES,
        "peak_lr": demo.PEAK_LR,
        "seen": SEEN,
    }


def _latency(record: Mapping[str, Any]) -> float | None:
    baseline = next((final for final in record["finals"] if "baseline" in final["origin"]), None)
    timed = {name: one["measured"] for name, one in record["resources"].items() if name.startswith("latency_ms")}
    shares = [
        value / baseline["measured"][name] for name, value in timed.items() if value and name in baseline["measured"]
    ] if baseline else []  # fmt: skip
    return max(shares, default=None)


def _macs(architecture: Architecture) -> int:
    return demo.SPACE.lower(architecture).macs


def _quality(
    setting: Setting, rows: Sequence[Architecture], options: argparse.Namespace
) -> dict[Architecture, Float[np.ndarray, " s"]]:
    """Test delta1 by seed."""
    wanted = [Training(setting=setting, architecture=row, seed=seed) for row in rows for seed in SEEDS]
    results = trained(wanted, options.record, jobs=options.jobs)
    return {
        row: np.array(
            [results[Training(setting=setting, architecture=row, seed=seed).key]["test"]["delta1"] for seed in SEEDS]
        )
        for row in rows
    }


def _report(
    searches: Sequence[Search],
    quality: Mapping[Architecture, Float[np.ndarray, " s"]],
    baseline: Architecture,
    by_hand: Sequence[Architecture],
) -> None:
    rows, held = [], []
    for one in searches:
        if one.winner is None:
            rows.append([str(one.seed), *["-"] * 5, "NO WINNER"])
            held.append((False,) * 3)
            continue
        better = quality[one.winner] - quality[baseline]
        half = HALF_WIDTH * float(better.std(ddof=1))
        cost = _macs(one.winner) / _macs(baseline)
        alike = [_macs(row) for row in by_hand if quality[row].mean() >= quality[one.winner].mean()]
        beside = {"design": _macs(one.design) if one.design else None, "hand": min(alike, default=None)}
        shares = {name: None if value is None else value / _macs(one.winner) for name, value in beside.items()}
        good = better.mean() + half >= 0 and cost <= MACS_BAR and (one.latency is None or one.latency <= LATENCY_BAR)
        held.append((good, *((share is None or share > 1) for share in shares.values())))
        rows.append(
            [str(one.seed), f"{cost:.2f}", "-" if one.latency is None else f"{one.latency:.2f}",
             f"{better.mean():+.4f} ±{half:.4f}", *("-" if s is None else f"{s:.2f}" for s in shares.values()),
             "yes" if good else "NO"]
        )  # fmt: skip
    header = ["seed", "MACs", "latency", "test delta1 - baseline's", "design / winner", "by hand / winner", "as good"]
    print(table(header, rows))
    names = ("as good for less", "cheaper than the design's", "cheaper than by hand")
    for name, share in zip(names, np.mean(held, axis=0).tolist(), strict=True):
        verdict = "holds" if share >= SEARCHES_BAR else "MISSED"
        print(f"{name}: {share:.0%} of the searches (bar {SEARCHES_BAR:.0%}) {verdict}")
    print(json.dumps({"seeds": len(searches), "held": np.mean(held, axis=0).tolist()}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--objective", default=None)
    parser.add_argument("--limit", action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("runs/demo_quality"))
    results = Path(__file__).parent / "results"
    parser.add_argument("--record", type=Path, default=results / "demo_quality.jsonl")
    parser.add_argument("--searches", type=Path, default=results / "demo_quality_searches.jsonl")
    return parser.parse_args()


if __name__ == "__main__":
    main()
