"""Is the demo's winner better than chance? Uniform draws under the same limits, trained on the same budget.

    python -m benchmarks.demo_baselines RUN [--draws 8] [--executor ray]

The design's median and best, which the demo trains by itself, are two networks. This trains more: `--draws` uniform
draws from the architectures that meet the run's limits, at the finals' fidelity with the run's seed, on the run's data.
Prints each one's held-out metrics, and the winner's place among them. Continues if it is interrupted.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from launch.executors import make_executor
from launch.experiment import Workplace
from launch.pricing import within
from launch.session import RunFolder, meaning_of, path_of, sets_of
from launch.session.session import Session, open_session
from launch.terminal import Progress, table, tally
from nas.record import Trial
from nas.record.history import History
from nas.record.journal import repair_journal
from nas.record.storage import open_storage
from nas.search import Task
from nas.search.loop import Plan, run
from nas.strategies.random import Random

METRICS = ("error", "test_delta1", "test_abs_rel", "test_si_log_rmse")
STREAM = 6  # of the run's seed; the search uses others


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--executor", choices=["ray", "serial"], default="ray")
    parser.add_argument("--cache", type=Path, default=user_cache_path("chamnas"))
    options = parser.parse_args()
    session = open_session(RunFolder(path=options.run))
    winner = session.folder.read_json(session.folder.winner)
    trials = _train_draws(session, options)
    print(_text(winner, [trial for trial in trials if trial.state == "complete"]))


def _train_draws(session: Session, options: argparse.Namespace) -> Sequence[Trial]:
    experiment, folder = session.experiment, session.folder
    limits = session.binding(session.pricing())
    space = within(session.pricing(), limits, session.seed)
    pricing, feasible = space.pricing, space.feasible
    journal = folder.path / "baselines.journal"
    repair_journal(journal)
    history = History(
        open_storage(journal), "baselines", choices=experiment.space.choices, objective=experiment.objective
    )
    plan = Plan(
        phase="final", num_trials=options.draws, fidelity=experiment.final_fidelity, seed=session.seed, lag=0
    )  # fmt: skip
    with Progress() as progress:
        sets = sets_of(session.settings)
        place = Workplace(
            cache=options.cache,
            data=path_of(sets),
            sets=sets,
            workers=options.workers,
            progress=progress.step,
            depth=meaning_of(session.settings),
            say=progress.say,
        )
        executor = make_executor(
            options.executor, experiment.make_evaluator(place), workers=options.workers, address=None
        )
        try:
            return run(
                plan,
                strategy=Random(
                    task=Task(
                        objectives=(experiment.objective,),
                        problem=pricing.problem(limits),
                        sample=feasible.sample,
                        features=pricing.features,
                        predictor=experiment.predictor,
                    )
                ),
                executor=executor,
                history=history,
                watch=lambda trials: progress.show(
                    tally(trials, phase="draws", total=plan.num_trials, slots=executor.slots, objective="error")
                ),
            )
        finally:
            executor.close()


def _text(winner: dict[str, dict[str, float]], draws: Sequence[Trial]) -> str:
    rows = [["winner", *(f"{winner['metrics'][name]:.4f}" for name in METRICS)]]
    for share in (0, 25, 50, 75, 100):
        quantiles = [np.percentile([trial.metrics[name] for trial in draws], share) for name in METRICS]
        rows.append([f"draws, {share} % quantile", *(f"{value:.4f}" for value in quantiles)])
    better = sum(trial.metrics["test_delta1"] >= winner["metrics"]["test_delta1"] for trial in draws)
    lines = [table([f"{len(draws)} uniform draws, trained alike", *METRICS], rows), ""]
    lines.append(f"draws with a test delta1 at least the winner's: {better} of {len(draws)}")
    lines.append(json.dumps({"num_draws": len(draws), "num_at_least_as_good": better}))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
