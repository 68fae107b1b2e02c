"""Do latency tables tell the truth, and do winners meet their limits when they are measured?

    OMP_NUM_THREADS=1 python -m benchmarks.latency_honesty [--devices cpu,onnx,onnx_int8,executorch,executorch_int8]
        [--space demo] [--operators N] [--winners 40] [--seed 0] [--out runs/latency]

For each device: profiles the space, then prints how the table's sums agree with 30 whole networks, each predicted by a
line fitted to the others, against the bars (90 % within 10 %, Spearman 0.98). Then the table is put to its use: limits
are spread over the range of latencies, for each an architecture is drawn that meets it as closely as the table's
margin lets it, and all are measured whole, some minutes after the table was made; the bar is that 95 % meet their
limit. With `--out` tables are kept there and used again.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from launch.experiments import demo
from launch.pricing import Pricing, price
from launch.session.profiling import forecast_text
from launch.terminal import table as text_table
from nas.costs import Limit
from nas.devices import Device
from nas.latency import LatencyTable, read, write
from nas.latency.noise import noise
from nas.latency.profile import network_ms, profile
from nas.plugins import DEVICES, SPACES
from nas.space import Architecture, Space

WITHIN_BAR, SPEARMAN_BAR, WINNERS_BAR = 0.90, 0.98, 0.95
NUM_DRAWN = 200  # for each limit, of which the slowest that still meets it is taken


def main() -> None:
    options = _options()
    space = demo.experiment().space if options.space == "demo" else SPACES.load(options.space)
    rows, facts = [], []
    for key in options.devices:
        device: Device = DEVICES.load(key)
        table = _table(space, device, options.operators, options.seed, options.out)
        assert table.fit is not None
        ratios = _winners(space, device, table, options.winners, options.seed)
        share = float((ratios <= 1).mean())
        fit = table.fit
        print(f"{key}: {table.line}")
        rows.append(
            [key, f"{len(table.intervals):,} of {len(table.entries):,}", f"{noise(table):.1%}", f"{fit.mape:.1%}",
             f"{fit.bias:+.1%}", _against(fit.spearman, SPEARMAN_BAR, "{:.4f}"),
             _against(fit.within_10_percent, WITHIN_BAR, "{:.0%}"), f"{table.margin:.1%}",
             f"{_against(share, WINNERS_BAR, '{:.0%}')} of {len(ratios)}", f"{np.median(ratios):.3f}"]
        )  # fmt: skip
        facts.append({"device": key, "fit": fit.within_10_percent, "spearman": fit.spearman, "winners": share})
    print(
        text_table(
            [
                "device",
                "operators timed",
                "interval",
                "MAPE",
                "bias",
                f"Spearman (bar {SPEARMAN_BAR})",
                f"within 10 % (bar {WITHIN_BAR:.0%})",
                "margin",
                f"winners that meet (bar {WINNERS_BAR:.0%})",
                "median measured / limit",
            ],
            rows,
        )
    )
    print(json.dumps(facts))


def _table(space: Space, device: Device, most: int | None, seed: int, folder: Path | None) -> LatencyTable:
    path = None if folder is None else folder / f"{space.name}-{space.input}-{device.key}.json"
    if path is not None and path.exists():
        return read(path)
    started = time.monotonic()
    table = profile(
        space,
        device,
        np.random.default_rng(seed),
        progress=lambda done, total: None,
        announce=lambda forecast: print(forecast_text(device.key, forecast), flush=True),
        most=most,
        log=None if path is None else path.with_suffix(".log"),
    )
    print(f"{device.key}: profiled in {time.monotonic() - started:.0f} s", flush=True)
    if path is not None:
        write(table, path)
        path.with_suffix(".log").unlink(missing_ok=True)
    return table


def _winners(space: Space, device: Device, table: LatencyTable, number: int, seed: int) -> np.ndarray:
    """Measured latency over the limit, of an architecture for each of several limits."""
    pricing = price(space, (), [table])
    limits = _limits(pricing, table, number, seed)
    chosen = [_closest(pricing, limit, seed + i) for i, limit in enumerate(limits)]
    bounds = np.array([limit.bound for limit in limits])
    return np.array(network_ms(space, device, chosen, bounds) / bounds)


def _limits(pricing: Pricing, table: LatencyTable, number: int, seed: int) -> list[Limit]:
    """Spread evenly, in logarithm, over what uniform architectures cost."""
    name = table.resource().name
    costs = pricing.tables[name].cost(pricing.space.sample(2000, np.random.default_rng(seed)))
    bounds = np.geomspace(*np.quantile(costs, [0.02, 0.98]), number) * (1 + table.margin)
    return [pricing.limit(f"{name} <= {bound}") for bound in bounds]


def _closest(pricing: Pricing, limit: Limit, seed: int) -> Architecture:
    rows = pricing.feasible([limit], seed).sample(NUM_DRAWN, np.random.default_rng(seed))
    slowest = rows[np.argmax(pricing.tables[limit.resource].cost(rows))]
    return tuple(slowest.tolist())


def _against(value: float, bar: float, form: str) -> str:
    return f"{form.format(value)} {'holds' if value >= bar else 'MISSED'}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = "cpu,onnx,onnx_int8,executorch,executorch_int8"
    parser.add_argument("--devices", type=lambda text: tuple(text.split(",")), default=tuple(every.split(",")))
    parser.add_argument("--space", default="demo", help="A space, or the demo's at its 64 x 64.")
    parser.add_argument("--operators", type=int, help="Time so many at most.")
    parser.add_argument("--winners", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
