"""What a machine with other tenants does to a latency table's margin, and whether winners still meet their limits.

    OMP_NUM_THREADS=1 python -m benchmarks.unsteady_machine [--seeds 50] [--winners 10]

A simulated device: the same formula on a quiet machine, on one on which everything takes 1.3 to 2 times too long for a
fifth of the time, in bursts of some seconds, and on one that also becomes 2 % slower every minute. For each seed a
table is made, limits are spread over the range of latencies, and for each the slowest of 50 architectures predicted
to meet it with the margin is measured whole. The bars: a median margin of at most 1.5 times that of the quiet machine,
95 % of winners within their limits. On the last machine nothing can be timed well; it is there to compare.
"""

import argparse
from collections.abc import Mapping

import numpy as np

from launch.pricing import price
from launch.terminal import table as text_table
from nas.devices.fake import Tenants, Unsteady
from nas.latency.noise import TO_VERIFY, disturbances
from nas.latency.profile import network_ms, profile
from search_spaces import tiny

MACHINES: Mapping[str, tuple[float, float, float]] = {  # busy share, drift per minute, jitter
    "quiet": (0.0, 0.0, 0.02),
    "bursts": (0.2, 0.0, 0.02),
    "bursts and drift": (0.2, 0.02, 0.02),
    "half of the time": (0.5, 0.0, 0.1),
}
NUM_DRAWN = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--winners", type=int, default=10)
    options = parser.parse_args()
    rows, quiet = [], None
    for name, machine in MACHINES.items():
        found = np.array([_one(seed, machine, options.winners) for seed in range(options.seeds)])
        margin, kept, doubted = float(np.median(found[:, 0])), found[:, 1].mean(), found[:, 2].mean()
        quiet = quiet or margin
        low, high = np.quantile(found[:, 0], [0.05, 0.95])
        rows.append([name, f"{margin:.1%}", f"{low:.1%} to {high:.1%}", f"{margin / quiet:.2f}", f"{kept:.1%}",
                     f"{doubted:.0%}"])  # fmt: skip
    header = ["machine", "median margin", "5 to 95 % of seeds", "of the quiet one's", "winners that meet", "doubted"]
    print(text_table(header, rows))


def _one(seed: int, machine: tuple[float, float, float], num_winners: int) -> tuple[float, float, float]:
    """Margin, share of winners within their limits, and whether the machine is too noisy to verify anything."""
    busy_share, drift, jitter = machine
    tenants = Tenants(seed=seed, busy_share=busy_share, drift_per_minute=drift, jitter=jitter)
    device, space = Unsteady(tenants=tenants), tiny.SPACE
    table = profile(space, device, np.random.default_rng(seed), progress=lambda done, total: None)
    pricing, name = price(space, (), [table]), table.resource().name
    costs = pricing.tables[name].cost(space.sample(500, np.random.default_rng(seed)))
    bounds = np.geomspace(*np.quantile(costs, [0.05, 0.95]), num_winners) * (1 + table.margin)
    winners = []
    for i, bound in enumerate(bounds):
        feasible = pricing.feasible([pricing.limit(f"{name} <= {bound}")], seed)
        drawn = feasible.sample(NUM_DRAWN, np.random.default_rng((seed, i)))
        winners.append(tuple(drawn[np.argmax(pricing.tables[name].cost(drawn))].tolist()))
    kept = float((network_ms(space, device, winners, bounds) <= bounds).mean())
    return table.margin, kept, float(bool(disturbances(table, TO_VERIFY)))


if __name__ == "__main__":
    main()
