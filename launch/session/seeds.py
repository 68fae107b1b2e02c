"""Finals that were trained under several seeds, as one trial each whose metrics are means."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nas.record import Trial


def seeds_of(final: Trial, repeats: Sequence[Trial]) -> list[Trial]:
    """A complete final and those of its repeats that are complete."""
    return [
        final, *(one for one in repeats if one.architecture == final.architecture and one.state == "complete")
    ]  # fmt: skip


def in_common(trials: Sequence[Trial]) -> list[str]:
    """The metrics that every training has."""
    return [name for name in trials[0].metrics if all(name in trial.metrics for trial in trials)]


def over_seeds(finals: Sequence[Trial], repeats: Sequence[Trial]) -> list[Trial]:
    """Complete finals with their means; the others, and those without repeats, as they are."""
    return [_averaged(seeds_of(final, repeats)) if final.state == "complete" else final for final in finals]


def _averaged(trials: Sequence[Trial]) -> Trial:
    if len(trials) == 1:
        return trials[0]
    means = {name: float(np.mean([trial.metrics[name] for trial in trials])) for name in in_common(trials)}
    return replace(trials[0], metrics=means)
