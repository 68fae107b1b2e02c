"""The final phase: the finalists, and what a search must beat, trained at the full budget."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from launch.run.explore import NARROWED, baseline, measured_by
from launch.run.finals.finalists import Finalists
from launch.run.options import Options
from launch.run.phases.phases import Phases, latest_failure
from launch.run.prepare import Prepared
from nas.record import Proposal, Trial, rows
from nas.search import Fits, Fitted, Listed
from nas.search.loop import Plan
from nas.space import Architecture

FINALS_STREAM = 4  # of the seed, see `launch.run.explore`


def train_finals(
    prepared: Prepared, phases: Phases, options: Options, complete: Sequence[Trial], fits: Fits
) -> list[Trial]:
    """Train the finalists at the full budget, and the random design's median and best beside them.

    Raises:
      RuntimeError: every final failed.
    """
    chosen = _finalists(prepared, phases, options).choose(complete, fits)
    wanted = [*chosen, *_yardsticks(prepared, phases, fits[prepared.objective])]
    proposals = _untried(wanted, phases.trials("final"))
    plan = Plan(
        phase="final",
        num_trials=len(proposals),
        fidelity=prepared.experiment.final_fidelity,
        seed=options.seed,
        seeds=(seed_of(prepared, options),) * len(proposals),
        lag=len(proposals),  # none waits for another, and each ticket has its place in the list
    )
    num_trainings = prepared.experiment.final_seeds * len(proposals)
    phases.account.course = replace(phases.account.course, num_finals=num_trainings, searching=False)
    finals = phases.carry_out(plan, Listed(proposals=proposals))
    complete_finals = [trial for trial in finals if trial.state == "complete"]
    if not complete_finals:
        raise RuntimeError(f"every final failed; mend it and run the command again. {latest_failure(finals)}")
    return complete_finals


def seed_of(prepared: Prepared, options: Options) -> int:
    """Of the finals' trainings: another than the search's where they are as long, for else they would be the same."""
    return options.seed + (prepared.experiment.final_fidelity == prepared.experiment.fidelity)


def _finalists(prepared: Prepared, phases: Phases, options: Options) -> Finalists:
    return Finalists(
        experiment=prepared.experiment,
        folder=phases.folder,
        pricing=prepared.pricing,
        limits=prepared.binding,
        feasible=prepared.feasible,
        goal=prepared.goal,
        aims=prepared.aims,
        seed=(options.seed, FINALS_STREAM),
        say=phases.progress.say,
        step=phases.progress.step,
    )


def _yardsticks(prepared: Prepared, phases: Phases, fitted: Fitted) -> list[Proposal]:
    """The baseline, what a limit on the objective is measured by, and what no strategy chose: the best of the design,
    and its median or, for a goal, the best of the reference's narrower versions.
    """
    trials = [trial for trial in phases.trials("search") if trial.state == "complete"]
    by_origin = {origin: [trial for trial in trials if trial.origin == origin] for origin in ("design", NARROWED)}
    design, narrowed = (_ranked(prepared, some, fitted) for some in by_origin.values())
    chosen = {f"{NARROWED} best": narrowed[0]} if narrowed else {}
    if design:
        chosen |= {} if narrowed else {"design median": design[len(design) // 2]}
        chosen |= {"design best": design[0]}
    return [
        *baseline(prepared.experiment),
        *measured_by(prepared),
        *(Proposal(architecture=trial.architecture, origin=origin) for origin, trial in chosen.items()),
    ]


def _ranked(prepared: Prepared, trials: Sequence[Trial], fitted: Fitted) -> list[Trial]:
    """By the objective as measured, or by what the goal sees in them."""
    if prepared.goal is None or not trials:
        return sorted(trials, key=lambda trial: trial.metrics[prepared.objective])
    risk = prepared.goal.risk(fitted, prepared.pricing.features, trials)(rows(trials))
    return [trials[i] for i in np.argsort(risk, kind="stable").tolist()]


def _untried(wanted: Sequence[Proposal], old: Sequence[Trial]) -> tuple[Proposal, ...]:
    """Finals by ticket. What has failed is not tried again, unless everything has: then it may have been mended."""
    tried = {trial.architecture for trial in old if any(other.state != "failed" for other in old)}
    return by_ticket(old, [proposal for proposal in _distinct(wanted) if proposal.architecture not in tried])


def _distinct(proposals: Sequence[Proposal]) -> list[Proposal]:
    """One proposal for each architecture, with all its origins."""
    origins: dict[Architecture, list[str]] = {}
    for proposal in proposals:
        origins.setdefault(proposal.architecture, []).append(proposal.origin)
    return [Proposal(architecture=row, origin=", ".join(dict.fromkeys(names))) for row, names in origins.items()]


def by_ticket(old: Sequence[Trial], new: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Finals in the order of their tickets: the record's keep theirs, new ones fill what it has lost and then go on."""
    known = {trial.ticket: Proposal(architecture=trial.architecture, origin=trial.origin) for trial in old}
    rest = list(new)
    places = range(max(known, default=-1) + 1)
    filled = [known[ticket] if ticket in known else rest.pop(0) for ticket in places if ticket in known or rest]
    return (*filled, *rest)
