"""Carries out a phase of a run: jobs go to the executor, outcomes to the record and the run folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launch.budget import Account, note
from launch.report.plots.pictures import PictureError, sheet
from launch.session import RunFolder
from launch.terminal import Progress, tally
from nas.record import Executor, Outcome, Phase, Pictures, Trial
from nas.record.checkpoints import Checkpoints
from nas.record.history import History
from nas.search import Strategy
from nas.search.loop import Plan, run

Stop = Callable[[Sequence[Trial]], bool]


def never(trials: Sequence[Trial]) -> bool:
    """For a phase that no budget ends."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Where the phases of one run are carried out.

    Attributes:
      objective: for the progress that is shown.
      pictures: how to read those that a final's evaluation leaves; None where it leaves none.
    """

    objective: str
    pictures: Pictures | None
    folder: RunFolder
    history: History
    executor: Executor
    checkpoints: Checkpoints | None
    account: Account
    progress: Progress

    def carry_out(self, plan: Plan, strategy: Strategy, stop: Stop = never, *, asked: int | None = None) -> list[Trial]:
        """All trials of the plan's phase, those of earlier commands among them.

        Args:
          asked: how many the search itself was asked for, where the plan adds to them; None for the plan's own.

        Raises:
          TooManyFailures: trials fail so often that going on makes no sense.
        """
        asked = plan.num_trials if asked is None else asked
        beyond = {"points": plan.num_trials - asked} if plan.num_trials > asked else {}
        total = max(plan.num_trials, asked)
        self.history.annotate(f"plan:{plan.phase}", {"total": total, "slots": self.executor.slots, **beyond})
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

    def trials(self, phase: Phase) -> list[Trial]:
        """The phase's trials so far, by ticket."""
        return self.history.phase(phase)

    def _watch(self, plan: Plan, trials: Sequence[Trial]) -> None:
        self.account.meter.follow(trials)
        if self.progress.due():
            self._show(plan, trials)

    def _show(self, plan: Plan, trials: Sequence[Trial]) -> None:
        slots = self.executor.slots
        state = tally(trials, phase=plan.phase, total=plan.num_trials, slots=slots, objective=self.objective)
        self.progress.show(state, self.account.lines())

    def _keep(self, outcome: Outcome) -> None:
        if outcome.evaluation is not None:
            for ending, content in outcome.evaluation.artifacts.items():
                self.folder.write_bytes(self.folder.artifacts / f"{outcome.job.name}.{ending}", content)
            self._exhibit(outcome)
            for told in outcome.evaluation.notes:
                self.progress.say(f"{outcome.job.name}: {told}")
        if self.checkpoints is not None:
            self.checkpoints.forget(outcome.job)

    def _exhibit(self, outcome: Outcome) -> None:
        """Show a final's pictures to whoever looks at the record with Optuna's own tools."""
        job, kept = outcome.job, self.folder.artifacts / f"{outcome.job.name}.npz"
        if self.pictures is None or job.phase != "final" or not kept.exists():
            return
        try:
            picture = kept.with_suffix(".png")
            self.folder.write_bytes(picture, sheet(kept, self.pictures))
            self.history.show_picture((job.phase, job.ticket), picture, self.folder.pictures)
        except PictureError as error:
            self.progress.say(str(error))


def latest_failure(trials: Sequence[Trial]) -> str:
    """The last failure as a sentence, for messages about too few complete trials."""
    failures = [trial.failure for trial in trials if trial.failure is not None]
    return f"The latest failure: {failures[-1]}" if failures else "None has failed."
