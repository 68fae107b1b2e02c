"""The finals under further seeds: what a network is worth is the mean, and how far it is known the spread between them.

Two trainings that differ in nothing but their seed differ by a percent or two of the error; a limit such as
"error <= 1.02 * baseline" asks for less than that. Repeats are a phase of their own, so that a final stays one training
with one set of weights: those are what winner.pt holds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from launch.run.finals.finals import by_ticket, seed_of
from launch.run.options import Options
from launch.run.phases.phases import Phases
from launch.run.prepare import Prepared
from launch.session.seeds import in_common, over_seeds, seeds_of
from nas.record import Proposal, Trial
from nas.search import Listed
from nas.search.loop import Plan
from nas.space import Architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What several seeds say of one final.

    Attributes:
      num_seeds: trainings that are complete, the final's own among them.
      std: of each metric, the standard deviation between them (n - 1); none of one training.
      own: metrics of the final's own training, whose weights are kept.
    """

    num_seeds: int
    std: Mapping[str, float]
    own: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """Finals whose metrics are means over the seeds, and by architecture what lies behind these.

    `spreads` is empty where each was trained under one seed.
    """

    finals: tuple[Trial, ...]
    spreads: Mapping[Architecture, Spread]


def repeat(prepared: Prepared, phases: Phases, options: Options, finals: Sequence[Trial]) -> Repeated:
    """Train complete finals under as many seeds as the experiment wants; one whose repeats fail has fewer."""
    num_seeds = prepared.experiment.final_seeds
    if num_seeds == 1:
        return Repeated(finals=tuple(finals), spreads={})
    old = phases.trials("repeat")
    proposals = by_ticket(old, _missing(finals, num_seeds - 1, old))
    plan = Plan(
        phase="repeat",
        num_trials=len(proposals),
        fidelity=prepared.experiment.final_fidelity,
        seed=options.seed,
        seeds=_seeds(proposals, seed_of(prepared, options)),
        lag=len(proposals),
    )
    repeats = phases.carry_out(plan, Listed(proposals=proposals))
    return Repeated(
        finals=tuple(over_seeds(finals, repeats)),
        spreads={final.architecture: _spread(seeds_of(final, repeats)) for final in finals},
    )


def _missing(finals: Sequence[Trial], num_repeats: int, old: Sequence[Trial]) -> list[Proposal]:
    """What the record lacks, one of each final in turn; a repeat that has failed is not tried again."""
    counts = Counter(trial.architecture for trial in old)
    return [
        Proposal(architecture=final.architecture, origin="repeat")
        for turn in range(num_repeats)
        for final in finals
        if counts[final.architecture] <= turn
    ]


def _seeds(proposals: Sequence[Proposal], seed: int) -> tuple[int, ...]:
    """Of each ticket, its own among the trainings of its architecture; `seed` is the final's."""
    counts = Counter[Architecture]()
    found = []
    for one in proposals:
        counts[one.architecture] += 1
        found.append(seed + counts[one.architecture])
    return tuple(found)


def _spread(trials: Sequence[Trial]) -> Spread:
    several = in_common(trials) if len(trials) > 1 else []
    std = {name: float(np.std([trial.metrics[name] for trial in trials], ddof=1)) for name in several}
    return Spread(num_seeds=len(trials), std=std, own=dict(trials[0].metrics))
