"""ChamNet's search over several fidelities: most architectures are trained a little, the promising ones in full.

New architectures enter at the lowest rung, where ChamNet's way of proposing places them: a first design, two floors
against a model that is wrong (`nas.strategies._guided`), else the largest expected improvement, at the full fidelity.
One in eta of those complete on a rung is trained again on the next (`nas.strategies._rungs` has the rule): the one
whose predicted objective at the full fidelity is best, whatever its rank on its own rung. The predictor knows each
trial's fidelity: it is one more feature, and all rungs are learnt in one fit.

Without rungs this is ChamNet's search, proposal by proposal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective
from nas.record import Proposal, Trial, rows
from nas.search import (
    Chance,
    Features,
    Fitted,
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

        def enter(done: Sequence[Trial], pending: Sequence[Trial]) -> Proposal:
            def score(_complete: Sequence[Trial], _pending: Sequence[Trial], chance: Chance, *_: object) -> Objective:
                return view.score(chance)

            return guided(self.task, done, pending, rng, parents=lambda _: view.best(), score=score)

        return next_proposal(self.task.rungs, done, pending, rank=view.promise, enter=enter)


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
        fitted, best = self._fitted()

        def score(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
            prediction = fitted.predict(self.task.features(population))
            improvement = log_expected_improvement(prediction.mean, prediction.std, best)
            return -(improvement + np.log(chance(population)))

        return score

    def promise(self, trials: Sequence[Trial]) -> Float[np.ndarray, " n"]:
        """The predicted objective at the full fidelity, stretched."""
        fitted, _ = self._fitted()
        return fitted.predict_mean(self.task.features(rows(trials)))

    def _fitted(self) -> tuple[Fitted, float]:
        """The predictor of the highest rung that has trials enough, and the best value there, on its scale."""
        pairs = zip(self._complete(), self._by_rung(self.pending), strict=True)
        rungs = [self._rung(complete, pending) for complete, pending in pairs if complete]
        top = max((k for k, rung in enumerate(rungs) if len(rung.y) >= MIN_COMPLETE), default=0)
        return believing(informed(self.task.predictor, rungs[:top]), rungs[top]), float(rungs[top].y.min())

    def _rung(self, complete: Sequence[Trial], pending: Sequence[Trial]) -> Rung:
        y = stretch(drawn_in(np.array([self._objective(trial) for trial in complete])))
        return Rung(X=self.task.features(rows(complete)), y=y, X_pending=self._features(pending))

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
    return informed(predictor, below)


STRATEGY = Halving
