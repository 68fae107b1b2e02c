"""Trains given architectures as further trials of a run's search: the operating points that a sweep has named.

Same record, budgets and lasting as the search: what is there is not trained again, and a command that is cut short goes
on. The winner stays; a search that is extended starts from what these have taught.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from launch.report.page import write_report
from launch.run.execution import Execution
from launch.run.explore import strategy
from launch.run.options import Options
from launch.run.phases.opening import check_checkpoints, open_phases, open_record
from launch.run.phases.phases import Phases
from launch.run.phases.spending import is_spent, spent_text
from launch.run.prepare import Prepared, prepare
from launch.session.session import Session, note_record
from launch.terminal import Progress
from nas.record import Exhausted, Proposal, Trial
from nas.search import Strategy
from nas.search.loop import Plan
from nas.space import Architecture

ORIGIN = "operating point"


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """A strategy for the tickets after those that a search has handed out; of these it proposes lost ones again."""

    search: Strategy
    first: int
    proposals: tuple[Proposal, ...]

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        place = len(done) + len(pending) - self.first
        if place < 0:
            return self.search.propose(done, pending, rng)
        if place >= len(self.proposals):
            raise Exhausted("every operating point has been handed out")
        return self.proposals[place]


def train_points(
    session: Session, architectures: Sequence[Architecture], execution: Execution, progress: Progress
) -> None:
    """Train those that the search has not tried at its full fidelity, in their order, and write the report again.

    Raises:
      TooManyFailures: they fail so often that going on makes no sense.
    """
    known = session.trials("search")
    proposals = _untried(architectures, session)
    if not proposals and not any(trial.state == "running" for trial in known):
        progress.say("every operating point has been tried; nothing is left to do")
        return
    slots = execution.slots()
    experiment = replace(
        session.experiment,
        resources=(*session.experiment.resources, *session.own_files().load(session.experiment.space)),
    )
    place = execution.workplace(session.folder, experiment, session.settings, slots, progress)
    check_checkpoints(place, progress)
    options = _options(session, execution, max((trial.ticket for trial in known), default=-1) + 1 + len(proposals))
    prepared = prepare(experiment, session.folder, session.settings, options, place, progress)
    history = open_record(prepared, session.folder, session.settings, progress)
    executor = execution.start(prepared.evaluator, slots, place.checkpoints)
    phases = open_phases(prepared, session.folder, history, options, place, executor, progress)
    try:
        _carry_out(prepared, phases, options, proposals)
    finally:
        executor.close()
        note_record(session.folder, history)
    if session.folder.winner.exists():
        write_report(session.folder)


def _untried(architectures: Sequence[Architecture], session: Session) -> tuple[Proposal, ...]:
    tried = {trial.architecture for trial in session.full_trials()}
    new = [row for row in dict.fromkeys(architectures) if row not in tried]
    return tuple(Proposal(architecture=row, origin=ORIGIN, fidelity=session.experiment.fidelity) for row in new)


def _options(session: Session, execution: Execution, num_trials: int) -> Options:
    return Options(
        seed=session.seed,
        num_trials=num_trials,
        lag=0,  # no point's proposal rests on another's result
        budget=execution.budget,
        gpus=execution.terms.gpus,
        cpus=execution.terms.cpus,
    )


def _carry_out(prepared: Prepared, phases: Phases, options: Options, proposals: tuple[Proposal, ...]) -> None:
    account = phases.account
    account.course = replace(account.course, num_finals=0)
    plan = Plan(
        phase="search",
        num_trials=options.num_trials,
        fidelity=prepared.experiment.fidelity,
        seed=options.seed,
        lag=options.lag,
    )
    following = Following(
        search=strategy(prepared, options.seed), first=options.num_trials - len(proposals), proposals=proposals
    )
    before = phases.history.notes().get("plan:search", {"total": 0})
    trials = phases.carry_out(
        plan,
        following,
        stop=lambda known: is_spent(account, known),
        asked=before["total"] - before.get("points", 0),
    )
    _tell(phases, trials, options.num_trials)


def _tell(phases: Phases, trials: Sequence[Trial], num_trials: int) -> None:
    """What is left out of the table that follows: failures, and what no budget had room for."""
    say = phases.progress.say
    for trial in trials:
        if trial.origin == ORIGIN and trial.state == "failed":
            say(f"{trial.name} failed and is not tried again: {trial.failure}")
    spent = phases.account.refused_by() if len(trials) < num_trials else None
    if spent:
        say(f"{spent_text(spent)}; {num_trials - len(trials)} operating points are left, the same command goes on")
