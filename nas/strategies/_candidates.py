"""What strategies with a model share: mutants of good trials, and the best candidate that is not yet known."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int8

from nas.genetic import Objective, Problem
from nas.space import Architecture
from nas.trial import Trial, rows

MUTATION_TRIES = 64


def mutant(
    parents: Sequence[Trial], problem: Problem, known: Sequence[Trial], rng: np.random.Generator
) -> Architecture | None:
    """One of the parents with one or two decisions redrawn, within the limits and new; None if none comes up."""
    children = rows([parents[i] for i in rng.integers(len(parents), size=MUTATION_TRIES)])
    for child in children:
        places = rng.choice(len(child), size=min(2, len(child)), replace=False)[: rng.integers(1, 3)]
        child[places] = rng.integers(0, problem.num_options[places])
    seen = {trial.architecture for trial in known}
    fine = (tuple(child.tolist()) for child in children[problem.is_feasible(children)])
    return next((child for child in fine if child not in seen), None)


def lowest(candidates: Int8[np.ndarray, "n d"], score: Objective, known: Sequence[Trial]) -> Architecture | None:
    """The candidate of least score that is not known; None if all are."""
    seen = {trial.architecture for trial in known}
    order = np.argsort(score(candidates), kind="stable")
    ranked = (tuple(candidates[i].tolist()) for i in order)
    return next((candidate for candidate in ranked if candidate not in seen), None)
