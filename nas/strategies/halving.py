"""ChamNet's search over several fidelities: most architectures are trained a little, the promising ones in full.

New architectures enter at the lowest rung, where ChamNet's way of proposing places them: a first design, two floors
against a model that is wrong (`nas.strategies._guided`), else the largest expected improvement, at the full fidelity.
One in eta of those complete on a rung is trained again on the next (`nas.strategies._rungs` has the rule): the one
whose predicted objective at the full fidelity is best, whatever its rank on its own rung. The predictor knows each
trial's fidelity: it is one more feature, and all rungs are learnt in one fit.

Where a cost is minimised under a limit on the objective, the promise of `nas.search.goal` takes the place of both, and
what the limit speaks of is trained in full first. Without rungs this is ChamNet's search, proposal by proposal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective
from nas.record import Proposal, Trial, rows
from nas.search import (
    Chance,
    Features,
    Fitted,
    Goal,
    Predictor,
    Rungs,
    Task,
    drawn_in,
    log_expected_improvement,
    stretch,
)
from nas.strategies._guided import guided
from nas.strategies._rungs import MIN_COMPLETE, Rung, believing, informed, next_proposal

NUM_PARENTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """The strategy for one objective; it uses all of the task."""

    task: Task

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """See `nas.search.Strategy`."""
        view = _View(task=self.task, done=done, pending=pending)
        measure, entering = _measure(self.task), self.task
        if measure is not None and self.task.rungs is not None:
            rest = tuple(one for one in self.task.opening if one.architecture != measure.architecture)
            entering = replace(self.task, opening=(measure, *rest))

        def enter(done: Sequence[Trial], pending: Sequence[Trial]) -> Proposal:
            def score(_complete: Sequence[Trial], _pending: Sequence[Trial], chance: Chance, *_: object) -> Objective:
                return view.score(chance)

            return guided(entering, done, pending, rng, parents=lambda _: view.best(), score=score)

        return next_proposal(self.task.rungs, done, pending, rank=view.promise, enter=enter, measure=measure)


def _measure(task: Task) -> Proposal | None:
    """What a goal compares with, as the opening has it; None without one."""
    reference = task.goal.quality.reference if task.goal else None
    if reference is None:
        return None
    named = [one for one in task.opening if one.architecture == reference]
    return named[0] if named else Proposal(architecture=reference, origin="reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """One ticket's trials, by rung."""

    task: Task
    done: Sequence[Trial]
    pending: Sequence[Trial]

    def best(self) -> Sequence[Trial]:
        """The best complete trials of distinct architectures, those of higher rungs first."""
        ranked = [trial for trials in reversed(self._complete()) for trial in sorted(trials, key=self._objective)]
        first = {trial.architecture: trial for trial in reversed(ranked)}
        return [trial for trial in ranked if first[trial.architecture] is trial][:NUM_PARENTS]

    def score(self, chance: Chance) -> Objective:
        """Minus the logarithm of the expected improvement at the full fidelity times the chance to complete."""
        if self.task.goal is not None:
            regret = self._regret(self.task.goal)
            return lambda population: regret(population) - np.log(chance(population))
        fitted, best = self._fitted()

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            prediction = fitted.predict(self.task.features(population))
            improvement = log_expected_improvement(prediction.mean, prediction.std, best)
            return -(improvement + np.log(chance(population)))

        return score

    def promise(self, trials: Sequence[Trial]) -> Float[np.ndarray, " n"]:
        """The predicted objective at the full fidelity, stretched; for a goal, minus the logarithm of the promise."""
        if self.task.goal is not None:
            return self._regret(self.task.goal)(rows(trials))
        fitted, _ = self._fitted()
        return fitted.predict_mean(self.task.features(rows(trials)))

    def _regret(self, goal: Goal) -> Objective:
        """See `Goal.regret`; at the full fidelity, or on the highest rung that has trials enough."""
        fitted, top = self._believed()
        return goal.regret(fitted, self.task.features, self._complete()[top])

    def _fitted(self) -> tuple[Fitted, float]:
        """The predictor of the highest rung that has trials enough, and the best value there, on its scale."""
        fitted, top = self._believed()
        return fitted, float(self._values(self._complete()[top]).min())

    def _believed(self) -> tuple[Fitted, int]:
        """The predictor of the highest rung that has trials enough, and which one that is."""
        complete = self._complete()
        known = [k for k, trials in enumerate(complete) if trials]
        # Of a goal's limit a lower rung knows nothing: its reference is trained in full alone.
        enough = 1 if self.task.goal is not None else MIN_COMPLETE
        top = max((k for k in known if len(complete[k]) >= enough), default=known[0])
        pending = self._by_rung(self.pending)
        rungs = [self._rung(complete[k], pending[k]) for k in known if k <= top]
        # Not as scores: the plain fit stays near what is trained, and finds what is cheap in fewer trainings.
        return believing(informed(self.task.predictor, rungs[:-1]), rungs[-1]), top

    def _rung(self, complete: Sequence[Trial], pending: Sequence[Trial]) -> Rung:
        return Rung(X=self.task.features(rows(complete)), y=self._values(complete), X_pending=self._features(pending))

    def _values(self, complete: Sequence[Trial]) -> Float[np.ndarray, " n"]:
        """Stretched near the best; not for a goal, whose limit is on the metric as it is."""
        y = drawn_in(np.array([self._objective(trial) for trial in complete]))
        return y if self.task.goal is not None else stretch(y)

    def _features(self, trials: Sequence[Trial]) -> Float[np.ndarray, "n f"] | None:
        return self.task.features(rows(trials)) if trials else None

    def _objective(self, trial: Trial) -> float:
        return trial.metrics[self.task.objective]

    def _complete(self) -> list[list[Trial]]:
        """By rung, lowest first."""
        return self._by_rung([trial for trial in self.done if trial.state == "complete"])

    def _by_rung(self, trials: Sequence[Trial]) -> list[list[Trial]]:
        if self.task.rungs is None:
            return [list(trials)]
        return [[trial for trial in trials if trial.fidelity == one] for one in self.task.rungs.fidelities]


def full_predictor(
    predictor: Predictor, rungs: Rungs | None, features: Features, complete: Sequence[Trial], objective: str
) -> Predictor:
    """The predictor for trials at the full fidelity, informed by what the rungs below have shown.

    Args:
      complete: complete trials of every fidelity.
    """
    below = []
    for fidelity in rungs.fidelities[:-1] if rungs else ():
        trials = [trial for trial in complete if trial.fidelity == fidelity]
        if trials:
            y = drawn_in(np.array([trial.metrics[objective] for trial in trials]))
            below.append(Rung(X=features(rows(trials)), y=y))
    return informed(predictor, below, by_scores=any(trial.fidelity == 0 for trial in complete))


STRATEGY = Halving
