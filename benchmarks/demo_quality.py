"""Does the demo's search find a network that is as good as the baseline for much less, again and again?

    python -m benchmarks.demo_quality [--seeds 10] [--out runs/demo_quality] [--record FILE] [--jobs 2]
        [--objective macs --limit "error <= 1.02 * baseline"]

Runs the demo's command once for each seed, each in a folder of its own below --out, where a run that is there goes on;
--jobs of them at once, with a share of the cores each, but the first alone, which times the machine. What they propose
does not depend on it.

Then trains alike, for as long as a final and under three seeds that no search has used: every winner, the slim
baseline, what the design alone would have given (of its architectures the one that the predictor promises most of, a
final of every search), and the published network with narrower widths. It prints a line for each search, test figures
as means over the seeds:

    share of the baseline's multiply-accumulates and of its latency as measured
    test delta1 less the baseline's, paired by seed, with its 95 % interval
    the design's answer, and the cheapest hand-scaled network that is as good as the winner, as shares of its cost

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from benchmarks._depth_trainings import Setting, Training, trained
from benchmarks.depth_table import SCALES, scaled
from launch.experiments import demo
from launch.session import RunFolder
from launch.session.session import open_session
from launch.terminal import table
from nas.space import Architecture

SEEDS = (1000, 1001, 1002)
"""Of the trainings that judge; a search has trained its finals under seeds from its own on."""
LAG_OF_WORKER = 2
"""What `nas search` takes where it has all cores."""
MACS_BAR, LATENCY_BAR, SEARCHES_BAR = 0.6, 0.8, 0.8
HALF_WIDTH = 4.303 / len(SEEDS) ** 0.5
"""Of a 95 % interval by Student's t with two degrees of freedom, in standard deviations between the seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What one search found. `latency` is the winner's share of the baseline's, None where neither was timed."""

    seed: int
    winner: Architecture
    latency: float | None
    design: Architecture | None


def main() -> None:
    options = _options()
    first = _search(0, options, os.cpu_count() or 1)
    with ThreadPoolExecutor(options.jobs) as pool:
        workers = max(1, (os.cpu_count() or 1) // options.jobs)
        rest = pool.map(lambda seed: _search(seed, options, workers), range(1, options.seeds))
        searches = [first, *rest]
    baseline = demo.SPACE.reference("slim")
    by_hand = list(dict.fromkeys(scaled(scale) for scale in SCALES))
    wanted = [baseline, *by_hand, *(row for one in searches for row in (one.winner, one.design) if row is not None)]
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
    folder = RunFolder(path=options.out / f"seed{seed}")
    command = [sys.executable, "-m", "launch", "search", "demo", "--out", str(folder.path), "--seed", str(seed)]
    command += ["--workers", str(workers), "--lag", str(LAG_OF_WORKER * (os.cpu_count() or 1))]
    command += ["--objective", options.objective] if options.objective else []
    command += [word for limit in options.limit for word in ("--limit", limit)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # status 1: a limit is violated, which is data
    record = folder.read_json(folder.winner)
    finals = open_session(folder).trials("final")
    return Search(
        seed=seed,
        winner=tuple(record["architecture"]),
        latency=_latency(record),
        design=next((trial.architecture for trial in finals if "design best" in trial.origin), None),
    )


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
    parser.add_argument("--record", type=Path, default=Path(__file__).parent / "results/demo_quality.jsonl")
    return parser.parse_args()


if __name__ == "__main__":
    main()
