"""Proposals of model-based strategies: an opening, shares of random and mutated architectures, else the model's best.

A share of the tickets are uniform draws, a share are mutations of good trials. All others go to the architecture of
lowest score within the limits, found genetically, or by scoring every candidate where the task lists them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int8

from nas.genetic import Objective, Problem, minimise
from nas.record import Proposal, Trial, rows
from nas.search import Task
from nas.space import Architecture
from nas.strategies._shared import fresh

MIN_COMPLETE = 4
RANDOM_SHARE = 0.05
MUTATION_SHARE = 0.05
MUTATION_TRIES = 64
NUM_SEEDS = 512
POPULATION = 1024
GENERATIONS = 40

Parents = Callable[[Sequence[Trial]], Sequence[Trial]]
"""The complete trials that are worth mutating."""
MakeScore = Callable[[Sequence[Trial], Sequence[Trial], np.random.Generator], Objective]
"""From complete and pending trials, what to minimise over architectures."""


def guided(
    task: Task,
    done: Sequence[Trial],
    pending: Sequence[Trial],
    rng: np.random.Generator,
    *,
    parents: Parents,
    score: MakeScore,
) -> Proposal:
    """The opening's next architecture, then a random, mutated or model-based one by the ticket's draw; never one known.

    Raises:
      Exhausted: no architecture that meets the limits is left.
    """
    known = [*done, *pending]
    complete = [trial for trial in done if trial.state == "complete"]
    found, origin = None, "random"
    if len(known) < len(task.opening):
        planned = task.opening[len(known)]
        if planned.architecture not in {trial.architecture for trial in known}:
            return planned
    elif (draw := rng.random()) >= RANDOM_SHARE and len(complete) >= MIN_COMPLETE:
        if draw < RANDOM_SHARE + MUTATION_SHARE:
            found, origin = mutant(parents(complete), task.problem, known, rng), "mutation"
        else:
            found, origin = _promising(task, complete, known, score(complete, pending, rng), rng)
    if found is None:
        return Proposal(architecture=fresh(task, known, rng), origin="random")
    return Proposal(architecture=found, origin=origin)


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


def _promising(
    task: Task, complete: Sequence[Trial], known: Sequence[Trial], score: Objective, rng: np.random.Generator
) -> tuple[Architecture | None, str]:
    """The architecture of lowest score that is not known, None if none was found; and how it was searched for."""
    if task.candidates is not None:
        return lowest(task.candidates, score, known), "exhaustive"
    found = minimise(
        score,
        replace(task.problem, exclude=rows(known)),
        initial=np.concatenate([task.sample(NUM_SEEDS, rng), rows(complete)]),
        rng=rng,
        population=POPULATION,
        generations=GENERATIONS,
    )
    return (tuple(found.architectures[0].tolist()) if len(found.architectures) else None), "genetic"
