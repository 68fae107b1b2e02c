"""A search from start to winner: prepare, explore, judge the predictor, train the finals, conclude.

Every step can be cut short anywhere and done again by the same command: what has been measured is on disk, the rest is
a function of it and the seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from launch.experiment import Experiment, Workplace
from launch.report.page import write_report
from launch.run.along_front import choose_again
from launch.run.checkpoints import NOWHERE
from launch.run.conclude import conclude
from launch.run.explore import explore
from launch.run.finals import train_finals
from launch.run.options import Options
from launch.run.phases import Phases
from launch.run.prepare import Prepared, prepare
from launch.run.spending import open_account
from launch.session import RunFolder, far_off_text, held_out, near_limit, targets
from launch.session.session import check_record, note_record, open_history
from launch.terminal import Progress, quality_text
from nas.record import Evaluator, Executor, Trial
from nas.record.history import History
from nas.record.journal import repair_journal
from nas.search import Fits, PredictorQuality, Reasoned, fit_to_trials
from nas.search import quality as rate


def carry_out(
    experiment: Experiment,
    folder: RunFolder,
    settings: Mapping[str, Any],
    options: Options,
    place: Workplace,
    *,
    make_executor: Callable[[Evaluator], Executor],
    progress: Progress,
) -> None:
    """Start the search, continue it, or see that it is done.

    Raises:
      InfeasibleError: no architecture meets the limits.
      CardError: the evaluator says that more of the objective is better.
      TooManyFailures: trials fail so often that going on makes no sense.
    """
    if folder.is_done(options.num_trials, options.budget):
        _say_done(folder, options, progress)
        return
    if folder.started:
        check_record(folder, settings)
    _check_checkpoints(place, progress)
    prepared = prepare(experiment, folder, settings, options, place, progress)
    history = _open_record(prepared, folder, settings, progress)
    phases = _phases(prepared, folder, history, options, place, make_executor(prepared.evaluator), progress)
    try:
        every = explore(prepared, phases, options)
        complete = [trial for trial in every if trial.fidelity == experiment.fidelity]
        prepared = prepared.informed(every)
        quality = _judge(prepared, complete, options.seed, progress.say)
        fits = _fits(prepared, complete, progress.say)
        finals = train_finals(prepared, phases, options, complete, fits)
    finally:
        phases.executor.close()  # before timing: idle workers are not quite idle
        note_record(folder, history)
    if place.checkpoints is not None:  # before the winner is written: a run that is done is not looked into again
        place.checkpoints.clear()
    conclude(prepared, phases, options, finals, fits, quality)


def _say_done(folder: RunFolder, options: Options, progress: Progress) -> None:
    progress.say(f"{folder.path} is done; more --trials extend it, `nas select` tries other limits")
    chosen_anew = bool(options.choose) and choose_again(folder, options.choose, progress.say)
    if chosen_anew or not folder.report.exists():  # or the driver was killed after it had written the winner
        write_report(folder)


def _check_checkpoints(place: Workplace, progress: Progress) -> None:
    if place.checkpoints is None:
        progress.say(NOWHERE)
    else:
        place.checkpoints.prove()


def _open_record(prepared: Prepared, folder: RunFolder, settings: Mapping[str, Any], progress: Progress) -> History:
    """The run's record, mended where a crash has cut it, and the note in the folder that trials may follow."""
    repair_journal(folder.journal)
    history = open_history(folder, settings, prepared.experiment, create=not folder.started, shown=prepared.shown())
    history.recover()
    history.annotate("task", asdict(prepared.card))
    folder.start()
    note_record(folder, history)
    if passed_over := history.passed_over():
        progress.say(str(passed_over))
    return history


def _phases(
    prepared: Prepared,
    folder: RunFolder,
    history: History,
    options: Options,
    place: Workplace,
    executor: Executor,
    progress: Progress,
) -> Phases:
    return Phases(
        objective=prepared.objective,
        folder=folder,
        history=history,
        executor=executor,
        checkpoints=place.checkpoints,
        account=open_account(prepared.experiment, history, options, executor.slots),
        progress=progress,
    )


def _judge(prepared: Prepared, complete: Sequence[Trial], seed: int, say: Callable[[str], None]) -> PredictorQuality:
    """How well the predictor ranks architectures that it has not seen."""
    prediction = held_out(prepared.experiment, prepared.pricing, complete, seed)
    near = near_limit(prepared.pricing, prepared.binding, complete)
    quality = rate(prediction, targets(complete, prepared.objective), near=near)
    say(quality_text(quality))
    if far := far_off_text(complete, prepared.objective):
        say(far)
    return quality


def _fits(prepared: Prepared, complete: Sequence[Trial], say: Callable[[str], None]) -> Fits:
    """The predictors that choose the finalists, one for each metric, fitted to everything that is known."""
    predictor, features = prepared.experiment.predictor, prepared.pricing.features
    metrics = prepared.experiment.metrics
    fits = {metric: fit_to_trials(predictor, features, complete, metric) for metric in metrics}
    for metric, fitted in fits.items():
        if isinstance(fitted, Reasoned):
            say(f"predictor {f'of {metric} ' if len(metrics) > 1 else ''}{fitted.reason}")
    return fits
