"""Optuna's samplers as strategies: default settings, every decision categorical, values told in the order of tickets.

What a sampler proposes that cannot be trained costs it nothing, and it is told at once:

    trained already      its known value once more
    being trained        nothing: the trial is closed without a value
    does not exist,      `Trial.set_constraint` with positive values, as Optuna documents it; the objective, which the
    or breaks a limit    sampler should not read then, is the median of what is known

After `MAX_ASKS` (or `MAX_SLOW_ASKS`) proposals of which none could be trained, the untried architecture nearest to the
last of them is enqueued, so that every strategy spends its budget on distinct trainings.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.trial import TrialState

from launch.bench.peers._shared import Patience, nearest, seen_in
from nas.record import Proposal, Trial
from nas.search import Strategy, Task
from nas.space import Architecture

MAX_ASKS = 30
MAX_SLOW_ASKS = 5
"""For the Gaussian process, whose every proposal takes a second."""

MakeSampler = Callable[[int], BaseSampler]


class OptunaPeer:
    """An Optuna sampler as a strategy: one study in memory, and a memory of the trials it was told."""

    def __init__(self, task: Task, make_sampler: MakeSampler, origin: str, max_asks: int = MAX_ASKS) -> None:
        self._task = task
        self._make_sampler = make_sampler
        self._origin = origin
        self._patience = Patience(max_asks)
        self._study: optuna.Study | None = None
        self._open: dict[Architecture, optuna.Trial] = {}
        self._distributions: dict[str, BaseDistribution] = {
            f"x{i}": CategoricalDistribution(range(count)) for i, count in enumerate(task.problem.num_options.tolist())
        }

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """Raises Exhausted once every candidate has been trained."""
        if self._study is None:
            self._study = self._new_study(int(rng.integers(2**31)))
        study = self._study
        self._tell_new(study, done)
        ended, seen = {trial.architecture: trial for trial in done}, seen_in([*done, *pending])
        for _ in range(self._patience.asks):
            trial, architecture = self._ask(study)
            violations = self._violations(architecture)
            if architecture not in seen and max(violations, default=0.0) <= 0:
                self._open[architecture] = trial
                self._patience.reward()
                return Proposal(architecture=architecture, origin=self._origin)
            self._close(study, trial, violations, ended.get(architecture), done)
        self._patience.punish()
        replacement = nearest(self._task, architecture, seen, rng)
        study.enqueue_trial({f"x{i}": option for i, option in enumerate(replacement)})
        self._open[replacement], _ = self._ask(study)
        return Proposal(architecture=replacement, origin="nearest")

    def _new_study(self, seed: int) -> optuna.Study:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # of what Optuna may change, not of what is wrong
            sampler = self._make_sampler(seed)
        return optuna.create_study(directions=["minimize"] * len(self._task.objectives), sampler=sampler)

    def _ask(self, study: optuna.Study) -> tuple[optuna.Trial, Architecture]:
        trial = study.ask(self._distributions)
        return trial, tuple(int(trial.params[name]) for name in self._distributions)

    def _violations(self, architecture: Architecture) -> list[float]:
        """Positive where a constraint is broken; empty if the task has none."""
        if self._task.problem.constraints is None:
            return []
        violations: list[float] = self._task.problem.constraints(np.array([architecture], np.int8))[0].tolist()
        return violations

    def _tell_new(self, study: optuna.Study, done: Sequence[Trial]) -> None:
        for ended in done:
            if ended.architecture in self._open:
                trial = self._open.pop(ended.architecture)
                self._tell(study, trial, self._violations(ended.architecture), self._values(ended))

    def _close(
        self,
        study: optuna.Study,
        trial: optuna.Trial,
        violations: Sequence[float],
        ended: Trial | None,
        done: Sequence[Trial],
    ) -> None:
        """Settle a proposal that is not to be trained."""
        if max(violations, default=0.0) > 0:
            values = [value for other in done if (value := self._values(other)) is not None]
            neutral = np.median(values, axis=0).tolist() if values else [0.0] * len(self._task.objectives)
            self._tell(study, trial, violations, neutral)
        else:
            self._tell(study, trial, violations, None if ended is None else self._values(ended))

    def _tell(
        self, study: optuna.Study, trial: optuna.Trial, violations: Sequence[float], values: Sequence[float] | None
    ) -> None:
        for i, violation in enumerate(violations):
            trial.set_constraint(f"constraint{i}", violation)
        if values is None:
            study.tell(trial, state=TrialState.FAIL)
        else:
            study.tell(trial, values)

    def _values(self, trial: Trial) -> list[float] | None:
        if trial.state != "complete":
            return None
        return [trial.metrics[name] for name in self._task.objectives]


def _tpe(seed: int) -> BaseSampler:
    return TPESampler(seed=seed)


def _nsga2(seed: int) -> BaseSampler:
    return NSGAIISampler(seed=seed)


def _gp(seed: int) -> BaseSampler:
    return GPSampler(seed=seed)


def tpe(task: Task) -> Strategy:
    return OptunaPeer(task, _tpe, "tpe")


def nsga2(task: Task) -> Strategy:
    return OptunaPeer(task, _nsga2, "nsga2")


def gp(task: Task) -> Strategy:
    return OptunaPeer(task, _gp, "gp", MAX_SLOW_ASKS)
