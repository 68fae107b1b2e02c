"""Proposals of model-based strategies: an opening, shares of random and mutated architectures, else the model's best.

A share of the tickets are uniform draws, a share are mutations of good trials. All others go to the architecture of
lowest score within the limits, found genetically, or by scoring every candidate where the task lists them.

Where trainings fail by a rule, the chance that one completes (`nas.search.failures`) weighs in all of them: it enters
the score, draws and mutants are chosen by it among several, and a planned one of little hope is replaced by a draw.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int8

from nas.genetic import Objective, Problem, minimise
from nas.record import Proposal, Trial, rows
from nas.search import Chance, Task, certain, chance_to_complete
from nas.space import Architecture
from nas.strategies._shared import fresh

MIN_COMPLETE = 4
RANDOM_SHARE = 0.05
MUTATION_SHARE = 0.05
MUTATION_TRIES = 64
DRAW_TRIES = 16
"""Draws to choose one from, where some are likelier to fail than others."""
NUM_SEEDS = 512
POPULATION = 1024
GENERATIONS = 40

Parents = Callable[[Sequence[Trial]], Sequence[Trial]]
"""The complete trials that are worth mutating."""
MakeScore = Callable[[Sequence[Trial], Sequence[Trial], Chance, np.random.Generator], Objective]
"""From complete and pending trials, and the chance that a training completes, what to minimise over architectures."""


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
    chance = chance_to_complete(task.predictor, task.features, done)
    found, origin = None, "random"
    if len(known) < len(task.opening):
        if (planned := _planned(task.opening, known, chance, rng)) is not None:
            return planned
    elif (draw := rng.random()) >= RANDOM_SHARE and len(complete) >= MIN_COMPLETE:
        if draw < RANDOM_SHARE + MUTATION_SHARE:
            found, origin = mutant(parents(complete), task.problem, known, rng, chance), "mutation"
        else:
            found, origin = _promising(task, complete, known, score(complete, pending, chance, rng), rng)
    if found is None:
        return Proposal(architecture=_drawn(task, known, chance, rng), origin="random")
    return Proposal(architecture=found, origin=origin)


def _planned(
    opening: Sequence[Proposal], known: Sequence[Trial], chance: Chance, rng: np.random.Generator
) -> Proposal | None:
    """The opening's next; None if it is known, or by its chance to complete beside the likeliest one's."""
    planned = opening[len(known)]
    if planned.architecture in {trial.architecture for trial in known}:
        return None
    if chance is not certain:
        chances = chance(np.array([one.architecture for one in (planned, *opening)], dtype=np.int8))
        if rng.random() > chances[0] / chances.max():
            return None
    return planned


def _drawn(task: Task, known: Sequence[Trial], chance: Chance, rng: np.random.Generator) -> Architecture:
    """A fresh one; of several draws, one by their chances to complete.

    Raises:
      Exhausted: there is none left.
    """
    if chance is not certain:
        seen = {trial.architecture for trial in known}
        draws = [row for row in map(tuple, task.sample(DRAW_TRIES, rng).tolist()) if row not in seen]
        if draws:
            return _by_chance(draws, chance, rng)
    return fresh(task, known, rng)


def _by_chance(found: Sequence[Architecture], chance: Chance, rng: np.random.Generator) -> Architecture:
    chances = chance(np.array(found, dtype=np.int8))
    return found[rng.choice(len(found), p=chances / chances.sum())]


def mutant(
    parents: Sequence[Trial],
    problem: Problem,
    known: Sequence[Trial],
    rng: np.random.Generator,
    chance: Chance = certain,
) -> Architecture | None:
    """One of the parents with one or two decisions redrawn, within the limits and new; None if none comes up.

    Args:
      chance: by which one is chosen, where it is not the same for all.
    """
    children = rows([parents[i] for i in rng.integers(len(parents), size=MUTATION_TRIES)])
    for child in children:
        places = rng.choice(len(child), size=min(2, len(child)), replace=False)[: rng.integers(1, 3)]
        child[places] = rng.integers(0, problem.num_options[places])
    seen = {trial.architecture for trial in known}
    fine = [child for child in map(tuple, children[problem.is_feasible(children)].tolist()) if child not in seen]
    if not fine or chance is certain:
        return next(iter(fine), None)
    return _by_chance(fine, chance, rng)


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
