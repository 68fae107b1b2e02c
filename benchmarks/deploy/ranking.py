"""Does a search's order survive full training? Five architectures from across a finished search, trained far longer.

`nas train` trains each from random weights, by the search's own recipe but for its length and what comes with that
(warm-up, stronger augmentation, averaged weights), each in a folder of its own that the same command goes on from. The
order of the search's trials and the order afterwards are compared by Kendall's tau, and pairs that changed are named.
Five networks make ten pairs: a tau of theirs says whether the order breaks down, not how well it holds.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from launch.session import RunFolder
from launch.session.session import Session, open_session
from launch.terminal import figure, table
from nas.record import Trial
from nas.search import kendall_tau

NUM_ARCHITECTURES = 5
BAR = 0.6  # of ten pairs, at most two change places


def rank(run: Path, out: Path, *, longer: int) -> None:
    """Train what is not trained yet, and print both orders."""
    session = open_session(RunFolder(path=run))
    chosen = across(session.full_trials(), session.objective)
    steps = longer * session.experiment.fidelity
    errors = [_trained(session, run, trial, out, steps) for trial in chosen]
    before = [trial.metrics[session.objective] for trial in chosen]
    rows = [
        [trial.name, f"{session.experiment.space.lower(trial.architecture).macs:,}", figure(old), figure(new)]
        for trial, old, new in zip(chosen, before, errors, strict=True)
    ]
    heads = [f"{session.objective} after {number:,} steps" for number in (session.experiment.fidelity, steps)]
    print(table(["trial", "MACs", *heads], rows))
    tau = kendall_tau(np.array(before), np.array(errors))
    print(f"changed places: {', '.join(_changed(chosen, before, errors)) or 'none'}")
    print(f"Kendall's tau of the two orders {tau:.2f} (bar {BAR}) {'holds' if tau >= BAR else 'MISSED'}")


def across(trials: Sequence[Trial], objective: str, number: int = NUM_ARCHITECTURES) -> list[Trial]:
    """At even distances in the order of the search, the best and the worst among them."""
    complete = sorted(
        (trial for trial in trials if trial.state == "complete"), key=lambda trial: trial.metrics[objective]
    )
    places = np.unique(np.linspace(0, len(complete) - 1, number).round().astype(int))
    return [complete[place] for place in places]


def _trained(session: Session, run: Path, trial: Trial, out: Path, steps: int) -> float:
    """The objective of a trial's architecture on validation data, trained for so many steps."""
    folder, file = out / trial.name, out / f"{trial.name}.json"
    out.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"decisions": session.experiment.space.decisions(trial.architecture)}))
    print(f"training {trial.name} for {steps:,} steps in {folder}", file=sys.stderr, flush=True)
    command = [
        sys.executable, "-m", "launch", "train", str(file), "--experiment", str(run), "--out", str(folder),
        "--steps", str(steps), "--seed", str(session.seed), "--from-scratch",
    ]  # fmt: skip
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    metrics: dict[str, float] = json.loads((folder / "trained.json").read_text())["metrics"]
    return metrics[session.objective]


def _changed(chosen: Sequence[Trial], before: Sequence[float], after: Sequence[float]) -> list[str]:
    return [
        f"{chosen[i].name} and {chosen[j].name}"
        for i, j in combinations(range(len(chosen)), 2)
        if (before[i] - before[j]) * (after[i] - after[j]) < 0
    ]
