"""Does the demo end with a winner on any machine: from empty caches, idle or beside another process?

    python -m benchmarks.demo_holds --runs 5 [--busy-cores 1] [--experiment demo] [--executor ray] [--out FOLDER]

Runs the demo's command again and again, each time with a cache and a run folder of its own, and prints for each run how
long its stages took, what the latency table was worth, the winner beside the baseline, and the exit status. Each busy
core is a process that computes in bursts of some seconds. The bars: every run ends with a winner and status 0.
"""

import argparse
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launch.session import RunFolder
from launch.terminal import table as text_table
from nas.latency import read
from nas.latency.noise import drift, noise

STAGES = {  # how a line on stderr begins -> the stage that it is of
    "rendering": "data",
    "timing": "timing",
    "latency_ms": "timing",
    "between": "search",
    "training": "shared weights",
    "search": "search",
    "predictor": "finals",
    "final": "finals",
    "measuring": "measuring",
}
BURST_S = (0.5, 6.0)  # of a busy core, and of the pauses between bursts


@dataclass(slots=True, kw_only=True)
class Ended:
    """The outcome of one run. `stages`: seconds by stage, from the first line of each to the first of the next."""

    code: int
    seconds: float
    stages: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    folder: Path


def main() -> None:
    options = _options()
    every = []
    with _busy(options.busy_cores):
        for number in range(options.runs):
            folder = Path(tempfile.mkdtemp(prefix="demo-holds-", dir=options.out))
            every.append(_run(folder, options))
            print(f"run {number + 1} of {options.runs}: exit status {every[-1].code}, {folder}", flush=True)
    print(_text(every))
    good = sum(one.code == 0 and (one.folder / "run" / "winner.json").exists() for one in every)
    print(f"{good} of {len(every)} ended with a winner and status 0, with {options.busy_cores} busy cores")
    sys.exit(0 if good == len(every) else 1)


def _run(folder: Path, options: argparse.Namespace) -> Ended:
    command = [
        sys.executable, "-m", "launch", "search", options.experiment, "--out", str(folder / "run"), "--cache",
        str(folder / "cache"), "--executor", options.executor,
    ]  # fmt: skip
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    ended = Ended(code=0, seconds=0.0, folder=folder)
    stage, since = "start", began
    for line in process.stderr:
        ended.said.append(line.rstrip())
        now, found = time.monotonic(), _stage(line)
        if found is not None and found != stage and not (found == "timing" and stage in ("search", "finals")):
            ended.stages[stage] = ended.stages.get(stage, 0.0) + now - since
            stage, since = found, now
    ended.code, ended.seconds = process.wait(), time.monotonic() - began
    ended.stages[stage] = ended.stages.get(stage, 0.0) + time.monotonic() - since
    (folder / "stderr.txt").write_text("\n".join(ended.said) + "\n")
    return ended


def _stage(line: str) -> str | None:
    return next((stage for start, stage in STAGES.items() if line.startswith(start)), None)


def _text(every: Sequence[Ended]) -> str:
    names = list(dict.fromkeys(name for one in every for name in one.stages))
    header = ["run", "wall s", *(f"{name} s" for name in names), "noise", "drift", "margin", "winner", "baseline",
              "limits", "status"]  # fmt: skip
    rows = [
        [str(i), f"{one.seconds:.0f}", *(f"{one.stages.get(name, 0.0):.0f}" for name in names), *_worth(one.folder),
         *_outcome(one.folder), str(one.code)]
        for i, one in enumerate(every, start=1)
    ]  # fmt: skip
    return text_table(header, rows)


def _worth(folder: Path) -> list[str]:
    tables = sorted((folder / "run").glob("latency_*.json"))
    if not tables:
        return ["-", "-", "-"]
    table = read(tables[0])
    return [f"{noise(table):.1%}", f"{drift(table):+.1%}", f"{table.margin:.1%}"]


def _outcome(folder: Path) -> list[str]:
    """The winner's and the baseline's error on held-out data if there are such, and how each limit ended."""
    run = RunFolder(path=folder / "run")
    if not run.winner.exists():
        return ["-", "-", "no winner"]
    record = run.read_json(run.winner)
    baseline = next((final["metrics"] for final in record["finals"] if "baseline" in final["origin"]), {})
    name = next(name for name in ("test_error", record["objective"]["name"]) if name in record["metrics"])
    limits = [f"{limit['resource']} {_ending(limit)}" for limit in record["limits"]]
    return [f"{record['metrics'][name]:.4f}", f"{baseline[name]:.4f}" if name in baseline else "-", ", ".join(limits)]


def _ending(limit: dict[str, Any]) -> str:
    return "holds" if limit["holds"] and limit["binding"] else "violated" if limit["binding"] else "not verified"


@contextmanager
def _busy(cores: int) -> Iterator[None]:
    processes = [multiprocessing.Process(target=_burn, args=(seed,), daemon=True) for seed in range(cores)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()


def _burn(seed: int) -> None:
    chance = random.Random(seed)
    while True:
        until = time.monotonic() + chance.uniform(*BURST_S)
        while time.monotonic() < until:
            json.dumps(list(range(1000)))
        time.sleep(chance.uniform(*BURST_S) / 4)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--busy-cores", type=int, default=0)
    parser.add_argument("--experiment", default="demo")
    parser.add_argument("--executor", default="ray", choices=["ray", "serial"])
    parser.add_argument("--out", type=Path, default=None, help="folder for the runs. [default: a temporary one]")
    options = parser.parse_args()
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    return options


if __name__ == "__main__":
    main()
