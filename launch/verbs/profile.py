"""`nas profile`: a latency table of one's own device."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from launch.progress import Progress
from launch.sizes import resized
from nas.devices.device import Device
from nas.devices.profile import profile
from nas.devices.table import LatencyTable, write
from nas.plugins import DEVICES, SPACES
from nas.space import Space
from nas.variants import operators


def run(*, space: str, device: str, table: Path, size: str | None, seed: int, as_json: bool) -> int:
    chosen: Space = resized(SPACES.load(space), size)
    target: Device = DEVICES.load(device)
    with Progress() as progress:
        progress.say(f"{len({op.key for op in operators(chosen)}):,} distinct operators to time on {target.key}")
        rng = np.random.default_rng(seed)
        measured = profile(chosen, target, rng, progress=lambda done, total: progress.step("timing", done, total))
    write(measured, table)
    print(json.dumps(asdict(measured.fit)) if as_json else summary(measured))
    return 0


def summary(table: LatencyTable) -> str:
    """How far the table's sums can be trusted, in a few lines."""
    fit = table.fit
    return (
        f"latency_ms.{table.device}: {len(table.entries):,} operators timed\n"
        f"whole networks ({fit.num_networks}, spread over the cost range, each predicted without having seen it):\n"
        f"  mean error {fit.mape:.1%}, bias {fit.bias:+.1%}, Spearman {fit.spearman:.3f}, "
        f"within 10 %: {fit.within_10_percent:.0%}, margin kept below limits {fit.margin:.1%}"
    )
