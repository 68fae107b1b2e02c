"""The search phase: the baseline and a space-filling design, then what the strategy proposes."""

from collections.abc import Sequence

import numpy as np

from launch.budget import MIN_TRIALS, Account
from launch.experiment import Experiment
from launch.extensions.parts import strategy_of
from launch.run.options import Options
from launch.run.phases.phases import Phases, latest_failure
from launch.run.phases.spending import is_spent, spent_text
from launch.run.prepare import Prepared
from nas.feasible import graded, space_filling
from nas.record import Proposal, Trial
from nas.search import Strategy, Task
from nas.search.loop import Plan
from nas.space import Architecture

DESIGN_STREAM = 2
"""Of the seed; 0, 1 and 3 are used in pricing, profiling and judging, 4 in the finals, 5 and 6 in the report, 7 for
shared weights."""

NARROWED = "narrowed"
FACTORS = tuple(np.linspace(0.95, 0.2, 16).tolist())
"""Of the widths of what a goal compares with."""


def explore(prepared: Prepared, phases: Phases, options: Options) -> list[Trial]:
    """Train the design, then what the strategy proposes; the phase's complete trials, of every rung.

    Raises:
      RuntimeError: too few trials are complete for a predictor.
    """
    experiment, account = prepared.experiment, phases.account
    plan = Plan(
        phase="search",
        num_trials=options.num_trials,
        fidelity=experiment.fidelity,
        seed=options.seed,
        lag=options.lag,
    )
    trials = phases.carry_out(plan, strategy(prepared, options.seed), stop=lambda known: is_spent(account, known))
    account.stopped_by = account.refused_by() if len(trials) < plan.num_trials else None
    if account.stopped_by:
        phases.progress.say(f"{spent_text(account.stopped_by)} after {len(trials)} of {plan.num_trials} trials")
    complete = [trial for trial in trials if trial.state == "complete"]
    _check_enough(complete, trials, experiment, account)
    return complete


def baseline(experiment: Experiment) -> list[Proposal]:
    """The experiment's reference architecture, where it has one."""
    name = experiment.baseline
    return [Proposal(architecture=experiment.space.reference(name), origin=f"baseline {name}")] if name else []


def measured_by(prepared: Prepared) -> list[Proposal]:
    """The reference architecture that the limit on the objective speaks of, where it has one."""
    reference = prepared.quality.reference if prepared.quality else None
    if reference is None:
        return []
    named = [known for known in baseline(prepared.experiment) if known.architecture == reference]
    return named or [Proposal(architecture=reference, origin="reference")]


def _check_enough(complete: Sequence[Trial], trials: Sequence[Trial], experiment: Experiment, account: Account) -> None:
    num_full = sum(trial.fidelity == experiment.fidelity for trial in complete)
    if num_full >= MIN_TRIALS:
        return
    stopped_by = account.stopped_by
    cure = f"{spent_text(stopped_by)}: {account.needs()}" if stopped_by else "give --trials more"
    rungs = " at the full fidelity" if experiment.rungs else ""
    raise RuntimeError(
        f"only {num_full} of {len(trials)} trials are complete{rungs}, a predictor needs {MIN_TRIALS}; {cure}. "
        f"{latest_failure(trials)}"
    )


def strategy(prepared: Prepared, seed: int) -> Strategy:
    """What proposes the search's trials."""
    experiment = prepared.experiment
    task = Task(
        objectives=experiment.objectives or (experiment.objective,),
        problem=prepared.pricing.problem(prepared.binding),
        sample=prepared.feasible.sample,
        features=prepared.pricing.features,
        predictor=prepared.pricing.choosing(experiment.predictor),
        opening=_opening(prepared, seed),
        rungs=experiment.ladder,
        goal=prepared.goal,
        costs=prepared.aims.costs if prepared.aims else {},
        quality=prepared.aims.quality if prepared.aims else None,
    )
    return strategy_of(experiment)(task=task)


def _opening(prepared: Prepared, seed: int) -> tuple[Proposal, ...]:
    """The baseline, where it meets the limits: the search starts from where one stands. Then the design.

    What a goal compares with comes whether or not it meets them: its error is the measure of all others. Up to half of
    the design are then narrower versions of it, which is what one would try without a search.
    The whole design even if fewer trials are asked for: a run that is extended later is then the longer run.
    """
    size, features = prepared.experiment.num_design, prepared.pricing.design_features
    rng = np.random.default_rng((seed, DESIGN_STREAM))
    if prepared.goal is None:
        design = space_filling(prepared.feasible, size, features=features, rng=rng)
    else:  # how cheap may it be? each part of the range must say
        design = graded(prepared.feasible, size, cost=prepared.goal.cost, features=features, rng=rng)
    filling = [Proposal(architecture=tuple(row), origin="design") for row in design.tolist()]
    start = [known for known in baseline(prepared.experiment) if _meets_limits(prepared, known)]
    measure = measured_by(prepared) if prepared.goal else []
    narrower = [known for one in measure for known in _narrowed(prepared, one.architecture, most=size // 2)]
    return (*start, *(known for known in measure if known not in start), *narrower, *filling[: size - len(narrower)])


def _narrowed(prepared: Prepared, reference: Architecture, *, most: int) -> list[Proposal]:
    """The reference with narrower widths, as far apart as they go among those that meet the limits."""
    space = prepared.experiment.space
    found = list(dict.fromkeys(space.narrowed(reference, factor) for factor in FACTORS))
    proposals = [Proposal(architecture=row, origin=NARROWED) for row in found if row != reference]
    fine = [known for known in proposals if _meets_limits(prepared, known)]
    places = np.unique(np.linspace(0, len(fine) - 1, min(most, len(fine))).round().astype(int))
    return [fine[place] for place in places]


def _meets_limits(prepared: Prepared, proposal: Proposal) -> bool:
    return bool(prepared.feasible.contains(np.array([proposal.architecture], dtype=np.int8))[0])
