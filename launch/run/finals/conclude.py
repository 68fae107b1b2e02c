"""The last step: measure the finals' costs for real, choose the winner, write everything down."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from launch.report.page import write_report
from launch.run.finals import winner as winners
from launch.run.finals.along_front import write_front
from launch.run.finals.finalists import earlier_timings
from launch.run.finals.measure import measure
from launch.run.finals.repeats import Repeated
from launch.run.options import Options
from launch.run.phases.phases import Phases
from launch.run.prepare import Prepared
from launch.session.verification import Doubts, later_doubts
from nas.record import Trial, rows
from nas.search import Fits, Fitted, PredictorQuality, Reasoned


def conclude(
    prepared: Prepared,
    phases: Phases,
    options: Options,
    repeated: Repeated,
    fits: Fits,
    quality: PredictorQuality,
) -> None:
    """Measure the finals, choose the winner or the front, and write its files and the report."""
    fitted, folder, finals = fits[prepared.objective], phases.folder, repeated.finals
    judged = _verified(prepared, phases, repeated, fitted)
    folder.report.unlink(missing_ok=True)  # a shorter run's
    write = functools.partial(
        winners.write,
        others=judged,
        folder=folder,
        pricing=prepared.pricing,
        fitted=fitted,
        search_fidelity=prepared.experiment.fidelity,
        objective=prepared.objective,
        minimised=prepared.experiment.minimise,
        card=prepared.card,
    )
    context = _context(prepared, phases, options, fitted, quality) | _promised(prepared, phases, finals)
    if prepared.aims is None:
        write(winners.choose(judged, prepared.minimised), context=context)
    else:

        def write_point(point: winners.Finalist, *, name: str, told: Mapping[str, Any]) -> None:
            write(point, place=folder.winners / name, context={**context, **told})

        write_front(
            judged,
            folder=folder,
            aims=prepared.aims,
            fits=fits,
            features=prepared.pricing.features,
            texts=options.choose,
            units={name: prepared.pricing.unit(name) for name in prepared.aims.costs},
            write_point=write_point,
            say=phases.progress.say,
        )
    phases.progress.say("writing the report")
    write_report(phases.folder)


def _context(
    prepared: Prepared, phases: Phases, options: Options, fitted: Fitted, quality: PredictorQuality
) -> dict[str, Any]:
    """What winner.json says of the search as a whole."""
    evaluator = prepared.evaluator
    return {
        "num_trials": options.num_trials,
        "stopped_by": phases.account.stopped_by,
        "seed": options.seed,
        "baselines": {name: dict(metrics) for name, metrics in evaluator.baselines.items()},
        "data": dict(evaluator.data_facts),
        "predictor": asdict(quality) | ({"choice": fitted.reason} if isinstance(fitted, Reasoned) else {}),
    }


def _promised(prepared: Prepared, phases: Phases, finals: Sequence[Trial]) -> dict[str, Any]:
    """Of a search with shared weights: what they cost, and by the finals' names what they said of them."""
    experiment = prepared.experiment
    if 0 not in experiment.rungs:
        return {}
    scored = {trial.architecture: trial for trial in phases.trials("search") if not trial.fidelity}
    scores = {final.name: dict(scored[final.architecture].metrics) for final in finals if final.architecture in scored}
    return {"shared": {"steps": experiment.shared_steps, "core_seconds": prepared.shared_s, "scores": scores}}


def _verified(prepared: Prepared, phases: Phases, repeated: Repeated, fitted: Fitted) -> list[winners.Finalist]:
    """The finals with their costs as measured; if the winner seems to run over, the machine is questioned too."""
    experiment, finals = prepared.experiment, repeated.finals
    measured = _measured(prepared, phases, finals)
    qualities = _qualities(prepared, finals, fitted)

    def judged(doubts: Doubts) -> list[winners.Finalist]:
        return [
            replace(
                winners.finalist(trial, cost, prepared.limits, prepared.pricing, doubts, quality),
                spread=repeated.spreads.get(trial.architecture),
            )
            for trial, cost, quality in zip(finals, measured, qualities, strict=True)
        ]

    first = judged(prepared.doubts)
    nearest = winners.choose(first, prepared.minimised)
    broken = [check.resource for check in nearest.checks if not check.holds and check.binding]
    doubts = later_doubts(prepared.doubts, experiment.space, experiment.devices, prepared.tables, broken)
    return first if doubts == prepared.doubts else judged(doubts)


def _qualities(prepared: Prepared, finals: Sequence[Trial], fitted: Fitted) -> list[winners.LimitCheck | None]:
    """Of each final, whether it meets the limit on the objective."""
    limit = prepared.quality
    if limit is None:
        return [None] * len(finals)
    predicted = fitted.predict_mean(prepared.pricing.features(rows(finals))).tolist()
    return [winners.quality_check(limit, trial, finals, mean) for trial, mean in zip(finals, predicted, strict=True)]


def _measured(prepared: Prepared, phases: Phases, finals: Sequence[Trial]) -> list[dict[str, float]]:
    """By resource: timed, traced, or metered on the lowered network rather than looked up in its table."""
    experiment, rows = prepared.experiment, [trial.architecture for trial in finals]
    phases.progress.say(f"measuring {len(rows)} finals whole")
    costs = measure(
        experiment.space,
        experiment.devices,
        rows,
        prepared.limits,
        earlier_timings(phases.folder),
        phases.progress.step,
    )
    networks = [experiment.space.lower(row) for row in rows]
    counted = [{one.name: float(one.of(network)) for one in experiment.resources} for network in networks]
    return [count | cost for count, cost in zip(counted, costs, strict=True)]
