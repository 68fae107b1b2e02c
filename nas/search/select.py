"""Selects the best architectures by a fitted predictor and by trials: for a search's finals, and under new limits.

Half of the places go to what the genetic search promises, half to what has been measured, because a predictor is most
wrong where it has been optimised most. Of a goal's, the first lies at the edge of the limit, where it saves most for
its chance to meet it. The second is what is likeliest to meet it, whatever it saves: the next beside the first would be
its twin, which fails as it does, and one of all finals should hold. Those that have been measured are between the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int8

from nas.genetic import Objective, Problem, minimise
from nas.record import Proposal, Trial, rows
from nas.search.goal import Goal
from nas.search.predictor import Features, Fitted
from nas.search.strategy import Sampler
from nas.space import Architecture

NUM_SEEDS = 512
POPULATION = 2048
GENERATIONS = 80
CAUTION, UTMOST_CAUTION = 4.0, 256.0
"""Powers of the chance to meet a goal's limit: for what has been measured, and for the second of what is promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An architecture with its predicted objective; `measured` is what its trial gave, None if it was not trained."""

    architecture: Architecture
    mean: float
    std: float
    measured: float | None

    @property
    def origin(self) -> str:
        return "predicted" if self.measured is None else "measured"


def best_candidates(
    num: int,
    *,
    fitted: Fitted,
    features: Features,
    complete: Sequence[Trial],
    objective: str,
    sample: Sampler,
    problem: Problem,
    rng: np.random.Generator,
    goal: Goal | None = None,
) -> list[Candidate]:
    """Up to `num` distinct architectures within the limits, by predicted objective; half of them trained before.

    Args:
      goal: by what it promises, instead of by the objective.

    Raises:
      ValueError: no architecture meets the limits.
    """
    trained = [trial for trial in complete if problem.is_feasible(rows([trial]))[0]]

    def mean(population: Int8[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        return fitted.predict_mean(features(population))

    initial = np.concatenate([sample(NUM_SEEDS, rng), *([rows(trained)] if trained else [])])

    def best(score: Objective) -> list[Architecture]:
        found = minimise(
            score,
            problem,
            initial=initial,
            rng=rng,
            top_k=num + len(trained),
            population=POPULATION,
            generations=GENERATIONS,
        )
        return [row for row in map(tuple, found.architectures.tolist()) if row not in measured]

    measured = {trial.architecture: trial.metrics[objective] for trial in trained}
    score = mean if goal is None else goal.risk(fitted, features, complete)
    cautious = score if goal is None else goal.risk(fitted, features, complete, caution=CAUTION)
    new = best(score)
    if goal is not None:
        likeliest = best(goal.risk(fitted, features, complete, caution=UTMOST_CAUTION))
        new = list(dict.fromkeys([*new[:1], *likeliest[:1], *new[1:]]))
    worth = measured if goal is None else dict(zip(measured, _scores(cautious, list(measured)), strict=True))
    known = sorted(measured, key=lambda architecture: worth[architecture])
    chosen = new[: num - min(num // 2, len(known))]
    chosen += known[: num - len(chosen)]
    places = np.argsort(_scores(score, chosen), kind="stable").tolist()
    prediction = fitted.predict(features(np.array(chosen, dtype=np.int8)))
    return [
        Candidate(
            architecture=chosen[i],
            mean=float(prediction.mean[i]),
            std=float(prediction.std[i]),
            measured=measured.get(chosen[i]),
        )
        for i in places
    ]


def _scores(score: Objective, architectures: Sequence[Architecture]) -> list[float]:
    return score(np.array(architectures, dtype=np.int8)).tolist() if architectures else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A strategy that proposes given architectures, one per ticket: how finals are run by the same loop."""

    proposals: tuple[Proposal, ...]

    def propose(self, done: Sequence[Trial], pending: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        return self.proposals[len(done) + len(pending)]
