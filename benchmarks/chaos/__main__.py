"""Does a search on a cluster end as if nothing had happened, whatever is killed while it runs?

    python -m benchmarks.chaos [--trials 40] [--driver-kills 10] [--worker-kills 20] [--node-changes 6] [--seed 0]

A search in repeatable mode, once undisturbed in one process and once on a Ray cluster of several nodes, all on this
machine, while SIGKILL meets its driver (the same command is given again), its workers and whole nodes; nodes join as
well. The moments are drawn from the seed. Bars: the record (every trial's architecture, metrics and state, in order),
winner.json and the winner's weights are equal, and no trial is trained again once its end is on record. Exit status 1
if one is missed.

It takes three to six minutes of two cores and about 2 GB. Linux only: processes are looked up in /proc.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.chaos.storm import Broken, Storm, Toll, ride_out
from launch.terminal import table


def main() -> int:
    arguments = _options()
    storm = Storm(
        num_trials=arguments.trials,
        driver_kills=arguments.driver_kills,
        worker_kills=arguments.worker_kills,
        node_changes=arguments.node_changes,
        seed=arguments.seed,
    )
    with _folder(arguments.keep) as folder:
        try:
            toll = ride_out(storm, folder)
        except Broken as error:
            print(error, file=sys.stderr)
            return 1
    print(json.dumps(asdict(toll)) if arguments.json else table(["what happened", "times"], _rows(toll)))
    return 0 if toll.equal and not toll.repeated else 1


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            yield Path(folder)
    else:
        keep.mkdir(parents=True)
        yield keep


def _rows(toll: Toll) -> list[list[str]]:
    return [
        ["drivers killed", str(toll.drivers_killed)],
        ["workers killed", str(toll.workers_killed)],
        ["nodes removed", str(toll.nodes_removed)],
        ["nodes added", str(toll.nodes_added)],
        ["trials on record", str(toll.trials)],
        ["trainings begun", str(toll.began)],
        ["trainings ended", str(toll.ended)],
        ["repeated though on record", str(toll.repeated)],
        ["wall time, s", f"{toll.wall_s:.0f}"],
        ["equal to the undisturbed run", "yes" if toll.equal else "NO"],
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=40, help="of the search, before its finals (40)")
    parser.add_argument("--driver-kills", type=int, default=10, help="and starts again (10)")
    parser.add_argument("--worker-kills", type=int, default=20, help="of workers that train (20)")
    parser.add_argument("--node-changes", type=int, default=6, help="a node leaves or joins, in turns (6)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments, and of the search (0)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for both runs [default: temporary]")
    parser.add_argument("--json", action="store_true", help="one line for machines")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
