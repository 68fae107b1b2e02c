"""The search loop: propose, submit, record. It knows protocols only; no torch, no Ray.

Every proposal is a pure function of (finished trials, pending trials, rng from (seed, ticket)). With lag L, ticket t
is proposed from exactly the results of tickets < t - L, in ticket order, and the architectures of the L tickets before
it; so the same seed and lag give the same trials for any number of workers, any timing and any crash. L = 0 means
whatever has finished: fastest, not repeatable.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np

from nas.record import Executor, Exhausted, Job, Outcome, Phase, Proposal, Trial
from nas.search.strategy import Strategy

POLL_S = 0.5
FAILURE_WINDOW = 20
MIN_FAILURES = 5


class TooManyFailures(RuntimeError):
    """Trials fail so often that going on would waste the cluster."""


@runtime_checkable  # the test run checks the types of arguments
class Record(Protocol):
    """Protocol of the store of trials: durable (`nas.record.history.History`), or in memory if a run need not outlive
    its process.
    """

    def trials(self) -> list[Trial]:
        """All trials, of every phase."""
        ...

    def start(self, trial: Trial) -> None:
        """Keep a trial that is about to be handed out; one that is kept already changes nothing."""
        ...

    def finish(self, trial: Trial, outcome: Outcome) -> Trial:
        """Keep how a trial ended, and return it as kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Parameters of a loop.

    Attributes:
      num_trials: tickets 0 .. num_trials - 1 are handed out.
      fidelity: training budget of each whose proposal names no other, in the evaluator's measure.
      seeds: of each ticket's training; none where `seed` is that of all.
      lag: see the module's docstring; 0 or at least the number of slots to keep them all busy.
      max_failure_share: of the last 20 trials that ended since the driver started; beyond it the search stops with
        `TooManyFailures`.
    """

    phase: Phase
    num_trials: int
    fidelity: int
    seed: int
    lag: int
    seeds: tuple[int, ...] = ()
    max_failure_share: float = 0.5


def run(
    plan: Plan,
    *,
    strategy: Strategy,
    executor: Executor,
    history: Record,
    keep: Callable[[Outcome], None] = lambda outcome: None,
    watch: Callable[[Sequence[Trial]], None] = lambda trials: None,
    stop: Callable[[Sequence[Trial]], bool] = lambda trials: False,
) -> list[Trial]:
    """Hand out every ticket of the plan and record what comes back; trials that have ended are never run again.

    Trials that were running when an earlier driver died come first, and so do those that the record has lost: they are
    proposed again, with a lag from exactly what they were proposed from. The phase ends early if the strategy is
    exhausted.

    Args:
      keep: called with each outcome before it is recorded, to store its artifacts.
      watch: called with the phase's trials by ticket whenever they change, and about twice a second; the list is the
        loop's own and goes on changing, so look and do not keep.
      stop: asked before every ticket, with the same list; while it says True none is handed out, and running ones
        are awaited.

    Returns:
      The phase's trials by ticket.

    Raises:
      TooManyFailures: see `Plan.max_failure_share`.
      ValueError: the record holds a ticket twice.
    """
    ledger = _ledger(plan, strategy, [trial for trial in history.trials() if trial.phase == plan.phase])
    tickets = _tickets(plan, ledger, strategy)
    recent: deque[Trial] = deque(maxlen=FAILURE_WINDOW)
    num_running = 0
    while True:
        while num_running < executor.slots and not stop(ledger.trials) and (trial := next(tickets, None)) is not None:
            history.start(trial)
            executor.submit(_job(plan, trial))
            num_running += 1
        watch(ledger.trials)
        if not num_running:
            return ledger.trials
        for outcome in executor.wait(POLL_S):
            keep(outcome)
            recent.append(history.finish(ledger.trials[outcome.job.ticket], outcome))
            ledger.end(recent[-1])
            num_running -= 1
        _check_failures(recent, plan.max_failure_share)


@dataclass(slots=True)
class _Ledger:
    """A phase's trials, and what proposals may know of them; an event costs no sorting and no search through them.

    Attributes:
      trials: by ticket, as they are now.
      handed_out: by ticket, as they were when they were proposed: without any result.
      ended: those that have ended, in ticket order.
      running: the others by ticket, in ticket order.
      num_settled: tickets 0 .. num_settled - 1 have all ended.
    """

    trials: list[Trial] = field(default_factory=list)
    handed_out: list[Trial] = field(default_factory=list)
    ended: list[Trial] = field(default_factory=list)
    running: dict[int, Trial] = field(default_factory=dict)
    num_settled: int = 0

    def add(self, trial: Trial) -> None:
        self.trials.append(trial)
        self.handed_out.append(trial)
        self.running[trial.ticket] = trial

    def end(self, trial: Trial) -> None:
        self.trials[trial.ticket] = trial
        insort(self.ended, trial, key=_ticket)
        del self.running[trial.ticket]
        while self.num_settled < len(self.trials) and self.num_settled not in self.running:
            self.num_settled += 1

    def knows_enough(self, lag: int) -> bool:
        """Whether the next ticket's proposal can be made."""
        return not lag or len(self.trials) - lag <= self.num_settled

    def known(self, lag: int) -> tuple[list[Trial], list[Trial]]:
        """The trials that the next ticket's proposal takes as done and as pending."""
        if not lag:
            return self.ended.copy(), list(self.running.values())
        # A pending trial may have ended by now, or not yet: its result is hidden, so that timing cannot matter.
        first_pending = max(0, len(self.trials) - lag)
        return self.trials[:first_pending], self.handed_out[first_pending:]


def _ledger(plan: Plan, strategy: Strategy, trials: Sequence[Trial]) -> _Ledger:
    """A phase's trials as the record has them."""
    ledger, known = _Ledger(), {trial.ticket: trial for trial in trials}
    if len(known) < len(trials):
        twice = next(trial.ticket for trial in trials if sum(other.ticket == trial.ticket for other in trials) > 1)
        raise ValueError(
            f"a record must hold tickets 0, 1, 2, ... once each, got {twice} twice in phase {plan.phase!r}; "
            "restore it from a copy, or start in an empty folder"
        )
    for ticket in range(max(known, default=-1) + 1):
        trial = known.get(ticket) or _lost(plan, strategy, ticket, ledger, trials)
        ledger.add(_unended(trial))
        if trial.state != "running":
            ledger.end(trial)
    return ledger


def _lost(plan: Plan, strategy: Strategy, ticket: int, ledger: _Ledger, trials: Sequence[Trial]) -> Trial:
    """Propose a lost ticket again, from the trials that it was first proposed from.

    Where that cannot be told, without a lag or while it rests on another lost one, from all that there is: so none
    comes twice.
    """
    done, pending = ledger.known(plan.lag)
    if not plan.lag or not ledger.knows_enough(plan.lag):
        every = {trial.ticket: trial for trial in (*trials, *ledger.running.values())}
        done = [every[ticket] for ticket in sorted(every) if every[ticket].state != "running"]
        pending = [every[ticket] for ticket in sorted(every) if every[ticket].state == "running"]
    return _trial(plan, ticket, strategy.propose(done, pending, np.random.default_rng((plan.seed, ticket))))


def _tickets(plan: Plan, ledger: _Ledger, strategy: Strategy) -> Iterator[Trial | None]:
    """What to run next: trials whose driver died, then new ones, added to the ledger; None means to wait."""
    yield from list(ledger.running.values())
    while (ticket := len(ledger.trials)) < plan.num_trials:
        if not ledger.knows_enough(plan.lag):
            yield None
            continue
        done, pending = ledger.known(plan.lag)
        try:
            proposal = strategy.propose(done, pending, np.random.default_rng((plan.seed, ticket)))
        except Exhausted:
            return
        ledger.add(_trial(plan, ticket, proposal))
        yield ledger.trials[ticket]


def _trial(plan: Plan, ticket: int, proposal: Proposal) -> Trial:
    return Trial(
        phase=plan.phase,
        ticket=ticket,
        architecture=proposal.architecture,
        fidelity=plan.fidelity if proposal.fidelity is None else proposal.fidelity,
        origin=proposal.origin,
        state="running",
    )


def _unended(trial: Trial) -> Trial:
    return replace(trial, state="running", metrics={}, failure=None, duration_s=None, ended=None, notes=())


def _ticket(trial: Trial) -> int:
    return trial.ticket


def _job(plan: Plan, trial: Trial) -> Job:
    return Job(
        phase=trial.phase,
        ticket=trial.ticket,
        architecture=trial.architecture,
        fidelity=trial.fidelity,
        seed=plan.seeds[trial.ticket] if plan.seeds else plan.seed,
    )


def _check_failures(ended: Sequence[Trial], max_share: float) -> None:
    failed = [trial for trial in ended if trial.state == "failed"]
    if len(failed) >= MIN_FAILURES and len(failed) > max_share * len(ended):
        raise TooManyFailures(
            f"{len(failed)} of the last {len(ended)} trials failed, more than {max_share:.0%}; the latest reason: "
            f"{failed[-1].failure}"
        )
