"""How fast are exact costs, and how fast is a certified count?

    python -m benchmarks.costs_speed [--repeats 7] [--space tiefenrausch] [--limit 2.5901e9]

Prices random architectures by their tables, for macs alone and for every resource of `nas/resources/`, beside lowering
each network (the slow road to the same numbers) and fvcore's trace of the built module; sets up all tables; finds every
exact range; certifies how many architectures have at most `--limit` macs and draws uniformly from them. Prints the
median and range of the repeats; set one thread (OMP_NUM_THREADS=1) and a quiet machine. It takes about a minute.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from nas.costs import AnyResource, tabulate
from nas.feasible import Bound, certify, extremes
from nas.lowering.torch_module import build, count_macs
from nas.plugins import RESOURCES, SPACES
from nas.resources import macs
from nas.space import Space

NUM_ROWS = 200_000
NUM_LOWERED = 200
NUM_TRACED = 3
NUM_DRAWN = 10_000


def seconds(action: Callable[[], object], repeats: int) -> list[float]:
    """Wall-clock time of each repeat, after one that is not recorded."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return times


def tell(name: str, values: Sequence[float], unit: str, form: str) -> None:
    median, low, high = (format(value, form) for value in (statistics.median(values), min(values), max(values)))
    print(f"{name:42} {median:>12} {low:>12} {high:>12}  {unit}", flush=True)


def rates(times: Sequence[float], count: int) -> list[float]:
    return [count / taken for taken in times]


def prices(space: Space, resources: Sequence[AnyResource], repeats: int) -> None:
    tables = tabulate(space, resources)
    population = space.sample(NUM_ROWS, np.random.default_rng(0))
    (mac_table,) = (table for table in tables if table.resource.name == "macs")
    alone = seconds(lambda: mac_table.cost(population), repeats)
    together = seconds(lambda: [table.cost(population) for table in tables], repeats)
    tell("macs by table", rates(alone, NUM_ROWS), "architectures/s", ",.0f")
    tell(f"all {len(tables)} resources by table", rates(together, NUM_ROWS), "architectures/s", ",.0f")
    few = population[:NUM_LOWERED].tolist()
    lowered = seconds(lambda: [space.lower(row).macs for row in few], min(3, repeats))
    tell("macs by lowering", rates(lowered, NUM_LOWERED), "architectures/s", ",.0f")
    modules = [build(space.lower(row)).eval() for row in few[:NUM_TRACED]]
    traced = seconds(lambda: [count_macs(module) for module in modules], 1)
    tell("macs by fvcore (built already)", rates(traced, NUM_TRACED), "architectures/s", ",.1f")


def answers(space: Space, resources: Sequence[AnyResource], limit: float, repeats: int) -> None:
    tell("set-up of all tables", seconds(lambda: tabulate(space, resources), repeats), "s", ".3f")
    (table,) = tabulate(space, macs.RESOURCES)
    tell("exact range of macs", seconds(lambda: extremes(space.num_options, table), repeats), "s", ".3f")
    bound = Bound(name="macs", unit="MACs", cost=table, relation="<=", value=limit)
    rng = np.random.default_rng(0)
    tell("certified count", seconds(lambda: certify(space.num_options, [bound], rng), repeats), "s", ".3f")
    feasible = certify(space.num_options, [bound], rng)
    drawn = seconds(lambda: feasible.sample(NUM_DRAWN, rng), repeats)
    tell("uniform feasible samples", rates(drawn, NUM_DRAWN), "architectures/s", ",.0f")
    width = feasible.count_high / feasible.count_low - 1
    print(f"{bound}: {feasible.count_low:.5e} to {feasible.count_high:.5e} architectures, {width:.3%} wide")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7, help="of each measurement (7)")
    parser.add_argument("--space", default="tiefenrausch", help="key, dotted path or file (tiefenrausch)")
    parser.add_argument("--limit", type=float, default=2.5901e9, help="in MACs (2.5901e9)")
    arguments = parser.parse_args()
    space = SPACES.load(arguments.space)
    resources = [resource for key in RESOURCES.keys() for resource in RESOURCES.load(key)]
    print(f"{'':42} {'median':>12} {'least':>12} {'most':>12}")
    prices(space, resources, arguments.repeats)
    answers(space, resources, arguments.limit, arguments.repeats)


if __name__ == "__main__":
    main()
