"""A search from start to winner: prepare, explore, judge the predictor, train the finalists, conclude.

Every step can be cut short anywhere and done again by the same command: what has been measured is on disk, the rest is
a function of it and the seed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from launch.budget import MIN_TRIALS, NAMES, NO_LIMITS, Account, Budget, Course, Meter, Shift, amount, note
from launch.experiment import Experiment, Workplace
from launch.extensions import prepared_evaluator
from launch.extensions.parts import strategy_of
from launch.pricing import Pricing, Within, price, within
from launch.report.page import write_report
from launch.run import winner as winners
from launch.run.checkpoints import NOWHERE
from launch.run.finalists import Finalists, earlier_timings
from launch.run.measure import measure
from launch.session import RunFolder, check_evaluator, far_off_text, held_out, targets
from launch.session.latency import given_tables
from launch.session.profiling import latency_tables
from launch.session.session import check_record, informed, note_record, open_history
from launch.session.verification import Doubts, doubts_text, first_doubts, later_doubts
from launch.terminal import Progress, quality_text, tally
from nas.costs import Limit
from nas.feasible import FeasibleSet, InfeasibleError, space_filling
from nas.latency import LatencyTable
from nas.record import Evaluator, Executor, Outcome, Phase, Proposal, Trial, card_of
from nas.record.checkpoints import Checkpoints
from nas.record.history import History
from nas.record.journal import repair_journal
from nas.search import Fitted, Listed, PredictorQuality, Reasoned, Strategy, Task
from nas.search import quality as rate
from nas.search.loop import Plan, run
from nas.space import Architecture
from nas.strategies.chamnet import fit

PHASES: tuple[Phase, ...] = ("search", "final")
NUM_YARDSTICKS = 2
"""Of the design, trained again beside the finalists."""
STREAMS = {"design": 2, "finals": 4}
"""Of the seed; 0, 1 and 3 are used in pricing, profiling and judging, 5 and 6 in the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How this search is run; see `nas search --help`. `gpus` and `cpus` are what a trial holds."""

    seed: int
    num_trials: int
    lag: int
    budget: Budget = NO_LIMITS
    gpus: float = 0.0
    cpus: float = 1.0
    profile_again: bool = False


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
        progress.say(f"{folder.path} is done; more --trials extend it, `nas select` tries other limits")
        if not folder.report.exists():  # the driver was killed after it had written the winner
            write_report(folder)
        return
    if folder.started:
        check_record(folder, settings)
    if place.checkpoints is None:
        progress.say(NOWHERE)
    else:
        place.checkpoints.prove()
    evaluator = prepared_evaluator(experiment, place)
    check_evaluator(folder, evaluator)
    card = card_of(evaluator, experiment.objective)
    tables = latency_tables(
        experiment,
        folder,
        place.cache,
        options.seed,
        progress,
        given=given_tables(settings),
        limits=settings["limits"],
        again=options.profile_again,
    )
    pricing = price(experiment.space, experiment.resources, tables, baseline=experiment.baseline)
    limits = tuple(pricing.limit(text) for text in settings["limits"])
    doubts = first_doubts(
        experiment.devices, tables, given=settings.get("limits_given", True), brought=given_tables(settings)
    )
    for sentence in doubts_text(doubts, limits):
        progress.say(sentence)
    space = _within(pricing, doubts.binding(limits), options.seed, folder, tables)
    if space.note:
        progress.say(space.note)
    progress.say(_feasible_text(space.feasible))
    repair_journal(folder.journal)
    history = open_history(folder, settings, experiment, create=not folder.started)
    history.recover()
    history.annotate("task", asdict(card))
    folder.start()
    note_record(folder, history)
    if passed_over := history.passed_over():
        progress.say(str(passed_over))
    executor = make_executor(evaluator)
    search = Search(
        experiment=experiment,
        options=options,
        folder=folder,
        history=history,
        pricing=space.pricing,
        limits=limits,
        feasible=space.feasible,
        tables=tables,
        doubts=doubts,
        executor=executor,
        checkpoints=place.checkpoints,
        progress=progress,
        account=_account(experiment, history, options, executor.slots),
    )
    try:
        every = search.explore()
        complete = [trial for trial in every if trial.fidelity == experiment.fidelity]
        search = replace(search, experiment=informed(experiment, pricing, every))
        quality = search.judge(complete)
        fitted = fit(search.experiment.predictor, pricing.features, complete, experiment.objective)
        if isinstance(fitted, Reasoned):
            progress.say(f"predictor {fitted.reason}")
        finals = search.finals(complete, fitted)
    finally:
        executor.close()  # before timing: idle workers are not quite idle
        note_record(folder, history)
    if place.checkpoints is not None:  # before the winner is written: a run that is done is not looked into again
        place.checkpoints.clear()
    search.conclude(finals, fitted, quality, evaluator)


def _account(experiment: Experiment, history: History, options: Options, slots: int) -> Account:
    """The run's account, with what earlier commands have spent; its clock begins now."""
    earlier = history.notes().get("account", {"shifts": []})["shifts"]
    since = datetime.now(UTC).isoformat(timespec="seconds")
    shifts = (*(Shift(**shift) for shift in earlier), Shift(since=since, gpus=options.gpus, cpus=options.cpus))
    meter = Meter(shifts=shifts, clock=time.monotonic)
    for phase in PHASES:
        meter.follow(sorted((t for t in history.trials() if t.phase == phase), key=lambda trial: trial.ticket))
    num_finals = experiment.num_finalists + NUM_YARDSTICKS + (experiment.baseline is not None)
    return Account(
        budget=options.budget,
        course=Course(
            num_trials=options.num_trials,
            num_finals=num_finals,
            final_fidelity=experiment.final_fidelity,
            slots=slots,
        ),
        meter=meter,
        began=time.monotonic(),
    )


def _spent_text(stopped_by: Mapping[str, float]) -> str:
    (name, limit), *_ = stopped_by.items()
    return f"the budget of {amount(limit)} {NAMES[name]} has no room for another trial and the finals"


def _within(
    pricing: Pricing, limits: Sequence[Limit], seed: int, folder: RunFolder, tables: Sequence[LatencyTable]
) -> Within:
    """See `within`; what is infeasible by a predicted latency is said with the table that it rests on."""
    try:
        return within(pricing, limits, seed)
    except InfeasibleError as error:
        limited = {limit.resource for limit in limits}
        rests = [
            f"{table.resource().name} is predicted by {folder.latency_table(table.device)}, whose own margin is "
            f"{table.margin:.1%}; --profile-again in a new folder times it anew"
            for table in tables
            if table.resource().name in limited
        ]
        raise InfeasibleError(". ".join([str(error), *rests])) from error


def _feasible_text(feasible: FeasibleSet) -> str:
    kind = "certified" if feasible.certified else "estimated"
    return (
        f"between {feasible.count_low:.4g} and {feasible.count_high:.4g} of {feasible.size:.4g} architectures "
        f"meet the limits ({kind})"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search under way: its parts, and its steps as methods in the order in which they are taken."""

    experiment: Experiment
    options: Options
    folder: RunFolder
    history: History
    pricing: Pricing
    limits: tuple[Limit, ...]
    feasible: FeasibleSet
    tables: Sequence[LatencyTable]
    doubts: Doubts
    executor: Executor
    checkpoints: Checkpoints | None
    progress: Progress
    account: Account

    def explore(self) -> list[Trial]:
        """Train the design, then what the strategy proposes; the phase's complete trials, of every rung."""
        plan = Plan(
            phase="search",
            num_trials=self.options.num_trials,
            fidelity=self.experiment.fidelity,
            seed=self.options.seed,
            lag=self.options.lag,
        )
        trials = self._run(plan, self._strategy(), stop=self._is_spent)
        stopped_by = self.account.refused_by() if len(trials) < plan.num_trials else None
        self.account.stopped_by = stopped_by
        if stopped_by:
            self.progress.say(f"{_spent_text(stopped_by)} after {len(trials)} of {plan.num_trials} trials")
        complete = [trial for trial in trials if trial.state == "complete"]
        num_full = sum(trial.fidelity == self.experiment.fidelity for trial in complete)
        if num_full < MIN_TRIALS:
            cure = f"{_spent_text(stopped_by)}: {self.account.needs()}" if stopped_by else "give --trials more"
            rungs = " at the full fidelity" if self.experiment.rungs else ""
            raise RuntimeError(
                f"only {num_full} of {len(trials)} trials are complete{rungs}, a predictor needs {MIN_TRIALS}; {cure}. "
                f"{_latest_failure(trials)}"
            )
        return complete

    def _is_spent(self, trials: Sequence[Trial]) -> bool:
        self.account.meter.follow(trials)
        return self.account.refused_by() is not None

    def judge(self, complete: Sequence[Trial]) -> PredictorQuality:
        """How well the predictor ranks architectures that it has not seen."""
        objective = self.experiment.objective
        prediction = held_out(self.experiment, self.pricing, complete, self.options.seed)
        quality = rate(prediction, targets(complete, objective))
        self.progress.say(quality_text(quality))
        if far := far_off_text(complete, objective):
            self.progress.say(far)
        return quality

    def finals(self, complete: Sequence[Trial], fitted: Fitted) -> list[Trial]:
        """Train the finalists at the full budget, and the random design's median and best beside them."""
        wanted = [*self._finalists().choose(complete, fitted), *self._yardsticks()]
        old = self._phase("final")
        # What has failed is not tried again, unless everything has: then whatever was wrong may have been mended.
        tried = {trial.architecture for trial in old if any(other.state != "failed" for other in old)}
        proposals = _by_ticket(old, [proposal for proposal in _distinct(wanted) if proposal.architecture not in tried])
        plan = Plan(
            phase="final",
            num_trials=len(proposals),
            fidelity=self.experiment.final_fidelity,
            seed=self.options.seed,
            lag=len(proposals),  # none waits for another, and each ticket has its place in the list
        )
        self.account.course = replace(self.account.course, num_finals=len(proposals), searching=False)
        finals = self._run(plan, Listed(proposals=proposals))
        complete_finals = [trial for trial in finals if trial.state == "complete"]
        if not complete_finals:
            raise RuntimeError(f"every final failed; mend it and run the command again. {_latest_failure(finals)}")
        return complete_finals

    def conclude(
        self,
        finals: Sequence[Trial],
        fitted: Fitted,
        quality: PredictorQuality,
        evaluator: Evaluator,
    ) -> None:
        """Measure the finals' costs for real, choose the winner, and write everything down."""
        objective = self.experiment.objective
        judged = self._verified(finals)
        self.folder.report.unlink(missing_ok=True)  # a shorter run's
        winners.write(
            winners.choose(judged, objective),
            judged,
            folder=self.folder,
            pricing=self.pricing,
            fitted=fitted,
            search_fidelity=self.experiment.fidelity,
            objective=objective,
            card=card_of(evaluator, objective),
            context={
                "num_trials": self.options.num_trials,
                "stopped_by": self.account.stopped_by,
                "seed": self.options.seed,
                "baselines": {name: dict(metrics) for name, metrics in evaluator.baselines.items()},
                "data": dict(evaluator.data_facts),
                "predictor": asdict(quality) | ({"choice": fitted.reason} if isinstance(fitted, Reasoned) else {}),
            },
        )
        self.progress.say("writing the report")
        write_report(self.folder)

    def _verified(self, finals: Sequence[Trial]) -> list[winners.Finalist]:
        """The finals with their costs as measured; if the winner seems to run over, the machine is questioned too."""
        experiment, rows = self.experiment, [trial.architecture for trial in finals]
        self.progress.say(f"measuring {len(rows)} finals whole")
        costs = measure(
            experiment.space,
            experiment.devices,
            rows,
            self.limits,
            earlier_timings(self.folder),
            self.progress.step,
        )
        measured = [self._recounted(trial) | cost for trial, cost in zip(finals, costs, strict=True)]

        def judged(doubts: Doubts) -> list[winners.Finalist]:
            return [
                winners.finalist(trial, cost, self.limits, self.pricing, doubts)
                for trial, cost in zip(finals, measured, strict=True)
            ]

        first = judged(self.doubts)
        nearest = winners.choose(first, experiment.objective)
        broken = [check.resource for check in nearest.checks if not check.holds and check.binding]
        doubts = later_doubts(self.doubts, experiment.space, experiment.devices, self.tables, broken)
        return first if doubts == self.doubts else judged(doubts)

    def _recounted(self, trial: Trial) -> dict[str, float]:
        """Every resource of the experiment, metered on the lowered network rather than looked up in its table."""
        network = self.experiment.space.lower(trial.architecture)
        return {resource.name: float(resource.of(network)) for resource in self.experiment.resources}

    def _strategy(self) -> Strategy:
        task = Task(
            objectives=(self.experiment.objective,),
            problem=self.pricing.problem(self.doubts.binding(self.limits)),
            sample=self.feasible.sample,
            features=self.pricing.features,
            predictor=self.experiment.predictor,
            opening=self._opening(),
            rungs=self.experiment.ladder,
        )
        return strategy_of(self.experiment)(task=task)

    def _opening(self) -> tuple[Proposal, ...]:
        """The baseline, where it meets the limits: the search starts from where one stands. Then the design.

        The whole design even if fewer trials are asked for: a run that is extended later is then the longer run.
        """
        size, features = self.experiment.num_design, self.pricing.features
        rng = np.random.default_rng((self.options.seed, STREAMS["design"]))
        design = space_filling(self.feasible, size, features=features, rng=rng)
        filling = [Proposal(architecture=tuple(row), origin="design") for row in design.tolist()]
        return (*(proposal for proposal in self._baseline() if self._meets_limits(proposal)), *filling)

    def _baseline(self) -> list[Proposal]:
        name = self.experiment.baseline
        return [Proposal(architecture=self.experiment.space.reference(name), origin=f"baseline {name}")] if name else []

    def _meets_limits(self, proposal: Proposal) -> bool:
        return bool(self.feasible.contains(np.array([proposal.architecture], dtype=np.int8))[0])

    def _finalists(self) -> Finalists:
        return Finalists(
            experiment=self.experiment,
            folder=self.folder,
            pricing=self.pricing,
            limits=self.doubts.binding(self.limits),
            feasible=self.feasible,
            seed=(self.options.seed, STREAMS["finals"]),
            say=self.progress.say,
            step=self.progress.step,
        )

    def _yardsticks(self) -> list[Proposal]:
        """What a search must beat: the design's median and best, which no predictor chose, and the baseline."""
        design = sorted(
            (trial for trial in self._phase("search") if trial.origin == "design" and trial.state == "complete"),
            key=lambda trial: trial.metrics[self.experiment.objective],
        )
        chosen = {"design median": design[len(design) // 2], "design best": design[0]} if design else {}
        return [
            *self._baseline(),
            *(Proposal(architecture=trial.architecture, origin=origin) for origin, trial in chosen.items()),
        ]

    def _run(
        self, plan: Plan, strategy: Strategy, stop: Callable[[Sequence[Trial]], bool] = lambda trials: False
    ) -> list[Trial]:
        self.history.annotate(f"plan:{plan.phase}", {"total": plan.num_trials, "slots": self.executor.slots})
        self.history.annotate("account", note(self.account))
        trials = run(
            plan,
            strategy=strategy,
            executor=self.executor,
            history=self.history,
            keep=self._keep,
            watch=lambda trials: self._watch(plan, trials),
            stop=stop,
        )
        self._show(plan, trials)
        return trials

    def _watch(self, plan: Plan, trials: Sequence[Trial]) -> None:
        self.account.meter.follow(trials)
        if self.progress.due():
            self._show(plan, trials)

    def _show(self, plan: Plan, trials: Sequence[Trial]) -> None:
        objective = self.experiment.objective
        slots = self.executor.slots
        state = tally(trials, phase=plan.phase, total=plan.num_trials, slots=slots, objective=objective)
        self.progress.show(state, self.account.lines())

    def _keep(self, outcome: Outcome) -> None:
        if outcome.evaluation is not None:
            for ending, content in outcome.evaluation.artifacts.items():
                self.folder.write_bytes(self.folder.artifacts / f"{outcome.job.name}.{ending}", content)
            for note in outcome.evaluation.notes:
                self.progress.say(f"{outcome.job.name}: {note}")
        if self.checkpoints is not None:
            self.checkpoints.forget(outcome.job)

    def _phase(self, phase: Phase) -> list[Trial]:
        return sorted((t for t in self.history.trials() if t.phase == phase), key=lambda trial: trial.ticket)


def _distinct(proposals: Sequence[Proposal]) -> list[Proposal]:
    """One proposal for each architecture, with all its origins."""
    origins: dict[Architecture, list[str]] = {}
    for proposal in proposals:
        origins.setdefault(proposal.architecture, []).append(proposal.origin)
    return [Proposal(architecture=row, origin=", ".join(names)) for row, names in origins.items()]


def _by_ticket(old: Sequence[Trial], new: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Finals in the order of their tickets: the record's keep theirs, new ones fill what it has lost and then go on."""
    known = {trial.ticket: Proposal(architecture=trial.architecture, origin=trial.origin) for trial in old}
    rest = list(new)
    places = range(max(known, default=-1) + 1)
    filled = [known[ticket] if ticket in known else rest.pop(0) for ticket in places if ticket in known or rest]
    return (*filled, *rest)


def _latest_failure(trials: Sequence[Trial]) -> str:
    failures = [trial.failure for trial in trials if trial.failure is not None]
    return f"The latest failure: {failures[-1]}" if failures else "None has failed."
