"""The loop: propose, submit, record. It knows protocols only; no torch, no Ray.

Every proposal is a pure function of (finished trials, pending trials, rng from (seed, ticket)). With lag L, ticket t
is proposed from exactly the results of tickets < t - L, in ticket order, and the architectures of the L tickets before
it; so the same seed and lag give the same trials for any number of workers, any timing and any crash. L = 0 means
whatever has finished: fastest, not repeatable.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nas.history import History
from nas.strategy import Strategy
from nas.trial import Executor, Exhausted, Job, Outcome, Phase, Trial

POLL_S = 0.5
FAILURE_WINDOW = 20
MIN_FAILURES = 5


class TooManyFailures(RuntimeError):
    """Trials fail so often that going on would waste the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the loop is to do.

    Attributes:
      num_trials: tickets 0 .. num_trials - 1 are handed out.
      fidelity: training budget of each, in the evaluator's measure.
      lag: see the module's docstring; 0 or at least the number of slots to keep them all busy.
      max_failure_share: of the last 20 trials that ended since the driver started; beyond it the search stops with
        `TooManyFailures`.
    """

    phase: Phase
    num_trials: int
    fidelity: int
    seed: int
    lag: int
    max_failure_share: float = 0.5


def run(
    plan: Plan,
    *,
    strategy: Strategy,
    executor: Executor,
    history: History,
    keep: Callable[[Outcome], None] = lambda outcome: None,
    watch: Callable[[Sequence[Trial]], None] = lambda trials: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Trial]:
    """Hand out every ticket of the plan and record what comes back; trials that have ended are never run again.

    Trials that were running when an earlier driver died come first. The phase ends early if the strategy is exhausted.

    Args:
      keep: called with each outcome before it is recorded, to store its artifacts.
      watch: called with the phase's trials whenever they change, and about twice a second.
      stop: once it says True no new ticket is handed out; running ones are awaited.

    Returns:
      The phase's trials by ticket.

    Raises:
      TooManyFailures: see `Plan.max_failure_share`.
    """
    trials = {trial.ticket: trial for trial in history.trials() if trial.phase == plan.phase}
    tickets = _tickets(plan, trials, strategy)
    ended: deque[Trial] = deque(maxlen=FAILURE_WINDOW)
    num_running = 0
    while True:
        while num_running < executor.slots and not stop() and (trial := next(tickets, None)) is not None:
            history.start(trial)
            executor.submit(_job(plan, trial))
            num_running += 1
        watch(_in_order(trials))
        if not num_running:
            return _in_order(trials)
        for outcome in executor.wait(POLL_S):
            keep(outcome)
            trials[outcome.job.ticket] = history.finish(trials[outcome.job.ticket], outcome)
            ended.append(trials[outcome.job.ticket])
            num_running -= 1
        _check_failures(ended, plan.max_failure_share)


def _tickets(plan: Plan, trials: dict[int, Trial], strategy: Strategy) -> Iterator[Trial | None]:
    """What to run next: trials whose driver died, then new ones, added to `trials`; None means to wait for results."""
    yield from [trial for trial in _in_order(trials) if trial.state == "running"]
    while (ticket := _smallest_unused(trials)) < plan.num_trials:
        if plan.lag and any(trials[t].state == "running" for t in range(max(0, ticket - plan.lag))):
            yield None
            continue
        try:
            trials[ticket] = _propose(plan, ticket, trials, strategy)
        except Exhausted:
            return
        yield trials[ticket]


def _smallest_unused(trials: Mapping[int, Trial]) -> int:
    return next(ticket for ticket in range(len(trials) + 1) if ticket not in trials)


def _propose(plan: Plan, ticket: int, trials: Mapping[int, Trial], strategy: Strategy) -> Trial:
    before = [trials[t] for t in range(ticket) if t in trials]
    if plan.lag:
        known = max(0, ticket - plan.lag)
        # A pending trial may have ended by now, or not yet: its result is hidden, so that timing cannot matter.
        done, pending = before[:known], [_hide(trial) for trial in before[known:]]
    else:
        done = [trial for trial in before if trial.state != "running"]
        pending = [trial for trial in before if trial.state == "running"]
    proposal = strategy.propose(done, pending, np.random.default_rng((plan.seed, ticket)))
    return Trial(
        phase=plan.phase,
        ticket=ticket,
        architecture=proposal.architecture,
        fidelity=plan.fidelity,
        origin=proposal.origin,
        state="running",
    )


def _hide(trial: Trial) -> Trial:
    return replace(trial, state="running", metrics={}, failure=None, duration_s=None, ended=None)


def _job(plan: Plan, trial: Trial) -> Job:
    return Job(
        phase=trial.phase,
        ticket=trial.ticket,
        architecture=trial.architecture,
        fidelity=trial.fidelity,
        seed=plan.seed,
    )


def _in_order(trials: Mapping[int, Trial]) -> list[Trial]:
    return [trials[ticket] for ticket in sorted(trials)]


def _check_failures(ended: Sequence[Trial], max_share: float) -> None:
    failed = [trial for trial in ended if trial.state == "failed"]
    if len(failed) >= MIN_FAILURES and len(failed) > max_share * len(ended):
        raise TooManyFailures(
            f"{len(failed)} of the last {len(ended)} trials failed, more than {max_share:.0%}; the latest reason: "
            f"{failed[-1].failure}"
        )
