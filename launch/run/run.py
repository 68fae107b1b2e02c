"""A search from start to winner: prepare, explore, judge the predictor, train the finals, conclude.

Every step can be cut short anywhere and done again by the same command: what has been measured is on disk, the rest is
a function of it and the seed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from launch.experiment import Experiment, Workplace
from launch.report.page import write_report
from launch.run.explore import explore
from launch.run.finals.along_front import choose_again
from launch.run.finals.conclude import conclude
from launch.run.finals.finals import train_finals
from launch.run.finals.repeats import repeat
from launch.run.options import Options
from launch.run.phases.opening import check_checkpoints, open_phases, open_record
from launch.run.prepare import Prepared, prepare
from launch.session import RunFolder, far_off_text, held_out, near_limit, targets
from launch.session.session import check_record, note_record
from launch.terminal import Progress, quality_text
from nas.record import Evaluator, Executor, Trial
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
    check_checkpoints(place, progress)
    prepared = prepare(experiment, folder, settings, options, place, progress)
    history = open_record(prepared, folder, settings, progress)
    phases = open_phases(prepared, folder, history, options, place, make_executor(prepared.evaluator), progress)
    try:
        every = explore(prepared, phases, options)
        complete = [trial for trial in every if trial.fidelity == experiment.fidelity]
        prepared = prepared.informed(every)
        quality = _judge(prepared, complete, options.seed, progress.say)
        fits = _fits(prepared, complete, progress.say)
        finals = repeat(prepared, phases, options, train_finals(prepared, phases, options, complete, fits))
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
