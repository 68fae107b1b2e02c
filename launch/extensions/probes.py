"""Probes of resources: their mean costs over sampled networks, which tell what no digest of a file does."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from nas.costs import AnyResource
from nas.space import Network, Space

NUM_PROBED = 32
PROBE_TOLERANCE = 1e-9  # relative; another machine's library may round the last digit otherwise


def sampled(space: Space, num_options: Sequence[int] = ()) -> tuple[Network, ...]:
    """The same networks for the same space.

    Args:
      num_options: of each choice, as many as are drawn from: those that a run began with, where options came later.
    """
    options = np.array(num_options, dtype=np.int64) if len(num_options) else space.num_options
    drawn = np.random.default_rng(0).integers(0, options, size=(NUM_PROBED, space.num_decisions))
    return tuple(space.lower(row) for row in drawn.tolist())


def probes(networks: Sequence[Network], resources: Iterable[AnyResource]) -> dict[str, float]:
    """Each resource's mean cost over the networks, by its name."""
    return {
        resource.name: math.fsum(resource.of(network) for network in networks) / len(networks) for resource in resources
    }


def first_difference(known: Mapping[str, float], found: Mapping[str, float]) -> str | None:
    """A sentence on the first resource that says something else than it did; None if all say the same."""
    for name, probe in known.items():
        if name not in found or not math.isclose(probe, found[name], rel_tol=PROBE_TOLERANCE):
            return (
                f"{name} must say the same as when the run began, a mean of {probe:.10g} over {NUM_PROBED} sampled "
                f"architectures, and says {found.get(name, math.nan):.10g}"
            )
    return None
